"""How long bonuses live and how much of a check they pay: the terms that a program gives to the lots it grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.models import BonusTerms
from loyalty.money import ZERO, Money

ALL = Decimal(100)


def last_day_after(first_day: date, *, days: int | None = None, months: int | None = None) -> date | None:
    """The last usable day of something that begins on `first_day`; None means for ever (`domain.md` section 3).

    90 days from 1 March end on 30 May; 6 months from 31 August end on 28 (or 29) February.
    """
    if days is not None:
        return first_day + timedelta(days=days)
    if months is not None:
        return first_day + relativedelta(months=months)
    return None


def valid_for(*, days: int | None = None, months: int | None = None) -> str:
    """ "valid 90 days", "valid 6 months", "valid for ever"."""
    if days is not None:
        return ngettext("valid %(count)d day", "valid %(count)d days", days) % {"count": days}
    if months is not None:
        return ngettext("valid %(count)d month", "valid %(count)d months", months) % {"count": months}
    return _("valid for ever")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a program promises about the bonuses it gives."""

    lifetime_days: int | None = None
    lifetime_months: int | None = None
    pending_days: int = 0
    limit_percent: Decimal = ALL
    min_check: Money = ZERO

    @classmethod
    def of(cls, program: BonusTerms) -> Terms:
        return cls(
            lifetime_days=program.lifetime_days,
            lifetime_months=program.lifetime_months,
            pending_days=program.pending_days,
            limit_percent=program.limit_percent,
            min_check=program.min_check,
        )

    def first_day(self, today: date) -> date:
        return today + timedelta(days=self.pending_days)

    def last_day(self, today: date) -> date | None:
        """A pending lot's life counts from its first day."""
        return last_day_after(self.first_day(today), days=self.lifetime_days, months=self.lifetime_months)
