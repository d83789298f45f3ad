"""What a client has: the balance, the rungs, what ends when; and the one change that staff make by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client, LetterRules
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.cashback import Ladder, ladder, lengths
from loyalty.checkout.quote import person_of, ranks_of
from loyalty.checkout.traits import with_traits
from loyalty.house import House
from loyalty.ledger import Grant, InsufficientBalance, Stock
from loyalty.mechanics import Holdings, Person, mechanics
from loyalty.models import Account, Entry
from loyalty.money import ZERO, Money, total
from loyalty.periods import is_running
from loyalty.rulebook import Rulebook, rulebook
from loyalty.terms import Terms
from loyalty.tiers import counted_within
from loyalty.transactions import in_one_transaction


@dataclass(frozen=True, slots=True)
class Wallet:
    """A client's bonuses and standing on a day, and what other mechanics hold for them."""

    person: Person
    house: House
    today: date
    lots: tuple[Stock, ...]
    """Bonus lots with something left that have not ended, pending ones included, soonest to end first."""
    ladders: tuple[Ladder, ...]
    holdings: tuple[Holdings, ...]

    @property
    def balance(self) -> Money:
        """The sum of what is active today; below zero while more is owed than held."""
        return ledger.balance(self.lots, self.today)

    @property
    def spendable(self) -> Money:
        return max(self.balance, ZERO)

    @property
    def pending(self) -> Money:
        return total(lot.remaining for lot in self.lots if lot.first_day > self.today)

    @property
    def debt(self) -> Money:
        return total(-lot.remaining for lot in self.lots if lot.is_debt)


def wallet(client: Client, *, now: datetime) -> Wallet:
    """Everything the balance page, the desk and the API show of a client. Raises `NotFound`, `ClientErased`."""
    person, revision = person_of(client.pk)
    book = rulebook(revision)
    today = book.house.day(now)
    lots = ledger.held(Q(client_id=client.pk, unit=Account.Unit.BONUS))
    held = (mechanic.holdings(client, book.house, now) for mechanic in mechanics())
    return Wallet(
        person=person,
        house=book.house,
        today=today,
        lots=tuple(ledger.without_ended(lots, today)),
        ladders=ladders(person, book, now),
        holdings=tuple(holding for holding in held if holding is not None),
    )


def ladders(person: Person, book: Rulebook, now: datetime) -> tuple[Ladder, ...]:
    """Where the client stands in each running cashback program that is for them."""
    today = book.house.day(now)
    person = with_traits(person, book, now) if book.asks_traits else person
    ranks = ranks_of(person, book, today)
    programs = [
        program
        for program in book.rules["cashback"]
        if is_running(program, today) and not book.house.gaps(program.segment, person, today, ranks)
    ]
    windows = counted_within(person.id, lengths(programs), today=today, zone=book.house.zone)
    found = [ladder(p, person, p.counted(person.total_spent, windows, today), today) for p in programs]
    return tuple(_with_warnings(found, today))


def _with_warnings(found: Sequence[Ladder], today: date) -> list[Ladder]:
    """A fall is told of as many days before as letters warn of it: sooner it would only disquiet."""
    if not any(one.fall is not None for one in found):
        return list(found)
    rules = LetterRules.objects.first() or LetterRules()
    last = today + timedelta(days=rules.falling_days)
    return [replace(one, is_near=one.fall is not None and one.fall.on <= last) for one in found]


@in_one_transaction
def adjust(  # keyword-only, each is said by every caller
    *, client: Client, amount: Money, reason: str, by: Actor, now: datetime, key: str, terms: Terms | None = None
) -> list[Entry]:
    """Add bonuses by hand (positive: a lot with limit 100 % and no minimum), or take some (negative).

    `key` is the operation: sent twice it counts once. Raises `Invalid` without a reason or amount, and
    `InsufficientBalance` when more is taken than the client has.
    """
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    if not amount:
        raise Invalid(_("Say how many bonuses."), field="amount")
    own = Q(client_id=client.pk, unit=Account.Unit.BONUS)
    account = ledger.lock(own)[0]
    if not Entry.objects.filter(account=account, operation=key).exists():
        house = rulebook().house
        today = house.day(now)
        movements = (
            [_added(account, amount, reason, key, today, terms or Terms())]
            if amount > 0
            else _taken(ledger.held(own), -amount, reason, key, today)
        )
        ledger.post(movements, at=now, by=by, listens=house.listens)
    return list(Entry.objects.filter(account=account, operation=key).select_related("lot").order_by("pk"))


def _added(account: int, amount: Money, reason: str, key: str, today: date, terms: Terms) -> Grant:
    return Grant(
        operation=key,
        account=account,
        amount=amount,
        first_day=terms.first_day(today),
        last_day=terms.last_day(today),
        limit_percent=terms.limit_percent,
        min_check=terms.min_check,
        kind=Entry.Kind.ADJUST,
        name=_("by hand"),
        note=reason.strip()[:250],
    )


def _taken(lots: Sequence[Stock], amount: Money, reason: str, key: str, today: date) -> list[ledger.Movement]:
    """Take from the lots that end soonest; debts are repaid first."""
    repaid, lots = ledger.repay(lots, f"{key}:repay", today)
    moves: list[ledger.Movement] = list(repaid)
    left = amount
    for lot in (lot for lot in lots if lot.is_active(today) and not lot.is_debt):
        part = min(lot.remaining, left)
        if part > 0:
            moves.append(ledger.Move(key, lot.id, lot.account, Entry.Kind.ADJUST, -part, note=reason.strip()[:250]))
            left -= part
    if left:
        raise InsufficientBalance(_("The client does not have that many bonuses."), field="amount", max=amount - left)
    return moves
