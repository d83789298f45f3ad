"""The only writer of accounts, lots and entries: bonuses, gift-card money and membership sessions alike.

A rule says what is to move (`Grant`, `Move`); `post` writes all movements of one operation in three statements,
however many lots they touch: the lots that change, the lots that come in, the entries that explain both. Amounts
are relative updates under `CHECK (remaining >= 0)`, so that the database refuses a double spend even without the
lock; the lock (`lock`) is there to give the second till a clear answer.

Who spends must hold the lock of the account. Who grants needs none: a new lot stands on nobody's toes.
Speed says why these statements are written by hand: the ORM costs ten times as much for a visit.
"""

from loyalty.ledger.ending import expire_due
from loyalty.ledger.extending import move_ends
from loyalty.ledger.lots import (
    OWN,
    InsufficientBalance,
    Opening,
    Purse,
    Stock,
    held,
    lock,
    open_accounts,
    soonest_first,
    still_there,
    stock,
)
from loyalty.ledger.movements import (
    Grant,
    Kind,
    Move,
    Movement,
    TakenBack,
    balance,
    expire,
    give_back,
    grant,
    repay,
    spend,
    take_back,
    without_ended,
)
from loyalty.ledger.moving import call_home, kin_of, move_to, origins_of
from loyalty.ledger.posting import Posted, post
from loyalty.ledger.reaching import accounts_that_held

__all__ = [
    "OWN",
    "Grant",
    "InsufficientBalance",
    "Kind",
    "Move",
    "Movement",
    "Opening",
    "Posted",
    "Purse",
    "Stock",
    "TakenBack",
    "accounts_that_held",
    "balance",
    "call_home",
    "expire",
    "expire_due",
    "give_back",
    "grant",
    "held",
    "kin_of",
    "lock",
    "move_ends",
    "move_to",
    "open_accounts",
    "origins_of",
    "post",
    "repay",
    "soonest_first",
    "spend",
    "still_there",
    "stock",
    "take_back",
    "without_ended",
]
