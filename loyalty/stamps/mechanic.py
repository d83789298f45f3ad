"""Stamps on a check: given, turned into a free service when there are enough, taken back with a refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clients.models import Client
from loyalty import free_services, ledger
from loyalty.basket import Basket
from loyalty.free_services import Giving
from loyalty.house import House
from loyalty.ledger import Grant, Movement, Opening, Stock
from loyalty.mechanics import Holdings, Mechanic, Panel, Person, Reversal, Sale, Scene
from loyalty.models import Account, Visit
from loyalty.money import ZERO, Money
from loyalty.periods import is_running
from loyalty.pricing import Bill, Idle, Note, Step
from loyalty.stamps import returning
from loyalty.stamps.program import BY_LINE, STAGE, Collecting, load_programs
from loyalty.terms import last_day_after

GIVEN, MILES, TURNED = "stamps.given", "stamps.miles", "stamps.turned"


@dataclass(frozen=True, slots=True)
class Card:
    """A program and what the client has collected in it."""

    program: Collecting
    collected: int
    is_for_client: bool


@dataclass(frozen=True, slots=True)
class Given:
    """So many stamps of a program, on this check."""

    program: Collecting
    stamps: int


@dataclass(frozen=True, slots=True)
class StampStep(Idle):
    """Counts what the check gives of each program."""

    cards: tuple[Card, ...]

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        given: list[Given] = []
        for card in self.cards if bill.earns else ():
            by_line = card.program.given_on(bill)
            stamps = card.program.worth(by_line)
            if not card.is_for_client:
                bill = bill.noted(*([_note(card, "stamps.not_for")] if by_line else []))
                continue
            bill = bill.noted(*_told(card, stamps, by_line))
            given += [Given(card.program, stamps)] if stamps else []
        return bill.planned(Stamps.code, tuple(given)) if given else bill


def _told(card: Card, stamps: int, by_line: list[list[int]]) -> list[Note]:
    """What the check gives and what the client has then; or how much a mile still needs."""
    program, have = card.program, card.collected + stamps
    if not stamps and by_line:
        return [_note(card, "stamps.too_small", per_amount=program.per_amount or ZERO)]
    if not stamps:
        return [_note(card, "stamps.nothing_fits")]
    code, facts = (MILES, {"per_amount": program.per_amount}) if program.is_miles else (GIVEN, {})
    told = [_note(card, code, stamps=stamps, have=have, **{BY_LINE: by_line}, **facts)]
    if have >= program.needed:
        units, rest = divmod(have, program.needed)
        told.append(_note(card, TURNED, units=units, used=units * program.needed, rest=rest))
    return told


def _note(card: Card, code: str, **facts: Any) -> Note:
    return Note(
        STAGE, card.program.code, code, facts={"name": card.program.name, "needed": card.program.needed, **facts}
    )


class Stamps(Mechanic):
    """Programs that collect."""

    code = "stamps"
    in_kind = frozenset({GIVEN, MILES, TURNED})
    explanations: ClassVar[Mapping[str, Any]] = {
        GIVEN: gettext_lazy("“%(name)s”, stamps for this check: %(stamps)s. Collected: %(have)s of %(needed)s."),
        MILES: gettext_lazy(
            "“%(name)s”, one for each %(per_amount)s paid: %(stamps)s. Collected: %(have)s of %(needed)s."
        ),
        TURNED: gettext_lazy(
            "“%(name)s”: %(used)s were collected, so the next free ones are here: %(units)s. Left over: %(rest)s."
        ),
        "stamps.nothing_fits": gettext_lazy("“%(name)s”: nothing that was paid on this check is among its services."),
        "stamps.too_small": gettext_lazy("“%(name)s” counts each %(per_amount)s that is paid; this check has less."),
        "stamps.not_for": gettext_lazy("“%(name)s” is for certain clients; this one is not among them."),
        **returning.EXPLANATIONS,
    }

    def rules(self, house: House) -> tuple[Collecting, ...]:
        return load_programs()

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        person = scene.person
        if person is None:
            return Idle()
        here = [
            program
            for program in running(scene.rules[self.code], scene.today)
            if not program.places or scene.place.code in program.places
        ]
        cards = tuple(
            Card(program, program.collected(scene.lots, person.id, scene.today), not scene.gaps(program.segment))
            for program in here
        )
        return StampStep(cards) if cards else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        """Grant the stamps, and turn as many as are enough: of all that there are now, under the client's lock.

        The lots of the check are granted first: what is turned may be among them.
        """
        given: Sequence[Given] = sale.bill.plans.get(self.code, ())
        person, scene = sale.scene.person, sale.scene
        if not given or person is None:
            return []
        accounts = _accounts([one.program for one in given], person, scene.now)
        grants = [_grant(one, accounts[one.program.code], sale) for one in given]
        ledger.post(grants, at=scene.now, by=sale.by, visit=sale.visit)
        lots = ledger.held(Q(pk__in=accounts.values()))
        turned: list[Giving] = []
        movements: list[Movement] = []
        for one in given:
            own = [lot for lot in lots if lot.account == accounts[one.program.code]]
            moves, giving = _turn(one.program, own, sale, person)
            movements += moves
            turned += [giving] if giving is not None else []
        return [*movements, *free_services.give(turned, today=scene.today, at=scene.now)]

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return returning.undo(reversal)

    def undo_accounts(self, visit: Visit) -> Q | None:
        """With stamps or free services on the check: all of the client's, as what was turned may be anywhere."""
        stages = {note["stage"] for note in visit.facts.get("trace", ())}
        touched = visit.client_id is not None and stages & {STAGE, free_services.STAGE}
        return Q(client=visit.client_id) if touched else None

    # --- what a client holds ---

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """Each running program with what is collected in it. Two queries; one where there is no program."""
        today = house.day(now)
        programs = list(running(load_programs(), today))
        lots = ledger.held(Q(client_id=client.pk, unit=Account.Unit.STAMP)) if programs else []
        told = [_told_to_client(program, lots, client, today) for program in programs]
        begun = {"stamps": [one for one in told if one["collected"] or one["owed"]]}
        return Holdings(
            balance={"stamps": told},
            portal=(Panel("presents/stamps_portal.html", {"stamps": told}),) if told else (),
            desk=(Panel("presents/stamps_desk.html", begun),) if begun["stamps"] else (),
        )

    def promises(self, house: House, rules: tuple[Collecting, ...], today: date) -> Sequence[str]:
        return [_promise(program, house) for program in running(rules, today) if program.segment is None]


