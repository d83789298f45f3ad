"""Bonuses for an action that staff or a till confirm: a review, a survey, a post, a booking online.

Each action of a client has a key of its own (the number of a booking, "survey-2026-11"): the same key brings a client
bonuses once, however often it is sent. A program may give them once a client for ever (`once`), or once in so many days
(`repeat_days`, counted by the calendar of the business: counted on 3 May with 30 days, again from 2 June).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, NotFound, Refusal
from clients.texts import clean_text
from loyalty import budgets, ledger
from loyalty.bonuses import Given, Occasion, Trigger, tell
from loyalty.checkout.belonging import gaps_of
from loyalty.checkout.quote import ClientErased
from loyalty.explanations import show_day
from loyalty.ledger import Grant
from loyalty.models import Account, BonusProgram, Entry
from loyalty.money import ZERO
from loyalty.periods import is_running
from loyalty.rulebook import Rulebook, rulebook
from loyalty.transactions import in_one_transaction

LONGEST_KEY = 60
LONGEST_NOTE = 250
PREFIX = "action"


class ActionAlreadyCounted(Refusal):
    """The client has had the bonuses of this action (`facts["again_from"]`: when they can have them again, or None)."""

    code = "action_already_counted"


class ActionNotApplicable(Refusal):
    """The program is off, does not run now, is for other clients or locations, or has given all that it had."""

    code = "action_not_applicable"


@dataclass(frozen=True, slots=True)
class Request:
    """An action that was confirmed. `place`: where, by the code of the location; None: where the client registered."""

    client: Client
    code: str
    key: str
    place: str | None

    @property
    def operation(self) -> str:
        return f"{PREFIX}:{self.code}:{self.client.pk}:{self.key}"


@in_one_transaction
def record_action(  # keyword-only, each is said by every caller
    *, client: Client, code: str, key: str, by: Actor, now: datetime, note: str = "", place: str | None = None
) -> Entry:
    """Give what the program of this code gives for an action; the entry in the ledger, lot and account joined.

    The same key again answers the same entry. `place` is the code of the location where it is confirmed; None: where
    the client registered. Raises `NotFound` for a code that is no action, `ActionAlreadyCounted`,
    `ActionNotApplicable`, `Invalid` for a key or note that cannot be.
    """
    asked = Request(client, code, _clean_key(key), place)
    note = clean_text(note, "note", LONGEST_NOTE)
    account = _locked_account(client)
    earlier = _entry(asked)
    if earlier is not None:
        return earlier
    book = rulebook()
    occasion = _occasion(code, book, book.house.day(now))
    _check_audience(asked, occasion, book, now)
    _check_repeat(occasion, account, book, now)
    given = Given(occasion, client.pk, _grant(asked, occasion, account, book.house.day(now), note))
    _check_budget(occasion)
    ledger.post([given.grant], at=now, by=by, listens=book.house.listens)
    budgets.count({occasion.code: given.grant.amount} if occasion.budget is not None else {})
    tell([given], house=book.house, now=now)
    entry = _entry(asked)
    assert entry is not None
    return entry


def actions_of(book: Rulebook, today: date, place: str) -> list[Occasion]:
    """The actions that can be confirmed at this location today. No query."""
    occasions: Iterable[Occasion] = book.rules["occasions"]
    return [one for one in occasions if one.trigger == Trigger.ACTION and is_running(one, today) and one.is_at(place)]


# --- what is asked ---------------------------------------------------------------------------------------------------


def _clean_key(key: Any) -> str:
    """Raises `Invalid`."""
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        message = _("must be 1 to %(limit)d printable ASCII characters") % {"limit": LONGEST_KEY}
        raise Invalid(message, field="key")
    return key


def _locked_account(client: Client) -> int:
    """The client's bonus account, locked: two actions at once count one after the other. Raises `ClientErased`."""
    if client.erased_at is not None:
        raise ClientErased(_("This client has asked to be forgotten."), field="client")
    return ledger.lock(Q(client_id=client.pk, unit=Account.Unit.BONUS))[0]


def _entry(asked: Request) -> Entry | None:
    found = Entry.objects.filter(lot__operation=asked.operation, number=1).select_related("lot", "account")
    return found.first()


def _occasion(code: str, book: Rulebook, today: date) -> Occasion:
    """The program, if it runs. Raises `NotFound`, `ActionNotApplicable`."""
    occasions: Iterable[Occasion] = book.rules["occasions"]
    found = next((one for one in occasions if one.code == code and one.trigger == Trigger.ACTION), None)
    if found is None:
        row = BonusProgram.objects.filter(code=code, trigger=Trigger.ACTION).first()
        if row is None:
            raise NotFound(_("There is no such action."), field="code")
        raise ActionNotApplicable(_("%(name)s is switched off.") % {"name": row.name}, field="code")
    if found.from_day is not None and today < found.from_day:
        facts = {"name": found.name, "day": show_day(found.from_day)}
        raise ActionNotApplicable(_("%(name)s begins on %(day)s.") % facts, field="code")
    if found.to_day is not None and today > found.to_day:
        facts = {"name": found.name, "day": show_day(found.to_day)}
        raise ActionNotApplicable(_("%(name)s ended on %(day)s.") % facts, field="code")
    return found


# --- whether it brings anything --------------------------------------------------------------------------------------


def _check_audience(asked: Request, occasion: Occasion, book: Rulebook, now: datetime) -> None:
    """Raises `ActionNotApplicable`."""
    home = asked.client.home.code if asked.client.home is not None else None
    if not occasion.is_at(asked.place or home):
        raise ActionNotApplicable(_("%(name)s is for other locations.") % {"name": occasion.name}, field="code")
    if gaps_of(asked.client.pk, book, now)(occasion.segment):
        message = _("%(name)s is for certain clients; this one is not among them.")
        raise ActionNotApplicable(message % {"name": occasion.name}, field="code")


def _check_repeat(occasion: Occasion, account: int, book: Rulebook, now: datetime) -> None:
    """Whatever confirmed it: a chain gives these bonuses, too. Raises `ActionAlreadyCounted`."""
    if not occasion.once and not occasion.repeat_days:
        return
    grants = Entry.objects.filter(account=account, lot__program=occasion.code, kind=Entry.Kind.GRANT)
    last = grants.order_by("-at").values_list("at", flat=True).first()
    if last is None:
        return
    facts = {"name": occasion.name, "day": show_day(book.house.day(last))}
    if occasion.once:
        message = _("%(name)s was counted on %(day)s, and counts once a client.") % facts
        raise ActionAlreadyCounted(message, field="code", again_from=None)
    again = book.house.day(last) + timedelta(days=occasion.repeat_days or 0)
    if book.house.day(now) < again:
        message = _("%(name)s was counted on %(day)s; again from %(again)s.") % {**facts, "again": show_day(again)}
        raise ActionAlreadyCounted(message, field="code", again_from=again)


def _check_budget(occasion: Occasion) -> None:
    """Raises `ActionNotApplicable` where what it gives no longer fits. Locks the count."""
    if occasion.budget is None:
        return
    amount, left = occasion.amount or ZERO, budgets.lock([occasion.code])
    if left.get(occasion.code, amount) < amount:
        message = _("%(name)s has given all the bonuses that it had to give.") % {"name": occasion.name}
        raise ActionNotApplicable(message, field="code")


def _grant(asked: Request, occasion: Occasion, account: int, today: date, note: str) -> Grant:
    return ledger.grant(
        operation=asked.operation,
        account=account,
        amount=occasion.amount or ZERO,
        terms=occasion.terms,
        today=today,
        program=occasion.code,
        name=occasion.name,
        note=note,
    )
