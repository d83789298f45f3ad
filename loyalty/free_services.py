"""Services that a client has for nothing: earned with stamps, given as a gift, or taken as a prize.

Each is an account of its own in sessions, with one lot: so many units, and a last day. On a check it covers whole
units, after the memberships have covered theirs: the one that ends soonest first, on the dearest line that it fits, so
that the order of lines decides nothing. A unit that costs nothing needs none.

A unit that it covers is a *covered* unit of its line, like one that a membership covers, and no discount of 100 %:
whole units come back from a refund as whole units, after all paid ones, and a covered unit earns nothing even where
the house earns on prices before discounts. In the figures of a check it is part of `membership`. Whose a covered unit
was say the entries (`...:free_services:use:<account>:<line>`). Where both covered units of one line, those of the
membership, which was paid for, come back first: it takes what is its own, and what is over is the free service's.

Worked example: three coffees of 4.00, one session of a membership, one free coffee: 4.00 to pay. One coffee comes back:
4.00 in money. Another: the session. The last: the free coffee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.house import House
from loyalty.ledger import Grant, Movement, Opening, Stock
from loyalty.mechanics import BackLine, Holdings, Mechanic, Panel, Reversal, Sale, Scene
from loyalty.models import Account, FreeService, Lot, RefundLine
from loyalty.money import Money
from loyalty.pricing import Bill, Idle, Line, Note, Step
from loyalty.reader import Reader
from loyalty.scope import Scope
from loyalty.terms import last_day_after

OPENED = "free:"
"""With it begins the operation that opens the account of a free service."""
KEY = "free_services"
AUTO = "auto"
STAGE = "free"
COVERED = "free.covered"


def is_free_service(lot: Stock) -> bool:
    """Whether these sessions are of a free service, and of no membership."""
    return lot.unit == Account.Unit.SESSION and lot.opened_by.startswith(OPENED)


# --- giving one ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Giving:
    """So many units of some services (codes or categories; none means any) that a client gets for nothing.

    `operation` is unique for ever; `last_day` None is for ever.
    """

    operation: str
    client: int
    program: str
    name: str
    services: tuple[str, ...]
    units: int
    last_day: date | None


def lasting(today: date, *, days: int | None = None, months: int | None = None) -> date | None:
    """The last day of a free service that is given today."""
    return last_day_after(today, days=days, months=months)


def give(givings: Sequence[Giving], *, today: date, at: datetime) -> list[Grant]:
    """Open their accounts and write who has them; the units, for the ledger to grant. Two statements."""
    if not givings:
        return []
    openings = [Opening(OPENED + one.operation, Account.Unit.SESSION, one.client) for one in givings]
    accounts = ledger.open_accounts(openings, at=at)
    FreeService.objects.bulk_create(
        FreeService(
            account_id=account,
            client_id=one.client,
            program=one.program,
            name=one.name,
            services=list(one.services),
        )
        for account, one in zip(accounts, givings, strict=True)
    )
    return [
        Grant(one.operation, account, Money(one.units), today, one.last_day, program=one.program, name=one.name)
        for account, one in zip(accounts, givings, strict=True)
    ]


# --- using it on a check ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A free service with units left today."""

    lot: Stock
    scope: Scope
    services: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.lot.name

    def fits(self, line: Line) -> bool:
        return line.is_service and self.scope.covers(line)


@dataclass(frozen=True, slots=True)
class Use:
    """So many units of a line that it covers."""

    held: Held
    line: int
    units: int


@dataclass(frozen=True, slots=True)
class Covering(Idle):
    """The step of free services. `is_kept`: the client keeps them for another time."""

    held: tuple[Held, ...]
    is_kept: bool = False

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        if self.is_kept:
            fitting = (one for one in self.held if any(one.fits(line) for line in bill.lines))
            return bill.noted(*(_idle(one, "free.kept") for one in fitting))
        uses: list[Use] = []
        for held in self.held:
            taken = _uses(held, bill)
            notes = _told(held, taken, bill)
            bill = _covered(bill, taken).noted(*notes)
            uses += taken
        return bill.planned(FreeServices.code, tuple(uses))


def _uses(held: Held, bill: Bill) -> list[Use]:
    left = int(held.lot.remaining)
    uses = []
    for line in sorted(bill.lines, key=lambda line: (-line.price, line.code, line.number)):
        units = min(left, line.paid_units) if held.fits(line) and line.price else 0
        if units:
            uses.append(Use(held, line.number, units))
            left -= units
    return uses


def _covered(bill: Bill, uses: Sequence[Use]) -> Bill:
    units = {use.line: use.units for use in uses}
    return bill.with_lines(
        replace(
            line,
            covered=line.covered + units[line.number],
            membership=line.membership + line.price.times(units[line.number]),
        )
        for line in bill.lines
        if line.number in units
    )


def _told(held: Held, uses: Sequence[Use], bill: Bill) -> list[Note]:
    """What it covered of each line; or why nothing, if there was something for it to cover."""
    lines = {line.number: line for line in bill.lines}
    left, notes = int(held.lot.remaining), []
    for use in uses:
        line = lines[use.line]
        left -= use.units
        worth = line.price.times(use.units)
        facts = {"name": held.name, "units": use.units, "service": line.name, "left": left}
        facts["lines"] = [[line.number, int(worth)]]
        notes.append(Note(STAGE, held.lot.program or "", COVERED, worth, facts))
    if not uses and any(line.is_service for line in bill.lines):
        is_fit = any(held.fits(line) for line in bill.lines)
        notes.append(_idle(held, "free.not_needed" if is_fit else "free.covers_nothing"))
    return notes


