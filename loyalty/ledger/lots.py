"""What accounts hold: lots as values, read and locked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from clients.refusals import Refusal
from loyalty.models import Account, Entry, Lot
from loyalty.money import ZERO, Money
from loyalty.sql import Compiled
from loyalty.terms import ALL

ENDLESS = date.max


class InsufficientBalance(Refusal):
    """More than is there."""

    code = "insufficient_balance"


@dataclass(frozen=True, slots=True)
class Stock:
    """A lot as a rule sees it."""

    id: int
    account: int
    unit: str
    program: str | None
    name: str
    amount: Money
    remaining: Money
    first_day: date
    last_day: date | None
    limit_percent: Decimal = ALL
    min_check: Money = ZERO
    is_debt: bool = False
    opened_by: str = ""
    """The operation that opened its account: accounts of one unit may hold different things."""
    operation: str = ""
    """The operation that brought it in: lots of one account may stand for different things."""

    def is_active(self, today: date) -> bool:
        return self.first_day <= today and not self.has_ended(today)

    def has_ended(self, today: date) -> bool:
        return self.last_day is not None and self.last_day < today


def stock(lot: Lot) -> Stock:
    """A lot's row, with its account joined, as a value."""
    return Stock(
        id=lot.pk,
        account=lot.account_id,
        unit=lot.account.unit,
        program=lot.program,
        name=lot.name,
        amount=lot.amount,
        remaining=lot.remaining,
        first_day=lot.first_day,
        last_day=lot.last_day,
        limit_percent=lot.limit_percent,
        min_check=lot.min_check,
        is_debt=lot.is_debt,
        opened_by=lot.account.operation,
        operation=lot.operation,
    )


def soonest_first(lots: Iterable[Stock]) -> list[Stock]:
    """The order in which lots are used: soonest last day, then oldest."""
    return sorted(lots, key=lambda lot: (lot.last_day or ENDLESS, lot.id))


STOCK_COLUMNS = (
    "id",
    "account_id",
    "account__unit",
    "program",
    "name",
    "amount",
    "remaining",
    "first_day",
    "last_day",
    "limit_percent",
    "min_check",
    "is_debt",
    "account__operation",
    "operation",
)


def held(accounts: Q) -> list[Stock]:
    """Lots of these accounts with something left or owed, also pending and ended ones. One query."""
    return soonest_first(Stock(*row) for row in _held(Account.objects.filter(accounts)))


def still_there(lots: Sequence[Stock], *, since: datetime) -> list[Stock]:
    """Of what these lots held at this moment, what is left of it: without what has come in since. Debts stay.

    One query.
    """
    later = Entry.objects.filter(account__in={lot.account for lot in lots}, at__gt=since)
    came_in = {lot: max(change, 0) for lot, change in later.order_by().values_list("lot").annotate(Sum("amount"))}
    left = [lot if lot.is_debt else replace(lot, remaining=lot.remaining - came_in.get(lot.id, 0)) for lot in lots]
    return [lot for lot in left if lot.is_debt or lot.remaining > 0]


def _held(accounts: QuerySet[Account]) -> QuerySet[Lot, Any]:
    return Lot.objects.filter(account__in=accounts).exclude(remaining=0).values_list(*STOCK_COLUMNS)


def lock(accounts: Q) -> list[int]:
    """Lock these accounts, in id order, until the transaction ends; their ids.

    Two who lock wait for one another and never in a circle, and whoever only grants does not wait at all.
    """
    return [account for (account,) in _locked(Account.objects.filter(accounts))]


def _locked(accounts: QuerySet[Account]) -> QuerySet[Account, Any]:
    return accounts.order_by("pk").select_for_update(no_key=True).values_list("pk")


class Purse:
    """The accounts that a query finds for a client; what locks and reads them is compiled once."""

    def __init__(self, accounts: Callable[[int], QuerySet[Account]]) -> None:
        self._lots = Compiled(lambda client: _held(accounts(client)))
        self._lock = Compiled(lambda client: _locked(accounts(client)))

    def held(self, client: int) -> list[Stock]:
        """As `held`."""
        return soonest_first(Stock(*row) for row in self._lots.rows(client))

    def lock(self, client: int) -> list[int]:
        """As `lock`."""
        return [account for (account,) in self._lock.rows(client)]


OWN = Purse(lambda client: Account.objects.filter(client=client))
"""All accounts of a client."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An account to be opened."""

    operation: str
    unit: Account.Unit
    client: int | None


def open_accounts(openings: Sequence[Opening], *, at: datetime) -> list[int]:
    """Open accounts; ids in the order given. One statement."""
    rows = Account.objects.bulk_create(
        Account(operation=o.operation, unit=o.unit, client_id=o.client, created_at=at) for o in openings
    )
    return [row.pk for row in rows]
