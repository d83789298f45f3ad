"""Events: what happened that others may want to know (`contract.md`), written in the transaction in which it happened.

An event is written only where a webhook listens to its name; the house knows the names (`House.listens`), so that a
check asks nothing for it. `delivery` sends what is there: signed, again and again until it is taken.

Movements of bonuses become events where they are posted (`loyalty.ledger`), so that none can be forgotten.
"""

from loyalty.events.delivery import deliver, forget_old, send_again
from loyalty.events.happening import NAMES, Happened, listened_to, write
from loyalty.events.webhooks import UnsafeAddress, add, remove, switch_on

__all__ = [
    "NAMES",
    "Happened",
    "UnsafeAddress",
    "add",
    "deliver",
    "forget_old",
    "listened_to",
    "remove",
    "send_again",
    "switch_on",
    "write",
]
