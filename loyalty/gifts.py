"""Gifts for a check, or for a total, that reaches a sum: a free service, bonuses, or something of another mechanic.

A check comes to what was paid for its services with money and gift cards; a sum that is reached exactly is enough. A
total is passed once: it was below before the check and reaches the sum with it. What a client got once (every gift of a
total, and of a check where the program says so) does not come again, unless all of the gift was
taken back. A check that staff let earn nothing brings no gift.

A gift is the client's as long as its sum is reached, and it is whole or not there at all. Of a check that is what is
left of it; of a total what the client has spent by now, so a refund of any check may end it. When the sum is no longer
reached, what is there is taken at once: a free service that was not used, what is left on a gift card, bonuses (from
their own lot, pending ones, the soonest to end, then as a debt, or let go as the house says). What was used is owed:
with the refund of the check that used it, it returns and is taken with the same stroke. So buying, using and returning,
in whatever order, comes to nothing in the end. A total that reaches the sum again keeps the service or the card that
was not taken yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import free_services, ledger
from loyalty.basket import Basket
from loyalty.free_services import Giving
from loyalty.house import House
from loyalty.ledger import Movement, Stock
from loyalty.mechanics import CalledBack, Mechanic, Person, Present, Reversal, Sale, Scene, mechanics
from loyalty.mechanics.owed import LET_GO, taken_of
from loyalty.mechanics.reached import BONUSES_BACK, SUM_OF, Floor, called_back, floor_of, is_reached, left_of, totals_of
from loyalty.models import Account, Entry, GiftProgram, Refund, Visit
from loyalty.money import ZERO, Money, total
from loyalty.periods import is_running
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.terms import Terms

When = GiftProgram.When
Reached = Callable[[Entry, Floor], bool]
STAGE = "gift"
PRESENTS = "presents"
"""In the operation of gifts that are no bonuses: they come back as a whole or not at all."""


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift program that is on. `service`: its code and name; `good`: of another mechanic; else bonuses."""

    code: str
    name: str
    when: str
    from_sum: Money
    service: str
    service_name: str
    good: str
    amount: Money
    once: bool
    terms: Terms
    segment: int | None
    places: frozenset[str]
    from_day: date | None
    to_day: date | None

    @property
    def comes_once(self) -> bool:
        return self.once or self.when == When.TOTAL

    @property
    def is_bonuses(self) -> bool:
        return not self.service and not self.good

    def missing(self, bill: Bill, person: Person) -> Money:
        """What is missing to the sum; nothing or less: it is reached."""
        if self.when == When.TOTAL:
            return self.from_sum - person.total_spent - bill.spent
        return self.from_sum - total(line.received for line in bill.lines if line.is_service)

    def told(self) -> Note:
        """The explanation of the gift."""
        facts = {"name": self.name, "from_sum": self.from_sum, SUM_OF: str(self.when)}
        which = "total" if self.when == When.TOTAL else "check"
        if self.is_bonuses:
            return Note("earning", self.code, f"gift.bonuses_{which}", self.amount, facts)
        if self.good:
            return Note(STAGE, self.code, f"gift.card_{which}", facts={**facts, "worth": self.amount})
        return Note(STAGE, self.code, f"gift.service_{which}", facts={**facts, "service": self.service_name})


@dataclass(frozen=True, slots=True)
class GiftStep(Idle):
    """Gives each gift whose sum is reached."""

    gifts: tuple[Gift, ...]
    had: frozenset[str]
    person: Person

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        given: list[Gift] = []
        for gift in self.gifts if bill.earns else ():
            missing = gift.missing(bill, self.person)
            if missing > 0 and gift.when == When.CHECK and gift.code not in self.had:
                facts = {"name": gift.name, "from_sum": gift.from_sum, "missing": missing}
                bill = bill.noted(Note(STAGE, gift.code, "gift.too_small", facts=facts))
            elif missing <= 0 and gift.code in self.had:
                bill = bill.noted(Note(STAGE, gift.code, "gift.had", facts={"name": gift.name}))
            elif missing <= 0:
                bill = bill.noted(gift.told())
                given.append(gift)
        for gift in given:
            if gift.is_bonuses:
                bill = bill.earning(Earning(Gifts.code, gift.code, gift.name, gift.amount))
        return bill.planned(Gifts.code, tuple(given)) if given else bill


