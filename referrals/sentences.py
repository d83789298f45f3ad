"""What the referral program does, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from django.utils.translation import gettext as _

from loyalty.admin.sentences import amount, bonus_terms, dates, months, switched_off, typical_check
from loyalty.explanations import show_percent
from loyalty.money import Currency, Money, down
from referrals.models import FriendWhen, ReferralProgram, When


def referral(program: ReferralProgram, currency: Currency, step: int = 1) -> list[str]:
    """ "When a client brings a friend, the client gets 5 % of what the friend pays, at every visit." """
    return [
        *switched_off(program),
        _referrer(program, currency),
        *_limits(program, currency),
        _friend(program, currency),
        *bonus_terms(program, currency),
        *dates(program),
        *_example(program, currency, step),
    ]


def _referrer(program: ReferralProgram, currency: Currency) -> str:
    if program.referrer_percent is not None and program.referrer_when == When.FIRST_VISIT:
        text = _("When a client brings a friend, the client gets %(part)s of what the friend pays at the first visit.")
        return text % {"part": show_percent(program.referrer_percent)}
    if program.referrer_percent is not None:
        text = _("When a client brings a friend, the client gets %(part)s of what the friend pays, at every visit.")
        return text % {"part": show_percent(program.referrer_percent)}
    if program.referrer_amount is not None:
        text = _("When a client brings a friend, the client gets %(amount)s bonuses once the friend has first paid.")
        return text % {"amount": amount(program.referrer_amount, currency)}
    return _("A client who brings a friend gets nothing.")


def _limits(program: ReferralProgram, currency: Currency) -> list[str]:
    said = []
    if program.months:
        said.append(_("For %(time)s from the day the friend was brought.") % {"time": months(program.months)})
    if program.max_per_month is not None:
        most = amount(program.max_per_month, currency)
        said.append(_("At most %(amount)s a month.") % {"amount": most})
    return said


def _friend(program: ReferralProgram, currency: Currency) -> str:
    if program.friend_discount_percent is not None:
        text = _("The friend pays %(part)s less on the first check.")
        return text % {"part": show_percent(program.friend_discount_percent)}
    if program.friend_amount is None:
        return _("The friend gets nothing special.")
    facts = {"amount": amount(program.friend_amount, currency)}
    if program.friend_when == FriendWhen.FIRST_VISIT:
        return _("After the first paid visit the friend gets %(amount)s bonuses.") % facts
    return _("The friend starts with %(amount)s bonuses.") % facts


def _example(program: ReferralProgram, currency: Currency, step: int) -> list[str]:
    check = typical_check(currency)
    if program.referrer_percent is not None:
        gets: Money = down(check, program.referrer_percent, step)
    elif program.referrer_amount is not None:
        gets = program.referrer_amount
    else:
        return []
    facts = {"check": amount(check, currency), "gets": amount(gets, currency)}
    return [_("Example: the friend pays %(check)s → the client gets %(gets)s.") % facts]
