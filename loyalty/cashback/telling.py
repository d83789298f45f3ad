"""What a tier brings and what keeps it, in sentences: the same on the client's page, at the desk and in the admin."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.cashback.program import Ladder
from loyalty.explanations import show_day
from loyalty.money import Currency, Money


def keeps(tier: str, missing: Money, keeps_by: date, currency: Currency, language: str | None = None) -> str:
    """ "86.00 more by 30 April 2027 keeps Silver." """
    facts = {
        "amount": currency.number(missing, language or get_language() or "en"),
        "day": show_day(keeps_by, language),
        "tier": tier,
    }
    return _("%(amount)s more by %(day)s keeps %(tier)s.") % facts


def what_keeps(ladder: Ladder, currency: Currency) -> str:
    """What keeps the tier that will fall; "" if none will."""
    if ladder.fall is None or ladder.rung is None:
        return ""
    return keeps(ladder.rung.name, ladder.fall.missing, ladder.fall.keeps_by, currency)


def by_hand(ladder: Ladder) -> str:
    """Until when the tier is held by what staff have set; "" if nobody has."""
    if not ladder.by_hand:
        return ""
    if ladder.by_hand_until is None:
        return _("Set by hand, without an end.")
    return _("Set by hand until %(day)s.") % {"day": show_day(ladder.by_hand_until)}


def brings(ladder: Ladder) -> list[str]:
    """The privileges of the tier, a line each."""
    return [line for line in ladder.rung.privileges.splitlines() if line.strip()] if ladder.rung is not None else []
