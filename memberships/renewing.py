"""The life of subscriptions in the database: what becomes due, what is missed, who ends one and takes it up again.

Both tasks look at what is so on their day, not at what the last night did: they may run twice, late, in parallel, or
not for weeks, and the rows are the same. What was missed long ago is written with the moment at which it was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Refusal
from loyalty import events, ledger, letters
from loyalty.events import Happened
from loyalty.house import House
from loyalty.letters import Notice
from loyalty.models import Lot
from loyalty.periods import starts_at
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction
from memberships import changes, telling
from memberships.changes import CannotChange
from memberships.models import Change, Membership, Plan, Renewal
from memberships.subscriptions import ONE_DAY, Row, State, Subscription

AT_ONCE = 500
ENDING = "membership.ending"
OPEN = (State.DUE, State.MISSED)


class NoSubscription(Refusal):
    """It was sold for one period, or nobody renews it any more."""

    code = "membership_not_renewable"


# --- reading ---------------------------------------------------------------------------------------------------------


def subscriptions_of(memberships: Iterable[Membership], house: House) -> dict[int, Subscription]:
    """Those of these memberships that are subscriptions and have begun, by id. `plan` must be joined. Two queries."""
    found = {one.pk: one for one in memberships if one.paid_until is not None}
    if not found:
        return {}
    began = dict(Lot.objects.filter(account__in=found).order_by().values_list("account").annotate(Min("first_day")))
    rows: dict[int, list[Row]] = {}
    for renewal in Renewal.objects.filter(membership__in=found).order_by("number"):
        rows.setdefault(renewal.membership_id, []).append(_row(renewal, house))
    return {pk: _subscription(one, one.runs_from(began[pk]), rows.get(pk, [])) for pk, one in found.items()}


def subscription_of(membership: Membership, house: House) -> Subscription:
    """This one. Raises `NoSubscription`."""
    one = subscriptions_of([membership], house).get(membership.pk)
    if one is None:
        raise NoSubscription(_("“%(name)s” is no subscription: it ends by itself.") % {"name": membership.plan.name})
    return one


def _row(renewal: Renewal, house: House) -> Row:
    return Row(
        number=renewal.number,
        first_day=renewal.first_day,
        last_day=renewal.last_day,
        pay_by=renewal.pay_by,
        price=renewal.price,
        state=renewal.state,
        paid_on=house.day(renewal.changed_at) if renewal.state == State.PAID else None,
    )


def _subscription(one: Membership, began: date, rows: list[Row]) -> Subscription:
    assert one.paid_until is not None
    return Subscription(
        name=one.plan.name,
        plan=one.plan,
        price=one.plan.price,
        began=began,
        paid_until=one.paid_until,
        renews=one.renews,
        is_void=one.voided_at is not None,
        is_suspended=one.suspended_at is not None,
        rows=tuple(rows),
    )


# --- what becomes due ------------------------------------------------------------------------------------------------


def make_due(*, day: date, house: House, now: datetime) -> int:
    """Write the next period of each subscription that is to be paid soon, and tell the client; how many."""
    plans = _plans_with_subscribers()
    return sum(_make_due_of(plan, day + timedelta(days=plan.remind_days), day, house, now) for plan in plans)


def _plans_with_subscribers() -> QuerySet[Plan]:
    """Of those that have a period: one that is sold no more as a subscription may have lost it."""
    plans = Plan.objects.exclude(valid_days=None, valid_months=None)
    return plans.filter(Exists(Membership.objects.filter(plan=OuterRef("pk"), renews=True)))


def _make_due_of(plan: Plan, until: date, day: date, house: House, now: datetime) -> int:
    """Those whose last period ends until then."""
    count, last = 0, 0
    while ids := list(_without_next(until).filter(plan=plan, pk__gt=last).values_list("pk", flat=True)[:AT_ONCE]):
        count += _write_due(ids, until, day, house, now)
        last = ids[-1]
    return count


def _without_next(until: date) -> QuerySet[Membership]:
    """Subscriptions that run until then at most, and of which nothing is written yet of what comes after."""
    written = Renewal.objects.filter(membership=OuterRef("pk"), state__in=OPEN)
    rows = Membership.objects.filter(renews=True, paid_until__lte=until, voided_at=None, suspended_at=None)
    return rows.filter(~Exists(written), client__erased_at=None).order_by("pk")


@in_one_transaction
def _write_due(ids: list[int], until: date, day: date, house: House, now: datetime) -> int:
    ledger.lock(Q(pk__in=ids))
    found = list(_without_next(until).filter(pk__in=ids).select_related("plan"))
    known = subscriptions_of(found, house)
    due = [_due(one, known[one.pk], now) for one in found]
    Renewal.objects.bulk_create(
        due,
        update_conflicts=True,  # what somebody ended and took up again
        unique_fields=["membership", "number"],
        update_fields=["first_day", "last_day", "pay_by", "price", "state", "made_at", "changed_at"],
    )
    still = [renewal for renewal in due if known[renewal.membership_id].last_day_to_pay >= day]
    template = telling.template(telling.DUE) if still else None
    if template is not None:
        telling.write((_due_letter(renewal, template, known, house) for renewal in still), house=house, now=now)
    events.write((_ending(renewal, house) for renewal in still), now=now)
    return len(due)


def _due(membership: Membership, one: Subscription, now: datetime) -> Renewal:
    first, last = one.next_period()
    return Renewal(
        membership=membership,
        number=one.number,
        first_day=first,
        last_day=last,
        pay_by=one.paid_until,
        price=one.price,
        state=State.DUE,
        made_at=now,
        changed_at=now,
    )


def _due_letter(renewal: Renewal, template: int, known: Mapping[int, Subscription], house: House) -> Notice:
    last = known[renewal.membership_id].last_day_to_pay
    return _notice(renewal, "due", template, useless_at=letters.end_of(last, house))


def _notice(renewal: Renewal, what: str, template: int, **facts: Any) -> Notice:
    membership = renewal.membership
    return Notice(
        operation=f"subscription:{membership.pk}:{renewal.number}:{what}:{renewal.pay_by}",
        client=membership.client_id,
        template=template,
        occasion="reminder",
        amount=renewal.price,
        last_day=renewal.pay_by,
        program=membership.plan.name,
        **facts,
    )


def _ending(renewal: Renewal, house: House) -> Happened:
    membership = renewal.membership
    facts = {
        "membership": str(membership.pk),
        "client": str(membership.client_id),
        "plan": membership.plan.code,
        "last_day": renewal.pay_by.isoformat(),
        "renewal": {
            "number": renewal.number,
            "first_day": renewal.first_day.isoformat(),
            "last_day": renewal.last_day.isoformat(),
            "price": house.currency.text(renewal.price),
        },
    }
    return Happened(ENDING, facts)


# --- what is missed --------------------------------------------------------------------------------------------------


def suspend_missed(*, day: date, house: House, now: datetime, by: Actor) -> int:
    """Suspend each subscription that was not paid in time; how many.

    A period that no night had written down in time is written now, without a letter that would come too late.
    """
    for plan in _plans_with_subscribers():
        _make_due_of(plan, day - timedelta(days=plan.grace_days) - ONE_DAY, day, house, now)
    count, last = 0, 0
    overdue = Renewal.objects.filter(state=State.DUE, pay_by__lt=day, membership__voided_at=None)
    while ids := list(
        overdue.filter(membership__gt=last).order_by("membership").values_list("membership", flat=True)[:AT_ONCE]
    ):
        count += _suspend(ids, day, house, now, by)
        last = ids[-1]
    return count


@in_one_transaction
def _suspend(ids: list[int], day: date, house: House, now: datetime, by: Actor) -> int:
    ledger.lock(Q(pk__in=ids))
    found = Membership.objects.filter(pk__in=ids, renews=True, voided_at=None, suspended_at=None)
    known = subscriptions_of(found.select_related("plan"), house)
    late = {pk: one for pk, one in known.items() if one.is_missed(day)}
    missed = list(
        Renewal.objects.filter(membership__in=late, state=State.DUE).select_related("membership__plan").order_by("pk")
    )
    for renewal in missed:
        since = starts_at(late[renewal.membership_id].last_day_to_pay + ONE_DAY, house.zone)
        renewal.state, renewal.changed_at, renewal.membership.suspended_at = State.MISSED, since, since
    Renewal.objects.bulk_update(missed, ["state", "changed_at"])
    Membership.objects.bulk_update([renewal.membership for renewal in missed], ["suspended_at"])
    Change.objects.bulk_create((_suspension(renewal, by) for renewal in missed), ignore_conflicts=True)
    template = telling.template(telling.MISSED) if missed else None
    if template is not None:
        telling.write((_notice(renewal, "missed", template) for renewal in missed), house=house, now=now)
    return len(missed)


def _suspension(renewal: Renewal, by: Actor) -> Change:
    return Change(
        membership=renewal.membership,
        kind=Change.Kind.SUSPENDED,
        operation=f"membership:{renewal.membership_id}:suspended:{renewal.number}:{renewal.pay_by}",
        facts={"number": renewal.number, "pay_by": renewal.pay_by.isoformat(), "price": int(renewal.price)},
        by=str(by),
        at=renewal.changed_at,
    )


# --- ending it, and taking it up again -------------------------------------------------------------------------------


@in_one_transaction
def end(*, membership: int, reason: str, by: Actor, now: datetime, key: str) -> Membership:
    """Renew it no more: what is paid stays until its end. `key` is the operation: sent twice it is ended once.

    Raises `NoSubscription` for one that is none or was ended before, `Invalid` without a reason.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Change.Kind.ENDED):
        return row
    said = changes.reason_in(reason)
    _refuse_unless_subscription(row)
    if not row.renews:
        raise NoSubscription(_("“%(name)s” is not renewed any more already.") % {"name": row.plan.name})
    Renewal.objects.filter(membership=row, state__in=OPEN).update(state=State.CANCELLED, changed_at=now)
    row.renews = False
    row.save(update_fields=["renews"])
    changes.write(row, Change.Kind.ENDED, key=key, by=by, now=now, reason=said, facts=_until(row))
    return row


