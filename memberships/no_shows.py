"""A missed appointment, or one that was called off too late, takes a session: staff say so, and why.

It is given back with a reason as well: to the same lot, and as sessions that a refund returns it can then be used for
some days at least. The session counts as used at the list price of its service on that day, or where none is said at
what a session of the membership comes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, NotFound, Refusal
from loyalty import ledger
from loyalty.house import House, Priced
from loyalty.ledger import Kind, Move, Stock
from loyalty.models import Entry, Lot
from loyalty.money import ZERO, Money
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction
from memberships import changes
from memberships.formulas import Used
from memberships.models import Change, Membership
from memberships.plans import service_of

Did = Change.Kind


class NoShowNotCounted(Refusal):
    """The plan takes no session for it, or none is left to take."""

    code = "no_show_not_counted"


@dataclass(frozen=True, slots=True)
class NoShow:
    """A session that was taken for a missed appointment. `number` counts those of one membership."""

    number: int
    at: datetime
    reason: str
    by: str
    service: str
    """Its name, "" where none was said."""
    price: Money
    is_back: bool

    @property
    def use(self) -> Used:
        """As a formula counts it."""
        return Used(self.service, self.price, 1, is_missed=True)


def no_shows_of(membership: Membership) -> list[NoShow]:
    """All of them, oldest first. One query."""
    rows = Change.objects.filter(membership=membership, kind__in=(Did.NO_SHOW, Did.NO_SHOW_BACK)).order_by("pk")
    found = list(rows)
    back = {row.facts["number"] for row in found if row.kind == Did.NO_SHOW_BACK}
    return [_no_show(row, back) for row in found if row.kind == Did.NO_SHOW]


def missed_of(membership: Membership, lots: Q) -> list[NoShow]:
    """Those whose session was taken from these lots and was not given back. Two queries."""
    entries = Entry.objects.filter(lots, account=membership.pk, operation__contains=":no_show:")
    taken = set(entries.values_list("operation", flat=True))
    found = no_shows_of(membership) if taken else []
    return [one for one in found if not one.is_back and _operation(membership.pk, one.number) in taken]


def _no_show(row: Change, back: set[int]) -> NoShow:
    facts = row.facts
    return NoShow(
        number=facts["number"],
        at=row.at,
        reason=row.reason,
        by=row.by,
        service=facts["name"],
        price=Money(facts["price"]),
        is_back=facts["number"] in back,
    )


# --- taking one ------------------------------------------------------------------------------------------------------


@in_one_transaction
def count(*, membership: int, reason: str, by: Actor, now: datetime, key: str, service: str = "") -> Membership:
    """Take a session for a missed appointment, of `service` (a code). `key` is the operation: sent twice one is taken.

    Raises `NoShowNotCounted`, `CannotChange`, and `Invalid` without a reason, or for a service that it is not for.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.NO_SHOW):
        return row
    said = changes.reason_in(reason)
    if not row.plan.no_show:
        raise NoShowNotCounted(_("“%(name)s” takes no session for it.") % {"name": row.plan.name})
    house = rulebook().house
    today = house.day(now)
    lots = changes.running(row, today)
    known = _service(row, service, lots, house)
    lot = _lot(row, lots, known, today)
    number = Change.objects.filter(membership=row, kind=Did.NO_SHOW).count() + 1
    move = Move(_operation(row.pk, number), lot.id, lot.account, Kind.SPEND, Money(-1), note=said)
    ledger.post([move], at=now, by=by)
    price = known.price if known is not None else row.session_price or ZERO
    facts = {
        "number": number,
        "service": known.code if known is not None else "",
        "name": known.name if known is not None else "",
        "price": int(price),
    }
    changes.write(row, Did.NO_SHOW, key=key, by=by, now=now, reason=said, facts=facts)
    return row


def _operation(membership: int, number: int) -> str:
    return f"membership:{membership}:no_show:{number}"


def _service(row: Membership, code: str, lots: Sequence[Stock], house: House) -> Priced | None:
    """The service that was missed; the only one that the plan is for, if none is said. Raises `Invalid`."""
    for_these = _covered(row, house)
    if not code:
        if any(service_of(lot.operation, lot.opened_by) for lot in lots) and len(for_these) > 1:
            raise Invalid(_("Each service has its own count here: say which one was missed."), field="service")
        return for_these[0] if len(for_these) == 1 else None
    known = next((service for service in for_these if service.code == code), None)
    if known is None:
        message = _("“%(name)s” is not for the service %(code)s.")
        raise Invalid(message % {"name": row.plan.name, "code": code}, field="service")
    return known


def _covered(row: Membership, house: House) -> list[Priced]:
    named = set(row.plan.services.values_list("pk", flat=True))
    categories = set(row.plan.categories)
    found = (one for one in house.services.values() if one.id in named or one.category in categories)
    return sorted(found, key=lambda service: service.name)


def _lot(row: Membership, lots: Sequence[Stock], known: Priced | None, today: date) -> Stock:
    """The lot that it is taken from: the soonest to end. Raises `NoShowNotCounted`."""
    fitting = {None, known.id if known is not None else None}
    usable = (lot for lot in lots if lot.is_active(today) and lot.remaining)
    found = next((lot for lot in usable if service_of(lot.operation, lot.opened_by) in fitting), None)
    if found is None:
        raise NoShowNotCounted(_("“%(name)s” has no session left to take for it.") % {"name": row.plan.name})
    return found


# --- giving it back --------------------------------------------------------------------------------------------------


@in_one_transaction
def give_back(*, membership: int, number: int, reason: str, by: Actor, now: datetime, key: str) -> Membership:
    """Return the session of that missed appointment. Raises `NotFound`, `CannotChange`, `Invalid` without a reason."""
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.NO_SHOW_BACK):
        return row
    said = changes.reason_in(reason)
    known = next((one for one in no_shows_of(row) if one.number == number), None)
    if known is None or known.is_back:
        raise NotFound(_("There is no such missed appointment, or its session was given back already."))
    if row.voided_at is not None:
        message = _("“%(name)s” was returned, passed on or changed: it is not used any more.")
        raise changes.CannotChange(message % {"name": row.plan.name})
    house = rulebook().house
    today = house.day(now)
    # What has ended stays ended: giving back moves the last day of the whole lot.
    ledger.expire_due(Q(account=row.pk), today=today, zone=house.zone, by=by)
    operation = _operation(row.pk, number)
    taken = Entry.objects.get(account=row.pk, operation=operation)
    lot = ledger.stock(Lot.objects.select_related("account").get(pk=taken.lot_id))
    move = ledger.give_back(lot, Money(1), f"{operation}:back", today=today, min_days=house.refund_min_days)
    ledger.post([move], at=now, by=by)
    facts = {"number": number, "last_day": str(move.last_day or lot.last_day or "")}
    changes.write(row, Did.NO_SHOW_BACK, key=key, by=by, now=now, reason=said, facts=facts)
    return row
