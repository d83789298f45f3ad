"""Periods of a subscription: when each begins and ends, and which one can be paid for. Pure: values in, values out.

Periods are counted from the first day, so that dates do not drift: the n-th ends n periods after it. Each begins on the
day after the one before; days by which a freeze or an extension moved the end stay, for all that come after.

    Sold on 31 January, a month at a time: until 28 February, 31 March, 30 April, ..., 31 January.
    Frozen for 5 days in February: until 5 March, then until 5 April.

**Paying.** The next period can be paid as soon as it is due, or before: but one period ahead at most, and once a day,
so that two tills which take the money at the same moment do not sell two periods. It is to be paid by the last day of
the period before (`Renewal.pay_by`). For `Plan.grace_days` after that it can still be paid as if it had been in time:
the period then began on the day after the one before, and dates stay as they were. In those days nothing is covered,
for nothing was paid; the privileges stay.

**Missing.** After the days of grace it is missed and the membership is suspended. Whoever pays then gets a period that
begins on that day, and dates are counted from it: nobody pays for days on which they could not come. Time decides that,
whether a night has written it down or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.explanations import show_day
from loyalty.money import Money
from loyalty.terms import last_day_after
from memberships.models import Renewal

ONE_DAY = timedelta(days=1)
State = Renewal.State


class NotToRenew(Refusal):
    """There is no period of this membership to pay for: it is no subscription, was ended, or is paid already."""

    code = "membership_not_renewable"


class Timed(Protocol):
    """The columns of a plan that say how long a period is, and how long it can be paid after the one before."""

    valid_days: int | None
    valid_months: int | None
    grace_days: int


@dataclass(frozen=True, slots=True)
class Row:
    """A renewal as the rules see it. `paid_on`: the day on which it was paid, of one that was."""

    number: int
    first_day: date
    last_day: date
    pay_by: date
    price: Money
    state: str
    paid_on: date | None = None

    @property
    def begins_anew(self) -> bool:
        """Whether it was paid after it had been missed: dates are counted from its first day."""
        return self.state == State.PAID and self.first_day > self.pay_by + ONE_DAY


@dataclass(frozen=True, slots=True)
class Subscription:
    """A membership that is renewed, or was until somebody ended it.

    `began` is the first day of the period that was sold; `paid_until` the last day of the last one that was paid.
    """

    name: str
    plan: Timed
    price: Money
    began: date
    paid_until: date
    renews: bool
    is_void: bool
    is_suspended: bool
    rows: Sequence[Row] = ()

    @property
    def paid(self) -> Row | None:
        """The last period that was paid besides the one that was sold."""
        return max((row for row in self.rows if row.state == State.PAID), key=lambda row: row.number, default=None)

    @property
    def number(self) -> int:
        """Of the next period that is to be paid."""
        return (self.paid.number if self.paid is not None else 0) + 1

    @property
    def row(self) -> Row | None:
        """What is written of that period."""
        return next((row for row in self.rows if row.number == self.number), None)

    @property
    def last_day_to_pay(self) -> date:
        """To its end the next period can be paid as if it had been in time."""
        return self.paid_until + timedelta(days=self.plan.grace_days)

    def is_missed(self, today: date) -> bool:
        """Whether it is too late for that."""
        return self.is_suspended or (self.row is not None and self.row.state == State.MISSED) or self._is_late(today)

    def _is_late(self, today: date) -> bool:
        return self.last_day_to_pay < today

    def has_privileges(self, today: date) -> bool:
        """While it is paid, and in the days of grace; one that was ended, until its end."""
        if self.is_void or self.is_suspended or self.began > today:
            return False
        return today <= (self.last_day_to_pay if self.renews else self.paid_until)

    def next_period(self) -> tuple[date, date]:
        """The days of the period after the last one that was paid."""
        anchor, first = self._counted_from()
        moved = self.paid_until - self._end(anchor, self.number - first)
        begins = self.paid_until + ONE_DAY
        return begins, max(self._end(anchor, self.number - first + 1) + moved, begins)

    def _counted_from(self) -> tuple[date, int]:
        """The day that periods are counted from, and the number of the one that began on it; 0 is the one sold."""
        anew = [row for row in self.rows if row.begins_anew]
        last = max(anew, key=lambda row: row.number, default=None)
        return (last.first_day, last.number) if last is not None else (self.began, 0)

    def _end(self, anchor: date, count: int) -> date:
        """The last day of so many periods from this day. Raises `NotToRenew` where the plan has lost its period."""
        days, months = self.plan.valid_days, self.plan.valid_months
        end = last_day_after(
            anchor,
            days=days * count if days is not None else None,
            months=months * count if months is not None else None,
        )
        if end is None:
            raise NotToRenew(_("The plan “%(name)s” has no period any more.") % {"name": self.name})
        return end

    def payable(self, today: date) -> Row:
        """The period that can be paid for today. Raises `NotToRenew`."""
        self._refuse_unpayable(today)
        if self.is_missed(today):
            first, last = today, self._end(today, 1)
        else:
            first, last = self.next_period()
        promised = self.row is not None and self.row.state in (State.DUE, State.MISSED)
        price = self.row.price if promised and self.row is not None else self.price
        state = self.row.state if self.row is not None else ""
        return Row(self.number, first, last, self.paid_until, price, state)

    def _refuse_unpayable(self, today: date) -> None:
        name = {"name": self.name}
        if self.is_void:
            raise NotToRenew(_("“%(name)s” was returned, passed on or changed: it is not used any more.") % name)
        if not self.renews:
            raise NotToRenew(_("“%(name)s” is not renewed any more. Take it up again first.") % name)
        paid = self.paid
        if paid is not None and (paid.first_day > today or paid.paid_on == today):
            until = {**name, "day": show_day(self.paid_until)}
            raise NotToRenew(_("“%(name)s” is paid until %(day)s already.") % until)
        if paid is None and self.began > today:
            raise NotToRenew(_("“%(name)s” has not begun yet.") % name)