class Gifts(Mechanic):
    """Programs that give for a sum."""

    code = "gifts"
    in_kind = frozenset(f"gift.{what}_{which}" for what in ("service", "card") for which in ("check", "total"))
    explanations: ClassVar[Mapping[str, Any]] = {
        "gift.service_check": gettext_lazy("%(name)s: for a check from %(from_sum)s, %(service)s for free next time."),
        "gift.service_total": gettext_lazy("%(name)s: for %(from_sum)s spent in all, %(service)s for free next time."),
        "gift.card_check": gettext_lazy("%(name)s: for a check from %(from_sum)s, a gift card of %(worth)s."),
        "gift.card_total": gettext_lazy("%(name)s: for %(from_sum)s spent in all, a gift card of %(worth)s."),
        "gift.bonuses_check": gettext_lazy("%(name)s: for a check from %(from_sum)s, %(amount)s bonuses."),
        "gift.bonuses_total": gettext_lazy("%(name)s: for %(from_sum)s spent in all, %(amount)s bonuses."),
        "gift.too_small": gettext_lazy("%(name)s comes with checks from %(from_sum)s; %(missing)s more is needed."),
        "gift.had": gettext_lazy("%(name)s comes once, and the client has had it."),
        "gift.taken_back": gettext_lazy(
            "“%(name)s” came for %(from_sum)s. That is no longer reached, and it was not used: it is taken back."
        ),
        "gift.owed": gettext_lazy(
            "“%(name)s” came for %(from_sum)s. That is no longer reached, but there is nothing of it to take now: what"
            " returns of it is taken then."
        ),
        "gift.settled": gettext_lazy(
            "“%(name)s” came for %(from_sum)s, which is no longer reached: it is taken back as soon as it returns."
        ),
        BONUSES_BACK: gettext_lazy(
            "“%(name)s” gave %(granted)s for %(from_sum)s. That is no longer reached, so now %(due)s is due: %(parts)s."
        ),
    }

    def rules(self, house: House) -> tuple[Gift, ...]:
        rows = GiftProgram.objects.filter(enabled=True).select_related("service").order_by("priority", "code")
        return tuple(map(_gift, rows))

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        person = scene.person
        if person is None:
            return Idle()
        gifts = tuple(gift for gift in scene.rules[self.code] if _may_come(gift, person, scene))
        if not gifts:
            return Idle()
        return GiftStep(gifts, had(person.id, [gift.code for gift in gifts if gift.comes_once]), person)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        gifts: Sequence[Gift] = sale.bill.plans.get(self.code, ())
        person, scene = sale.scene.person, sale.scene
        if not gifts or person is None:
            return []
        free = [_free(gift, sale, person) for gift in gifts if gift.service]
        presents = [_present(gift, sale) for gift in gifts if gift.good]
        return [
            *sale.grants(self.code, {gift.code: gift.terms for gift in gifts}),
            *free_services.give(free, today=scene.today, at=scene.now),
            *(move for one in presents for mechanic in mechanics() for move in mechanic.present(one, sale.handing)),
        ]

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return [move for called in _called_back(reversal) for move in _take(called, reversal)]

    def undo_accounts(self, visit: Visit) -> Q | None:
        """All that the client got for sums: a refund of any check may be one too many for a total."""
        if visit.client_id is None:
            return None
        return Q(pk__in=_given().filter(visit__client=visit.client_id).values("account"))

    def promises(self, house: House, rules: tuple[Gift, ...], today: date) -> Sequence[str]:
        return [_promise(gift, house) for gift in rules if is_running(gift, today) and gift.segment is None]


def _gift(row: GiftProgram) -> Gift:
    return Gift(
        code=row.code,
        name=row.name,
        when=row.when,
        from_sum=row.from_sum,
        service=row.service.code if row.service is not None else "",
        service_name=row.service.name if row.service is not None else "",
        good=row.good,
        amount=row.amount or ZERO,
        once=row.once,
        terms=Terms.of(row),
        segment=row.segment_id,
        places=frozenset(row.locations),
        from_day=row.from_day,
        to_day=row.to_day,
    )


def _may_come(gift: Gift, person: Person, scene: Scene) -> bool:
    """Before the check itself is looked at: when, where, for whom; a total that was passed is not passed again."""
    if not is_running(gift, scene.today) or (gift.places and scene.place.code not in gift.places):
        return False
    if gift.when == When.TOTAL and person.total_spent >= gift.from_sum:
        return False
    return not scene.gaps(gift.segment)


def had(client: int, codes: Sequence[str]) -> frozenset[str]:
    """Which of these programs have given to the client, other than what has all been taken back.

    Two queries, one if they have not, and none for none.
    """
    if not codes:
        return frozenset()
    given = list(_given().filter(visit__client=client, lot__program__in=codes).select_related("lot"))
    if not given:
        return frozenset()
    taken = _taken(given)
    return frozenset(one.lot.program or "" for one in given if taken[one.operation] < one.amount)


def _given() -> QuerySet[Entry]:
    """What was given for sums: bonuses, and what is no bonuses."""
    named = Q(operation__contains=f":{Gifts.code}:") | Q(operation__contains=f":{PRESENTS}:")
    return Entry.objects.filter(named, kind=Entry.Kind.GRANT, visit__isnull=False)


def _taken(given: Sequence[Entry]) -> Counter[str]:
    """Operation of each grant → what was taken of it. One query.

    Nobody else takes from a service or a card. Of bonuses it is also what a later refund took out of their own lot,
    as an earlier one had let it go.
    """
    own = {one.lot_id: one.operation for one in given}
    bonuses = {one.lot_id for one in given if f":{Gifts.code}:" in one.operation}
    taken: Counter[str] = Counter()
    rows = Entry.objects.filter(account__in={one.account_id for one in given}, kind=Entry.Kind.TAKE_BACK)
    for lot, operation, amount in rows.values_list("lot", "operation", "amount"):
        is_own = lot in own and (lot not in bonuses or f":{LET_GO}:" in operation)
        taken[own[lot] if is_own else taken_of(operation)] -= amount
    return taken


