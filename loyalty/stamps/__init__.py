"""Stamps and miles: so many give a free service.

A unit of a service of the set that was sold and paid for gives a stamp: not one that a membership or a free service
covers, nor one that a discount made free. Miles are given for what the lines of the set earn on: one for each whole
sum. Both live in the ledger, on an account of the client for each program. When there are as many as are needed after
a check, they are spent and a free service comes in their place, in the same transaction and for the next check.

What comes back with a refund takes its stamps along. Where they are gone because they were turned into a free service,
one that is not used yet is turned back into its stamps; else the stamps are owed, whatever the house says of bonuses
that were spent, and the next ones repay them. A client never has both a debt of stamps and an unused free service that
came from them. So whatever is bought and returned, in whatever order, comes to the same in the end.
"""

from loyalty.stamps.mechanic import Stamps
from loyalty.stamps.program import Collecting

__all__ = ["Collecting", "Stamps"]
