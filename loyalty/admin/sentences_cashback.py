"""What a cashback program is limited to, in words: for whom, of what, when it gives more, how much at most. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.admin.sentences import amount, days, listed, quoted
from loyalty.admin.sentences_check_rules import hours_of
from loyalty.admin.words import Words
from loyalty.explanations import show_day
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier
from loyalty.money import Currency


def limits(
    program: CashbackProgram, multipliers: Iterable[CashbackMultiplier], words: Words, currency: Currency
) -> list[str]:
    """ "Only clients of the segment “VIP” get it.", "It gives at most 5.00 a check.", ..."""
    said = []
    if program.segment_id:
        name = words.segments.get(program.segment_id, str(program.segment_id))
        said.append(_("Only clients of the segment %(segment)s get it.") % {"segment": quoted(name)})
    if program.services:
        said.append(_("It counts what is paid for %(services)s.") % {"services": words.all_called(program.services)})
    if program.exclude:
        said.append(_("It does not count %(services)s.") % {"services": words.all_called(program.exclude)})
    said += [_more(one) for one in multipliers]
    return [*said, *_caps(program, currency)]


def kept(program: CashbackProgram, tiers: Iterable[CashbackTier]) -> list[str]:
    """How long a tier is kept: "Silver is kept for at least 60 days, and for 30 days after the spending ..."."""
    said = [text for tier in sorted(tiers, key=lambda tier: tier.from_spent) if (text := _kept(tier))]
    if program.falls == CashbackProgram.Falls.ONE_STEP:
        said.append(_("Who does not reach their tier any more falls one step at a time."))
    return said


def _kept(tier: CashbackTier) -> str:
    facts = {"tier": tier.name, "term": days(tier.min_days or 0), "grace": days(tier.grace_days or 0)}
    if tier.min_days and tier.grace_days:
        text = _("%(tier)s is kept for at least %(term)s, and for %(grace)s after the spending no longer reaches it.")
        return text % facts
    if tier.min_days:
        return _("%(tier)s is kept for at least %(term)s.") % facts
    return (
        _("%(tier)s is kept for %(grace)s after the spending no longer reaches it.") % facts if tier.grace_days else ""
    )


def _more(one: CashbackMultiplier) -> str:
    when = ", ".join(part for part in (hours_of(one), _between(one.from_day, one.to_day)) if part)
    return _("It gives %(factor)s times as much: %(when)s.") % {"factor": factor(one.factor), "when": when}


def factor(times: Decimal) -> str:
    """ "2", "1.5"; "1,5" in Russian."""
    return format_decimal(times, format="0.###", locale=get_language() or "en")


def _between(first: date | None, last: date | None) -> str:
    facts = {"begin": show_day(first) if first else "", "end": show_day(last) if last else ""}
    if first and last:
        return _("from %(begin)s to %(end)s") % facts
    if first:
        return _("from %(begin)s") % facts
    return _("until %(end)s") % facts if last else ""


def _caps(program: CashbackProgram, currency: Currency) -> list[str]:
    caps = [
        (program.max_per_check, _("%(amount)s a check")),
        (program.max_per_day, _("%(amount)s a day")),
        (program.max_per_month, _("%(amount)s a month")),
    ]
    parts = [text % {"amount": amount(cap, currency)} for cap, text in caps if cap is not None]
    return [_("It gives a client at most %(parts)s.") % {"parts": listed(parts)}] if parts else []