def _operation(gift: Gift, sale: Sale) -> str:
    return sale.operation(PRESENTS, gift.code)


def _free(gift: Gift, sale: Sale, person: Person) -> Giving:
    terms, today = gift.terms, sale.scene.today
    last_day = free_services.lasting(today, days=terms.lifetime_days, months=terms.lifetime_months)
    return Giving(_operation(gift, sale), person.id, gift.code, gift.name, (gift.service,), 1, last_day)


def _present(gift: Gift, sale: Sale) -> Present:
    return Present(gift.good, gift.amount, _operation(gift, sale), gift.code, gift.name)


# --- coming back -----------------------------------------------------------------------------------------------------


def _called_back(reversal: Reversal) -> list[CalledBack]:
    """Gifts whose sum is not reached with this refund: the client's, and those that had paid for this check."""
    # A gift card that was lost and replaced has its money in another lot by now.
    money = {(one.lot_id, one.lot.operation) for one in reversal.entries if one.lot.account.unit == Account.Unit.MONEY}
    origins = set(ledger.origins_of(money).values())
    used = {one.lot_id for one in reversal.entries if f":{PRESENTS}:" in one.lot.operation} | origins
    whose = Q(lot__in=used)
    if reversal.visit.client_id is not None:
        whose |= Q(visit__client=reversal.visit.client_id)
    given = list(_given().filter(whose).select_related("lot__account", "visit").order_by("pk"))
    floors = [(one, floor) for one in given if (floor := floor_of(one)) is not None]
    if not floors:
        return []
    was, still = _standings(reversal, [one for one, _floor in floors])
    return [
        CalledBack(one, _lot_now(one, reversal), floor.sum, fell_now=was(one, floor))
        for one, floor in floors
        if not still(one, floor)
    ]


def _standings(reversal: Reversal, given: Sequence[Entry]) -> tuple[Reached, Reached]:
    """Whether the sums were reached before this refund, and whether they are with it. Five queries."""
    refunds = Refund.objects.all()
    before, left = left_of(given, refunds.exclude(pk=reversal.refund)), left_of(given, refunds)
    totals = totals_of(given)
    back = total(line.spent for line in reversal.lines)
    own = reversal.visit.client_id or 0
    lower = {**totals, own: Money(totals.get(own, ZERO) - back)}

    def was(one: Entry, floor: Floor) -> bool:
        return one.visit is not None and is_reached(floor, one.visit, before, totals)

    def still(one: Entry, floor: Floor) -> bool:
        return one.visit is not None and is_reached(floor, one.visit, left, lower)

    return was, still


def _lot_now(granted: Entry, reversal: Reversal) -> Stock:
    """The lot with what has just come back to it; the reversal keeps no lots that are empty."""
    held = (lot for lot in reversal.lots.get(granted.account_id, ()) if lot.id == granted.lot_id)
    return next(held, None) or replace(ledger.stock(granted.lot), remaining=ZERO)


def _take(called: CalledBack, reversal: Reversal) -> list[Movement]:
    unit = called.lot.unit
    if unit == Account.Unit.BONUS:
        return _bonuses_back(called, reversal) if called.fell_now else []
    if unit == Account.Unit.SESSION:
        return _service_back(called, reversal)
    return [move for mechanic in mechanics() for move in mechanic.call_back(called, reversal)]


def _bonuses_back(called: CalledBack, reversal: Reversal) -> list[Movement]:
    """Once and for all: what was let go then stays let go, until it returns."""
    granted = called.granted
    if called_back([granted], Refund.objects.exclude(pk=reversal.refund)):
        return []
    facts: dict[str, Any] = {"from_sum": called.from_sum, "visit": granted.visit_id}
    return reversal.take_back_all(granted, BONUSES_BACK, **facts)


def _service_back(called: CalledBack, reversal: Reversal) -> list[Movement]:
    lot = called.lot
    facts: dict[str, Any] = {"name": lot.name, "from_sum": called.from_sum}
    if not lot.remaining:
        if called.fell_now:
            reversal.note(STAGE, lot.program, "gift.owed", **facts)
        return []
    reversal.note(STAGE, lot.program, "gift.taken_back" if called.fell_now else "gift.settled", **facts)
    return [ledger.spend(lot, lot.remaining, reversal.operation(PRESENTS, called.what), Entry.Kind.TAKE_BACK)]


def _promise(gift: Gift, house: House) -> str:
    show = house.currency.number
    what = gift.service_name
    if gift.good:
        what = _("a gift card of %(amount)s") % {"amount": show(gift.amount)}
    elif gift.is_bonuses:
        what = _("%(amount)s bonuses") % {"amount": show(gift.amount)}
    facts = {"name": gift.name, "what": what, "sum": show(gift.from_sum)}
    if gift.when == When.TOTAL:
        return _("%(name)s: %(what)s once you have spent %(sum)s in all.") % facts
    return _("%(name)s: %(what)s with a check from %(sum)s.") % facts