def running(programs: Iterable[Collecting], today: date) -> list[Collecting]:
    return [program for program in programs if is_running(program, today)]


def _accounts(programs: Sequence[Collecting], person: Person, now: datetime) -> dict[str, int]:
    """Program → the client's account of it; opened with the first stamp. The client's other accounts are locked, so
    nobody else is opening it.
    """
    wanted = {program.account_of(person.id): program.code for program in programs}
    known = dict(Account.objects.filter(operation__in=wanted).values_list("operation", "pk"))
    missing = [operation for operation in wanted if operation not in known]
    openings = [Opening(operation, Account.Unit.STAMP, person.id) for operation in missing]
    opened = ledger.open_accounts(openings, at=now) if openings else []
    known |= dict(zip(missing, opened, strict=True))
    return {wanted[operation]: account for operation, account in known.items()}


def _grant(one: Given, account: int, sale: Sale) -> Grant:
    program, today = one.program, sale.scene.today
    return Grant(
        operation=sale.operation(Stamps.code, program.code),
        account=account,
        amount=Money(one.stamps),
        first_day=today,
        last_day=last_day_after(today, days=program.stamp_days),
        program=program.code,
        name=program.name,
    )


def _turn(
    program: Collecting, lots: Sequence[Stock], sale: Sale, person: Person
) -> tuple[list[Movement], Giving | None]:
    """What is owed is repaid; of what is left, as many as are enough become free ones, soonest to end first."""
    scene = sale.scene
    repaid, lots = ledger.repay(lots, sale.operation(Stamps.code, f"{program.code}:repay"), scene.today)
    moves: list[Movement] = list(repaid)
    usable = [lot for lot in lots if lot.is_active(scene.today) and not lot.is_debt]
    units = sum(int(lot.remaining) for lot in usable) // program.needed
    if not units:
        return moves, None
    operation = sale.operation(Stamps.code, program.code)
    left = units * program.needed
    for lot in ledger.soonest_first(usable):
        part = min(int(lot.remaining), left)
        if part:
            moves.append(ledger.spend(lot, Money(part), f"{operation}:{returning.TURNED}"))
            left -= part
    last_day = free_services.lasting(scene.today, days=program.free_days)
    what = program.what_is_free(scene.house)
    return moves, Giving(f"{operation}:free", person.id, program.code, program.name, what, units, last_day)


def _told_to_client(program: Collecting, lots: Sequence[Stock], client: Client, today: date) -> dict[str, Any]:
    own, collected = program.account_of(client.pk), program.collected(lots, client.pk, today)
    ends = [lot.last_day for lot in lots if lot.opened_by == own and lot.is_active(today) and lot.last_day is not None]
    return {
        "program": program.code,
        "name": program.name,
        "collected": max(collected, 0),
        "owed": max(-collected, 0),
        "needed": program.needed,
        "last_day": min(ends, default=None),
    }


def _promise(program: Collecting, house: House) -> str:
    facts = {"name": program.name, "needed": program.needed}
    if program.per_amount is not None:
        per_amount = house.currency.number(program.per_amount)
        text = _("%(name)s: one for each %(per_amount)s that you pay; for %(needed)s you get a free service.")
        return text % {**facts, "per_amount": per_amount}
    text = ngettext(
        "%(name)s: a stamp with each visit; %(needed)s stamp gives a free one.",
        "%(name)s: a stamp for each; %(needed)s stamps give a free one.",
        program.needed,
    )
    return text % facts
