"""A till for tests: says in one line what a receptionist does in a minute."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from clients.actors import Actor
from clients.models import Client
from loyalty import ledger, promises
from loyalty.basket import Basket
from loyalty.checkout import Back, Paid, Quote, Settled, quote, refund, settle
from loyalty.counter import read_basket
from loyalty.ledger import Grant, Stock
from loyalty.models import Account, Lot, Refund, Standing
from loyalty.money import Money
from loyalty.rulebook import rulebook

VERA = Actor.staff("vera")


def cents(text: str) -> Money:
    """ "12.50" → 1250, in a currency of two digits."""
    return Money(int(Decimal(text).scaleb(2)))


def statements(work: Callable[[], object]) -> list[str]:
    """What the database was asked, without the marks of the transaction itself."""
    with CaptureQueriesContext(connection) as queries:
        work()
    asked = [query["sql"] for query in queries]
    return [sql for sql in asked if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"))]


@dataclass
class Till:
    """The desk at the location `main`, at a moment."""

    now: datetime
    operations: Any = field(default_factory=itertools.count)

    @property
    def today(self) -> date:
        return rulebook().house.day(self.now)

    def later(self, **delta: float) -> Till:
        """The same desk, so much later."""
        return Till(now=self.now + timedelta(**delta), operations=self.operations)

    # --- what a client has ---

    def account(self, client: Client) -> int:
        """The client's bonus account, opened where the client came from a factory."""
        Standing.objects.get_or_create(client=client)
        account, _made = Account.objects.get_or_create(
            client=client, unit=Account.Unit.BONUS, defaults={"operation": f"client:{client.pk}:bonus"}
        )
        return account.pk

    def give(self, client: Client, amount: str, **terms: Any) -> Lot:
        """Grant a lot: `program`, `last_day`, `first_day`, `limit_percent`, `min_check` (a text)."""
        operation = f"test:grant:{next(self.operations)}"
        terms["min_check"] = cents(terms.pop("min_check", "0"))
        grant = Grant(
            operation=operation,
            account=self.account(client),
            amount=cents(amount),
            first_day=terms.pop("first_day", self.today),
            name=terms.get("program") or "",
            **terms,
        )
        lots = ledger.post([grant], at=self.now, by=VERA).lots
        return Lot.objects.get(pk=lots[operation])

    def lots(self, client: Client) -> list[Stock]:
        return ledger.held(Q(client_id=client.pk, unit="bonus"))

    def balance(self, client: Client) -> Money:
        return ledger.balance(self.lots(client), self.today)

    # --- what happens at the desk ---

    def basket(self, *services: str | dict[str, Any], client: Client | None = None, **offers: Any) -> Basket:
        """`"session"`, `"3 x session"` or a whole line; `redeem`, `gift_cards`, `memberships` as in the contract."""
        lines = [_line(service) for service in services]
        raw = {"location": "main", "lines": lines, **offers}
        if client is not None:
            self.account(client)
            raw["client"] = str(client.pk)
        return read_basket(raw, rulebook().house)

    def quote(self, *services: str | dict[str, Any], client: Client | None = None, **offers: Any) -> Quote:
        return quote(self.basket(*services, client=client, **offers), now=self.now)

    def promise(self, basket: Basket) -> Quote:
        """A quote that is handed out, as the desk and the API do it."""
        quoted = quote(basket, now=self.now)
        promises.keep(quoted.book, now=self.now)
        return quoted

    def sell(self, *services: str | dict[str, Any], client: Client | None = None, **offers: Any) -> Settled:
        """Settle, and pay whatever is to pay in cash."""
        basket = self.basket(*services, client=client, **offers)
        to_pay = quote(basket, now=self.now).bill.to_pay
        return self.settle(basket, cash=to_pay)

    def settle(self, basket: Basket, *, cash: int = 0, key: str | None = None, token: str | None = None) -> Settled:
        key = key or f"test:settle:{next(self.operations)}"
        return settle(basket=basket, payments=[Paid("cash", Money(cash))], key=key, by=VERA, now=self.now, token=token)

    def refund(self, sold: Settled, *lines: tuple[int, int]) -> Refund:
        """Refund wholly, or `(line, quantity)` each."""
        backs = [Back(line, quantity) for line, quantity in lines] or None
        return refund(
            visit_id=sold.visit.pk,
            lines=backs,
            reason="did not like it",
            key=f"test:refund:{next(self.operations)}",
            by=VERA,
            now=self.now,
        )


def _line(service: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(service, dict):
        return service
    quantity, _x, code = service.rpartition(" x ")
    return {"service": code, "quantity": int(quantity)} if quantity else {"service": code}
