"""Bonuses pay part of a check (`paying`); bonus programs give them on an occasion.

program   a bonus program as the rules see it
earning   what programs give for a check, and why one does not
past      what a client has had before, as far as a program asks
telling   what is told of it: letters to the client, promises on the welcome page
mechanic  programs on checks and on joining

Birthdays, other days and absences are the night's; actions are `loyalty.actions`.
"""

from loyalty.bonuses.mechanic import BonusPrograms
from loyalty.bonuses.paying import BonusPayment, BonusStep, RedeemExceedsLimit, Redemption, redeem
from loyalty.bonuses.program import Occasion, Trigger
from loyalty.bonuses.telling import Given, tell

__all__ = [
    "BonusPayment",
    "BonusPrograms",
    "BonusStep",
    "Given",
    "Occasion",
    "RedeemExceedsLimit",
    "Redemption",
    "Trigger",
    "redeem",
    "tell",
]
