"""What a partner gets, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from django.utils.translation import gettext as _

from loyalty.admin.sentences import amount, months, quoted, typical_check
from loyalty.explanations import show_percent
from loyalty.money import Currency, down
from referrals.models import Partner


def partner(row: Partner, currency: Currency) -> list[str]:
    """ "City Yoga gets 10 % of what the clients pay whom they bring, for 12 months from the day they are named." """
    return [*_off(row), _gets(row), _how(), _example(row, currency)]


def _off(row: Partner) -> list[str]:
    if row.enabled:
        return []
    return [_("Switched off: nobody can name this partner. For clients whom they brought they are still paid.")]


def _gets(row: Partner) -> str:
    facts = {"name": quoted(row.name), "part": show_percent(row.percent)}
    if not row.months:
        return _("%(name)s gets %(part)s of what the clients pay whom they bring, for ever.") % facts
    text = _(
        "%(name)s gets %(part)s of what the clients pay whom they bring, for %(time)s from the day they are named."
    )
    return text % {**facts, "time": months(row.months)}


def _how() -> str:
    return _(
        "A newcomer names the code on joining, at the desk or by the link. After each month a statement is made; what "
        "was given back is taken off."
    )


def _example(row: Partner, currency: Currency) -> str:
    check = typical_check(currency)
    facts = {"check": amount(check, currency), "gets": amount(down(check, row.percent), currency)}
    return _("Example: such a client pays %(check)s → the partner gets %(gets)s.") % facts
