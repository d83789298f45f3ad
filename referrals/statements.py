"""What partners are paid: a statement for each month that is over, made once and never changed.

A partner gets a share of what their clients paid: money and gift cards on what earns (`Visit.base`), at every check
after they were named, for the partner's first months. What was given back counts in the month in which it was given
back, also of a check of an earlier month, at the share of that month. A month is a calendar month by the house's clock.

A check that is written down late, for a day of a month that is stated already, counts in the first month that is still
open. So each check is in one statement, and giving back never takes what no statement has paid. Each statement keeps
the number of the newest check that there was when it was made.

Shares are rounded towards zero to the currency's smallest unit, so that giving back never takes more than was paid
for it. A statement below zero is carried over to the next.

Worked example: 10 %, checks of 100.00 and 50.00: 15.00. Next month 50.00 are given back and nobody comes: −5.00,
carried over. Then 200.00: 20.00 − 5.00 = 15.00.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, Max, Min, OuterRef, Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, Refusal
from clients.texts import clean_text
from loyalty import ledger
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.models import Account, Refund, Visit
from loyalty.money import ZERO, Money, down, total
from loyalty.periods import starts_at
from loyalty.rulebook import rulebook
from loyalty.terms import last_day_after
from loyalty.transactions import in_one_transaction
from referrals.models import Partner, PartnerClient, PartnerStatement

NOTE_LENGTH = 250


class AlreadyPaid(Refusal):
    """A statement is marked as paid once; it is not unmarked."""

    code = "already_paid"


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a partner's client, or what came back of one: `base` is then below zero."""

    number: int
    client: int
    at: datetime
    base: Money
    counts: bool
    """Whether it is a visit: a check that sold a card only is none, nor one that wholly came back in the month."""


# --- making them ------------------------------------------------------------------------------------------------------


def make_statements(*, today: date, house: House, now: datetime) -> int:
    """The statements of all months that are over and have none; how many. Safe to repeat, and for two at once."""
    partners = PartnerClient.objects.order_by("partner").values_list("partner", flat=True).distinct()
    return sum(_make_for(partner=partner, today=today, house=house, now=now) for partner in list(partners))


@in_one_transaction
def _make_for(*, partner: int, today: date, house: House, now: datetime) -> int:
    """One month after another, since each carries over the one before. The lock makes a second task wait."""
    row = Partner.objects.select_for_update(no_key=True).get(pk=partner)
    months = _months_owed(row, today, house)
    last_visit = _last_recorded(row) if months else 0
    for month in months:
        _state(PartnerStatement(partner=row, month=month, last_visit=last_visit, made_at=now), house)
    return len(months)


def _last_recorded(partner: Partner) -> int:
    """The newest check. Whoever is settling one for a client of the partner is waited for, or waits.

    Else a check could get its number before this one and be there only afterwards: it would be in no statement.
    """
    ledger.lock(Q(client__partner_client__partner=partner, unit=Account.Unit.BONUS))
    return Visit.objects.aggregate(last=Max("pk"))["last"] or 0


def _months_owed(partner: Partner, today: date, house: House) -> list[date]:
    last = PartnerStatement.objects.filter(partner=partner).order_by("-month").values_list("month", flat=True).first()
    if last is not None:
        first = last + relativedelta(months=1)
    else:
        first = house.day(partner.clients.aggregate(first=Min("named_at"))["first"]).replace(day=1)
    this = today.replace(day=1)
    months = (this.year - first.year) * 12 + this.month - first.month
    return [first + relativedelta(months=n) for n in range(months)]


def _state(statement: PartnerStatement, house: House) -> None:
    checks = checks_of(statement, house)
    visits = [check for check in checks if check.counts]
    statement.clients = len({check.client for check in visits})
    statement.visits = len(visits)
    statement.paid_in = total(check.base for check in checks if check.base > 0)
    statement.refunded = Money(-total(check.base for check in checks if check.base < 0))
    statement.percent = statement.partner.percent
    before = _before(statement)
    statement.carried = min(before.amount, ZERO) if before is not None else ZERO
    statement.amount = Money(share(statement.paid_in - statement.refunded, statement.percent) + statement.carried)
    statement.save(force_insert=True)


