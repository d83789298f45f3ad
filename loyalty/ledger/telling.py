"""Movements of bonuses as events, for whoever keeps a copy of balances elsewhere: every change, also one made by hand.

What comes in is `bonus.granted` (granted, returned, adjusted upwards), what goes out `bonus.spent` (spent, taken back,
adjusted downwards), what ends `bonus.expired`; `kind` says which it was. A debt that is repaid moves nothing in sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty.events import Happened, write
from loyalty.ledger.movements import Kind, Movement
from loyalty.models import Account, HouseRules
from loyalty.money import Currency, Money

GRANTED, SPENT, EXPIRED = "bonus.granted", "bonus.spent", "bonus.expired"
TOLD = frozenset((GRANTED, SPENT, EXPIRED))


@dataclass(frozen=True, slots=True)
class Told:
    """A movement, as it is told."""

    account: int
    kind: str
    amount: Money
    operation: str
    visit: int | None = None
    refund: int | None = None

    @classmethod
    def of(cls, movement: Movement, visit: int | None, refund: int | None) -> Told:
        return cls(movement.account, movement.kind, movement.amount, movement.operation, visit, refund)

    @property
    def name(self) -> str:
        if self.kind == Kind.EXPIRE:
            return EXPIRED
        return GRANTED if self.amount > 0 else SPENT


def tell(moved: Sequence[Told], *, at: datetime, listens: frozenset[str]) -> None:
    """Write the events of these movements, of those that are of bonuses and that somebody wants to hear of."""
    wanted = [one for one in moved if one.kind != Kind.TRANSFER and one.name in listens]
    accounts = Account.objects.filter(pk__in={one.account for one in wanted}, unit=Account.Unit.BONUS)
    owners = dict(accounts.values_list("pk", "client")) if wanted else {}
    if owners:
        currency = Currency.of(HouseRules.objects.values_list("business__currency", flat=True).get())
        told = [_event(one, owners[one.account], currency) for one in wanted if one.account in owners]
        write(told, now=at, listens=listens)


def _event(one: Told, client: int | None, currency: Currency) -> Happened:
    facts = {
        "client": str(client),
        "kind": str(one.kind),
        "amount": currency.text(Money(abs(one.amount))),
        "visit": str(one.visit) if one.visit is not None else None,
        "refund": str(one.refund) if one.refund is not None else None,
        "operation": one.operation,
    }
    return Happened(one.name, facts)
