"""Puts value into the ledger for the tests of the night: a lot is one call."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from clients.actors import Actor
from clients.models import Client
from loyalty import ledger
from loyalty.ledger import Grant
from loyalty.models import Account, Entry, Lot
from loyalty.money import Money
from loyalty.occasions import Tonight
from loyalty.periods import starts_at
from loyalty.rulebook import rulebook
from tests import factories

NEW_YORK = ZoneInfo("America/New_York")
TASK = Actor.task("test")
BEGAN = date(2026, 1, 1)


def tonight(day: date, zone: ZoneInfo = NEW_YORK, days_late: int = 0) -> Tonight:
    """What a task of the night is told, run an hour after midnight in this zone, or so many days later."""
    now = starts_at(day + timedelta(days=days_late), zone) + timedelta(hours=1)
    return Tonight(day, replace(rulebook().house, zone=zone), now, TASK)


def account_of(client: Client) -> Account:
    account = Account.objects.filter(client=client, unit="bonus").first()
    return account or factories.AccountFactory(client=client)


def give(
    account: Account | Client, amount: int, *, until: date | None, since: date = BEGAN, at: datetime = factories.NOW
) -> Lot:
    """A lot of so many minor units (or sessions); a negative amount is a debt."""
    holder = account_of(account) if isinstance(account, Client) else account
    operation = f"test:lot:{Lot.objects.count() + 1}"
    kind = Entry.Kind.TAKE_BACK if amount < 0 else Entry.Kind.GRANT
    with transaction.atomic():
        grant = Grant(operation, holder.pk, Money(amount), first_day=since, last_day=until, kind=kind)
        posted = ledger.post([grant], at=at, by=TASK)
    return Lot.objects.get(pk=posted.lots[operation])


def entries(kind: str) -> list[tuple[int, int, str, datetime]]:
    """(lot, amount, operation, at) of the entries of a kind, by lot."""
    rows = Entry.objects.filter(kind=kind).order_by("lot", "number")
    return list(rows.values_list("lot", "amount", "operation", "at"))
