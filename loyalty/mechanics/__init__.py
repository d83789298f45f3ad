"""What a mechanic is: one way to make a check cheaper, to pay for it, or to earn from it.

Checkout calls every mechanic of `settings.MECHANICS`, in that order, and knows none of them. A mechanic says
what it would do (`prepare`: reads, never writes; the step it returns is pure), does it (`settle`), undoes it
(`undo`), joins in when a client registers (`join`), and says what a client holds (`holdings`).

An operation of a mechanic on a check is named `visit:<id>:<mechanic>:<what>`: by that name it finds, years
later and whatever has become of the program, what to give back or take back.
"""

from loyalty.mechanics.protocol import (
    Code,
    Good,
    Holdings,
    Invitation,
    Mechanic,
    Newcomer,
    Panel,
    gathered,
    mechanic_selling,
    mechanics,
)
from loyalty.mechanics.reversal import BackLine, Reversal
from loyalty.mechanics.sale import Sale
from loyalty.mechanics.scene import Person, Scene, TierHeld

__all__ = [
    "BackLine",
    "Code",
    "Good",
    "Holdings",
    "Invitation",
    "Mechanic",
    "Newcomer",
    "Panel",
    "Person",
    "Reversal",
    "Sale",
    "Scene",
    "TierHeld",
    "gathered",
    "mechanic_selling",
    "mechanics",
]
