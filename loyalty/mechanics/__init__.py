"""What a mechanic is: one way to make a check cheaper, to pay for it, or to earn from it.

Checkout calls every mechanic of `settings.MECHANICS`, in that order, and knows none of them. A mechanic says
what it would do (`prepare`: reads, never writes; the step it returns is pure), does it (`settle`), undoes it
(`undo`), joins in when a client registers (`join`), and says what a client holds (`holdings`).

An operation of a mechanic on a check is named `visit:<id>:<mechanic>:<what>`: by that name it finds, years
later and whatever has become of the program, what to give back or take back.
"""

from loyalty.mechanics.conditions import ANY, Condition
from loyalty.mechanics.protocol import (
    Code,
    DeskLink,
    Good,
    Holdings,
    Invitation,
    LineForm,
    Mechanic,
    Newcomer,
    Panel,
    conditions,
    gathered,
    line_form,
    mechanic_selling,
    mechanics,
)
from loyalty.mechanics.reached import CalledBack
from loyalty.mechanics.reversal import BackLine, Reversal
from loyalty.mechanics.sale import PRESENTS, Handing, Present, Sale
from loyalty.mechanics.scene import Person, Scene, TierHeld, falls_of

__all__ = [
    "ANY",
    "PRESENTS",
    "BackLine",
    "CalledBack",
    "Code",
    "Condition",
    "DeskLink",
    "Good",
    "Handing",
    "Holdings",
    "Invitation",
    "LineForm",
    "Mechanic",
    "Newcomer",
    "Panel",
    "Person",
    "Present",
    "Reversal",
    "Sale",
    "Scene",
    "TierHeld",
    "conditions",
    "falls_of",
    "gathered",
    "line_form",
    "mechanic_selling",
    "mechanics",
]
