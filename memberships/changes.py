"""What every change of a sold membership has in common: its lock, that it is done once, and the row that explains it.

A change is named by its operation: sent twice under the same one, it is the first that answers. The lock is the one of
the membership's account, which a check that uses it takes as well; so a change and a visit never see each other half
done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, NotFound, Refusal
from loyalty import ledger
from loyalty.house import House
from loyalty.ledger import Stock
from loyalty.models import Lot
from loyalty.money import total
from loyalty.rulebook import rulebook
from memberships.models import Change, Membership, Renewal

REASON_LENGTH = 250
ONE_DAY = timedelta(days=1)


class CannotChange(Refusal):
    """It is void, has ended, was used up, is suspended, or has not begun: there is nothing to change."""

    code = "membership_not_changeable"


def locked(membership: int) -> Membership:
    """The membership as it is now, under the lock of its account until the transaction ends. Raises `NotFound`."""
    ledger.lock(Q(pk=membership))
    row = Membership.objects.select_related("plan", "client").filter(pk=membership).first()
    if row is None:
        raise NotFound(_("There is no such membership."))
    return row


def was_done(key: str, membership: Membership, *kinds: Change.Kind) -> bool:
    """Whether the change of this operation is there already. Raises `Invalid` if that was another one."""
    earlier = Change.objects.filter(operation=key).first()
    if earlier is None:
        return False
    if earlier.membership_id != membership.pk or earlier.kind not in kinds:
        raise Invalid(_("was used for another change"), field="key")
    return True


def write(  # keyword-only, each is said by every caller
    membership: Membership,
    kind: Change.Kind,
    *,
    key: str,
    by: Actor,
    now: datetime,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Change:
    """Write down what was done."""
    return Change.objects.create(
        membership=membership, kind=kind, operation=key, by=str(by), at=now, reason=reason, facts=dict(facts or {})
    )


def reason_in(text: str) -> str:
    """The reason that was given. Raises `Invalid` where there is none."""
    if not text.strip() or len(text) > REASON_LENGTH or "\x00" in text:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    return text.strip()


# --- what there is of it ---------------------------------------------------------------------------------------------


def lots_of(membership: Membership, today: date) -> list[Stock]:
    """Its lots that have not ended, soonest to end first; those that are used up too, for a refund may fill them."""
    rows = Lot.objects.filter(account=membership.pk).select_related("account").order_by("pk")
    return ledger.soonest_first(lot for lot in map(ledger.stock, rows) if not lot.has_ended(today))


def end_of(lots: Sequence[Stock]) -> date | None:
    """The last day of all; None: there is none, or nothing is left that could end."""
    ends = [lot.last_day for lot in lots if lot.last_day is not None]
    return max(ends) if ends and len(ends) == len(lots) else None


def running(membership: Membership, today: date) -> list[Stock]:
    """The lots of a membership that can be used, or will be. Raises `CannotChange` for every other."""
    name = {"name": membership.plan.name}
    if membership.voided_at is not None:
        raise CannotChange(_("“%(name)s” was returned, passed on or changed: it is not used any more.") % name)
    if membership.suspended_at is not None:
        raise CannotChange(_("“%(name)s” is suspended: its last period was not paid.") % name)
    lots = lots_of(membership, today)
    if not lots:
        raise CannotChange(_("“%(name)s” has ended.") % name)
    if not total(lot.remaining for lot in lots):
        raise CannotChange(_("All sessions of “%(name)s” have been used.") % name)
    return lots


def ending(membership: Membership, today: date) -> list[Stock]:
    """The same, of one whose end can be moved. Raises `CannotChange` also where there is no end yet, or never."""
    lots = running(membership, today)
    name = {"name": membership.plan.name}
    if membership.waits:
        raise CannotChange(_("“%(name)s” begins at the first visit: its end is not known before that.") % name)
    if end_of(lots) is None:
        raise CannotChange(_("“%(name)s” never ends, so there is nothing to move.") % name)
    return lots


# --- moving its end --------------------------------------------------------------------------------------------------


def move_ends(  # keyword-only, each is said by every caller
    membership: Membership,
    ends: Mapping[int, tuple[date, date]],
    days: int,
    *,
    operation: str,
    note: str,
    by: Actor,
    now: datetime,
) -> None:
    """Give its lots their new last days (lot → before, after). A subscription is paid so many `days` longer, or less,
    and what is due of it moves along.
    """
    moved = [(lot, after) for lot, (before, after) in ends.items() if before != after]
    ledger.move_ends(moved, operation=operation, note=note[:REASON_LENGTH], at=now, by=by)
    move_periods(membership, days, after=rulebook().house.day(now))


def move_periods(membership: Membership, days: int, *, after: date) -> None:
    """A subscription is paid so many `days` longer, or less. What is to be paid of it moves along, and what was paid
    ahead: periods that begin after this day begin later, the one that runs ends later.
    """
    if membership.paid_until is None:
        return
    span = timedelta(days=days)
    membership.paid_until += span
    membership.save(update_fields=["paid_until"])
    states = (Renewal.State.DUE, Renewal.State.PAID)
    for period in Renewal.objects.filter(membership=membership, state__in=states, last_day__gte=after):
        if period.state == Renewal.State.DUE or period.first_day > after:
            period.first_day, period.pay_by = period.first_day + span, period.pay_by + span
        period.last_day += span
        period.save(update_fields=["first_day", "last_day", "pay_by"])


def move_with_lots(moved: Mapping[int, int], *, after: date) -> None:
    """The ends of these lots (lot → days) were moved for all that a closure affects. A subscription goes by its
    youngest lot, so that it moves once; a period paid ahead that begins after the closure stays as it is.
    """
    newer = Lot.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk"))
    lots = Lot.objects.filter(pk__in=moved, account__membership__paid_until__isnull=False).exclude(Exists(newer))
    days = {account: moved[lot] for lot, account in lots.values_list("pk", "account")}
    for membership in Membership.objects.filter(pk__in=days, voided_at=None).order_by("pk"):
        move_periods(membership, days[membership.pk], after=after)


def later(day: date, days: int) -> date:
    """So many days later. Raises `Invalid` beyond the end of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise Invalid(_("That is too far ahead."), field="days") from None


def in_house_language(house: House) -> Any:
    """Notes of the ledger are kept in the language of the house."""
    return translation.override(house.language)
