"""Cashback: a share of what a check really brought in comes back as bonuses, by the rung that the client stands on.

The rung is the one before the check; what the check adds counts for the next. Several programs may run: a client
gets each of them for which they are in its segment, on the same base (or what of it is on its services), each rounded
down once to the house's bonus step. On given days and hours a program may give several times its share; where several
such rules meet, the highest counts. What it gives may be capped by check, by day and by calendar month.

Worked example: 3 % on Mondays twice, of 59.99: 3.5994, so 3.59; at most 2.00 a check: 2.00.
"""

from loyalty.cashback.earning import CashbackStep, Giving, Received
from loyalty.cashback.mechanic import Cashback
from loyalty.cashback.program import Caps, Cumulative, Ladder, Multiplier, ladder
from loyalty.cashback.standing import lengths
from loyalty.cashback.telling import brings, by_hand, keeps, what_keeps

__all__ = [
    "Caps",
    "Cashback",
    "CashbackStep",
    "Cumulative",
    "Giving",
    "Ladder",
    "Multiplier",
    "Received",
    "brings",
    "by_hand",
    "keeps",
    "ladder",
    "lengths",
    "what_keeps",
]
