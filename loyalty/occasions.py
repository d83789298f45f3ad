"""What birthdays, other dates, long absences and milestones have in common: a program gives an amount to many clients
in one night.

Who is due is read in pages in the order of accounts; what is given is posted a thousand a transaction. No statement
stays open between two of them, so memory is flat on both engines and behind any pooler, and no long night keeps the
database from tidying up. Whom a night has reached it does not reach again: the operation says what a grant is for.

**For whom.** A segment is asked as it stands when the night is run: what clients were before is not kept, so a night
that is made up late may find others in it. A location is where the client registered.
**Since when.** A program gives from the day on which it was switched on, also where earlier nights are made up.
**Budget.** Counted under its lock in the transaction that gives: in the order of accounts, until it is used up.
**Letter.** One for each new grant, in the same transaction. A night that is made up so late that its bonuses have
ended writes nothing about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from clients.actors import Actor
from clients.letters.writing import USELESS_AFTER
from loyalty import budgets, ledger, letters
from loyalty.house import House
from loyalty.ledger import Grant
from loyalty.letters import Notice
from loyalty.models import Account, BonusProgram, Lot
from loyalty.money import ZERO, Money
from loyalty.periods import is_running, starts_at
from loyalty.segments import members
from loyalty.terms import Terms

AT_ONCE = 1000
PAGE = 20_000
"""Due clients that are read at once: each page asks anew who is due, so few pages cost less than many."""
BONUS_ACCOUNTS = Account.objects.filter(unit=Account.Unit.BONUS, client__erased_at=None)


@dataclass(frozen=True, slots=True)
class Tonight:
    """The night that begins this day, whenever it is run."""

    day: date
    house: House
    now: datetime
    by: Actor
    is_named: bool = False
    """A person asked for this very night."""

    @property
    def at(self) -> datetime:
        """The moment from which on everything counts that the night gives, however late it is run."""
        return starts_at(self.day, self.house.zone)


class Due(NamedTuple):
    """Somebody who gets what a program gives. The operation says what for: it is given once."""

    account: int
    client: int
    operation: str
    tells: bool = True
    """Whether a letter about it still makes sense."""


def running(trigger: BonusProgram.Trigger, night: Tonight) -> list[BonusProgram]:
    """The programs of this kind that are switched on and run in this night, in the order of the owner."""
    programs = BonusProgram.objects.filter(trigger=trigger, enabled=True).select_related("segment")
    return [program for program in programs if is_running(program, night.day) and _was_on(program, night)]


def _was_on(program: BonusProgram, night: Tonight) -> bool:
    """A night that is made up gives nothing of a program that was switched on after it."""
    return night.is_named or program.on_since is None or night.house.day(program.on_since) <= night.day


def audience(program: BonusProgram, night: Tonight) -> QuerySet[Account]:
    """The bonus accounts of those whom the program is for."""
    people = BONUS_ACCOUNTS
    if program.locations:
        people = people.filter(client__home__code__in=program.locations)
    if program.segment is not None:
        people = people.filter(client__in=members(program.segment, now=night.at).values("pk"))
    return people


def pages(people: QuerySet[Account], *columns: Any) -> Iterator[list[tuple[Any, ...]]]:
    """(account, client, columns) of these people, in the order of accounts, so many at once; one account's rows
    always in one page: nobody has as many as fill one. What comes next is asked when a page has been dealt with.
    """
    last = 0
    while page := list(page_after(last, people, *columns)):
        is_full = len(page) == PAGE
        whole = [row for row in page if row[0] != page[-1][0]] if is_full else page
        yield whole or page
        if not is_full:
            return
        last = (whole or page)[-1][0]


def page_after(account: int, people: QuerySet[Account], *columns: Any) -> QuerySet[Account, Any]:
    """A page. The sum keeps the engine from walking over all accounts for the sake of their order: SQLite prefers
    that to sorting the few whom another index finds.
    """
    placed = people.annotate(place=F("pk") + 0).order_by("place")
    return placed.filter(place__gt=account).values_list("pk", "client", *columns)[:PAGE]


def by_account(page: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of one account after those of the other."""
    return (list(rows) for _account, rows in groupby(page, key=lambda row: row[0]))


def give_all(program: BonusProgram, due: Iterable[Due], night: Tonight) -> int:
    """Give them what the program gives; how many grants there were that had not been given yet."""
    count, left = 0, iter(due)
    while batch := list(islice(left, AT_ONCE)):
        with transaction.atomic():
            given, goes_on = _give(program, batch, night)
        count += given
        if not goes_on:
            break
    return count


def _give(program: BonusProgram, batch: Sequence[Due], night: Tonight) -> tuple[int, bool]:
    """How many were new, and whether the budget reaches for more."""
    amount = program.amount or ZERO
    rest = budgets.lock([program.code]).get(program.code)
    if rest is not None:
        batch = _new(batch)[: rest // amount if amount else 0]
    grants = {due.operation: _grant(program, due, night) for due in batch}
    given = ledger.post(grants.values(), at=night.at, by=night.by, listens=night.house.listens).lots
    if rest is not None:
        budgets.count({program.code: Money(amount * len(given))})
    if program.letter_id is not None:
        tell = [(due, grants[due.operation]) for due in batch if due.operation in given and due.tells]
        letters.write(_notices(program, program.letter_id, tell, night), house=night.house, now=night.now)
    return len(given), rest is None or rest - amount * len(given) >= amount


def _new(batch: Sequence[Due]) -> list[Due]:
    """Those that were not given yet. True until the transaction ends: who gives holds the lock of the budget."""
    known = set(Lot.objects.filter(operation__in=[due.operation for due in batch]).values_list("operation", flat=True))
    return [due for due in batch if due.operation not in known]


def _grant(program: BonusProgram, due: Due, night: Tonight) -> Grant:
    """What the program gives, on its terms, counted from the day of the night."""
    return ledger.grant(
        operation=due.operation,
        account=due.account,
        amount=program.amount or ZERO,
        terms=Terms.of(program),
        today=night.day,
        program=program.code,
        name=program.name,
    )


def _notices(
    program: BonusProgram, template: int, given: Iterable[tuple[Due, Grant]], night: Tonight
) -> Iterator[Notice]:
    today = night.house.day(night.now)
    for due, grant in given:
        if grant.last_day is not None and grant.last_day < today:
            continue
        ends = letters.end_of(grant.last_day, night.house) if grant.last_day else None
        yield Notice(
            operation=f"letter:{due.operation}",
            client=due.client,
            template=template,
            occasion=f"program:{program.code}",
            amount=grant.amount,
            last_day=grant.last_day,
            program=program.name,
            useless_at=ends if ends and ends < night.now + USELESS_AFTER else None,
        )