@in_one_transaction
def take_up(*, membership: int, by: Actor, now: datetime, key: str) -> Membership:
    """Renew it again, as long as what was paid has not ended. `key` is the operation.

    Raises `NoSubscription`, and `CannotChange` for one that has ended or is suspended.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Change.Kind.RENEWED):
        return row
    _refuse_unless_subscription(row)
    if row.renews:
        raise NoSubscription(_("“%(name)s” is renewed already.") % {"name": row.plan.name})
    if row.suspended_at is not None or (row.paid_until is not None and row.paid_until < rulebook().house.day(now)):
        raise CannotChange(_("“%(name)s” has ended. Buy a new one.") % {"name": row.plan.name})
    row.renews = True
    row.save(update_fields=["renews"])
    changes.write(row, Change.Kind.RENEWED, key=key, by=by, now=now, facts={**_until(row), "taken_up": True})
    return row


def _refuse_unless_subscription(row: Membership) -> None:
    is_one = row.renews or row.paid_until is not None
    if not is_one and row.waits:  # ended before its first visit
        is_one = Change.objects.filter(membership=row, kind=Change.Kind.ENDED).exists()
    if row.voided_at is not None or not is_one:
        raise NoSubscription(_("“%(name)s” is no subscription: it ends by itself.") % {"name": row.plan.name})


def _until(row: Membership) -> dict[str, Any]:
    return {"paid_until": row.paid_until.isoformat() if row.paid_until is not None else None}