def share(amount: int, percent: Decimal) -> Money:
    """`percent` % of the amount, rounded towards zero."""
    return down(amount, percent) if amount >= 0 else -down(-amount, percent)


def _before(statement: PartnerStatement) -> PartnerStatement | None:
    """The one before, of which a sum below zero is carried over."""
    earlier = PartnerStatement.objects.filter(partner=statement.partner_id, month__lt=statement.month)
    return earlier.order_by("-month").first()


# --- what they are made of --------------------------------------------------------------------------------------------


def checks_of(statement: PartnerStatement, house: House) -> list[Check]:
    """What counts in it, in the order in which it happened. Three queries."""
    begin = starts_at(statement.month, house.zone)
    end = starts_at(statement.month + relativedelta(months=1), house.zone)
    return sorted(
        [*_sold(statement, begin, end, house), *_given_back(statement.partner, begin, end, house)],
        key=lambda check: (check.at, check.base < 0),
    )


def _sold(statement: PartnerStatement, begin: datetime, end: datetime, house: House) -> Sequence[Check]:
    partner = statement.partner
    gone = Refund.objects.filter(visit=OuterRef("pk"), is_whole=True, at__lt=end)
    rows = (
        Visit.objects.filter(_is_counted_in(statement, begin), client__partner_client__partner=partner, at__lt=end)
        .annotate(gone=Exists(gone))
        .order_by("at", "pk")
        .values_list("pk", "client", "at", "base", "is_visit", "gone", "client__partner_client__named_at")
    )
    return [
        Check(number, client, at, Money(base), is_visit and not gone)
        for number, client, at, base, is_visit, gone, named_at in rows
        if _is_within(at, named_at, partner, house)
    ]


def _is_counted_in(statement: PartnerStatement, begin: datetime) -> Q:
    """Recorded when it was made, and of its month, or of an earlier one and recorded since the statement before."""
    counted = Q(at__gte=begin)
    before = _before(statement)
    if before is not None and before.last_visit is not None:
        counted |= Q(pk__gt=before.last_visit)
    return counted if statement.last_visit is None else counted & Q(pk__lte=statement.last_visit)


def _given_back(partner: Partner, begin: datetime, end: datetime, house: House) -> Sequence[Check]:
    rows = (
        Refund.objects.filter(visit__client__partner_client__partner=partner, at__gte=begin, at__lt=end)
        .order_by("at", "pk")
        .values_list("visit", "visit__client", "at", "base", "visit__at", "visit__client__partner_client__named_at")
    )
    return [
        Check(number, client, at, -Money(base), counts=False)
        for number, client, at, base, sold_at, named_at in rows
        if base and _is_within(sold_at, named_at, partner, house)
    ]


def _is_within(at: datetime, named_at: datetime, partner: Partner, house: House) -> bool:
    """Whether the check came after the client had named the partner, and within the partner's first months."""
    last = last_day_after(house.day(named_at), months=partner.months)
    return at >= named_at and (last is None or house.day(at) <= last)


# --- paying -----------------------------------------------------------------------------------------------------------


@in_one_transaction
def mark_paid(*, statement: PartnerStatement, note: str, by: Actor, now: datetime) -> PartnerStatement:
    """It was paid out, however they are paid. Once and for good. Raises `AlreadyPaid`, `Invalid`."""
    note = clean_text(note, "note", NOTE_LENGTH)
    row = PartnerStatement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    if row.paid_at is not None:
        day = show_day(rulebook().house.day(row.paid_at))
        raise AlreadyPaid(_("This statement was marked as paid on %(day)s.") % {"day": day})
    if row.amount <= 0:
        raise Invalid(_("There is nothing to pay out for this month."))
    row.paid_at, row.paid_by, row.paid_note = now, str(by), note
    row.save(update_fields=["paid_at", "paid_by", "paid_note"])
    return row