def _idle(held: Held, code: str) -> Note:
    facts = {"name": held.name, "left": int(held.lot.remaining)}
    return Note(STAGE, held.lot.program or "", code, facts=facts)


# --- the mechanic ----------------------------------------------------------------------------------------------------


class FreeServices(Mechanic):
    """Lets free services cover what they are for, by themselves or not at all."""

    code = "free_services"
    basket_keys = frozenset({KEY})
    explanations: ClassVar[Mapping[str, Any]] = {
        COVERED: gettext_lazy("Free: %(units)s x %(service)s, by “%(name)s”; left: %(left)s."),
        "free.not_needed": gettext_lazy("“%(name)s” was not needed; free ones left: %(left)s."),
        "free.covers_nothing": gettext_lazy("“%(name)s” is for nothing on this check; free ones left: %(left)s."),
        "free.kept": gettext_lazy("“%(name)s” is kept for another time; free ones left: %(left)s."),
        "free.returned": gettext_lazy(
            "Free ones that return to “%(name)s”: %(units)s of “%(service)s”. They can be used %(until)s."
        ),
    }

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`free_services`: "auto" (left out too), or [] to keep them for another time."""
        said = reader.raw.get(KEY, AUTO)
        if said is None or said == AUTO:
            return {}
        if said != []:
            raise Invalid(_('must be "auto" or []'), field=reader.at(KEY))
        return {KEY: ()}

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        held = held_of(scene.lots, scene.today) if scene.person is not None else ()
        return Covering(held, is_kept=KEY in basket.offers) if held else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        """An entry for each of them and line, so that a refund of the line finds its own."""
        uses: Sequence[Use] = sale.bill.plans.get(self.code, ())
        return [
            ledger.spend(
                use.held.lot, Money(use.units), sale.operation(self.code, f"use:{use.held.lot.account}:{use.line}")
            )
            for use in uses
        ]

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        covered = [back for back in reversal.lines if back.covered]
        return _returned(reversal, covered) if covered and reversal.entries_of(self.code) else []

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """What can be used today, soonest to end first. One query."""
        today = house.day(now)
        rows = Lot.objects.filter(account__free_service__client=client, remaining__gt=0).select_related("account")
        lots = [lot for lot in ledger.soonest_first(map(ledger.stock, rows)) if lot.is_active(today)]
        told = [
            {"program": lot.program, "name": lot.name, "left": int(lot.remaining), "last_day": lot.last_day}
            for lot in lots
        ]
        shown = {"free_services": told}
        return Holdings(
            balance=shown,
            portal=(Panel("presents/free_portal.html", shown),) if told else (),
            desk=(Panel("presents/free_desk.html", shown),) if told else (),
        )


def held_of(lots: Iterable[Stock], today: date) -> tuple[Held, ...]:
    """The free services among these lots that can be used today, soonest to end first. One query; none without them."""
    usable = ledger.soonest_first(lot for lot in lots if is_free_service(lot) and lot.is_active(today))
    if not usable:
        return ()
    rows = FreeService.objects.filter(pk__in=[lot.account for lot in usable])
    services = dict(rows.values_list("pk", "services"))
    return tuple(Held(lot, Scope.of(services[lot.account], ()), tuple(services[lot.account])) for lot in usable)


# --- coming back -----------------------------------------------------------------------------------------------------


def _returned(reversal: Reversal, covered: Sequence[BackLine]) -> list[Movement]:
    """Give covered units back: those of a line that are no membership's, to the one that was used last first."""
    before = _covered_before(reversal)
    movements: list[Movement] = []
    for back in covered:
        out = _still_out(reversal, back.line.number)
        others = back.line.covered - before.get(back.line.pk, 0) - sum(out.values())
        left = max(back.covered - others, 0)
        for (account, lot_id), units in reversed(out.items()):
            part = min(left, units)
            if part:
                movements.append(_return(reversal, back, account, lot_id, part))
                left -= part
    return movements


def _return(reversal: Reversal, back: BackLine, account: int, lot_id: int, units: int) -> Movement:
    lot = reversal.lot(lot_id)
    operation = reversal.operation(FreeServices.code, f"use:{account}:{back.line.number}")
    move = reversal.give_back(lot_id, units, operation)
    facts = {"name": lot.name, "units": units, "service": back.line.name, "until": reversal.until(lot, move.last_day)}
    reversal.note(STAGE, lot.program, "free.returned", back.line.price.times(units), **facts)
    return move


def _covered_before(reversal: Reversal) -> dict[int, int]:
    """Line id → its covered units that came back with earlier refunds."""
    earlier = RefundLine.objects.filter(line__visit=reversal.visit).exclude(refund=reversal.refund)
    return dict(earlier.order_by().values("line").annotate(units=Sum("covered")).values_list("line", "units"))


def _still_out(reversal: Reversal, line: int) -> dict[tuple[int, int], int]:
    """(Account, lot) → its units that cover this line and have not come back, in the order of use."""
    out: dict[tuple[int, int], int] = {}
    for entry in reversal.entries_of(FreeServices.code):
        _visit, _id, _mechanic, _use, account, number, *_refund = entry.operation.split(":")
        if int(number) == line:
            key = (int(account), entry.lot_id)
            out[key] = out.get(key, 0) - int(entry.amount)
    return out
