"""What the referral program does, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin.sentences import amount, bonus_terms, dates, days, months, switched_off, typical_check
from loyalty.explanations import show_percent
from loyalty.money import ZERO, Currency, down
from referrals.kinds import Gain, gain_of
from referrals.models import FriendWhen, Kind, Milestone, ReferralProgram, When

Names = Mapping[str, str]
"""Code → name of what can be given."""


def referral(
    program: ReferralProgram,
    currency: Currency,
    step: int = 1,
    milestones: Sequence[Milestone] = (),
    names: Names | None = None,
) -> list[str]:
    """ "When a client brings a friend, the client gets 5 % of what the friend pays, at every visit." """
    called = names or {}
    goals = sorted((row for row in milestones if row.friends and gain_of(row)), key=lambda row: row.friends)
    gains = [gain_of(program, "referrer_"), gain_of(program, "friend_"), *map(gain_of, goals)]
    return [
        *switched_off(program),
        _referrer(program, currency, called),
        *_limits(program, currency),
        _friend(program, currency, called),
        *(_milestone(row, currency, called) for row in goals),
        *_most_friends(program),
        *_terms(program, [gain for gain in gains if gain is not None], currency),
        *dates(program),
        *_example(program, currency, step, called),
    ]


def _referrer(program: ReferralProgram, currency: Currency, names: Names) -> str:
    if program.referrer_percent is not None and program.referrer_when == When.FIRST_VISIT:
        text = _("When a client brings a friend, the client gets %(part)s of what the friend pays at the first visit.")
        return text % {"part": show_percent(program.referrer_percent)}
    if program.referrer_percent is not None:
        text = _("When a client brings a friend, the client gets %(part)s of what the friend pays, at every visit.")
        return text % {"part": show_percent(program.referrer_percent)}
    gain = gain_of(program, "referrer_")
    if gain is None:
        return _("A client who brings a friend gets nothing.")
    said = {
        Kind.BONUS: _(
            "When a client brings a friend, the client gets %(amount)s bonuses once the friend has first paid."
        ),
        Kind.DISCOUNT: _(
            "When a client brings a friend, the client gets %(part)s off the next check once the friend has first paid."
        ),
        Kind.GIFT_CARD: _(
            "When a client brings a friend, the client gets a gift card of %(amount)s once the friend has first paid."
        ),
        Kind.MEMBERSHIP: _(
            "When a client brings a friend, the client gets the membership “%(good)s” once the friend has first paid."
        ),
    }
    return said[gain.kind] % _facts(gain, currency, names)


def _facts(gain: Gain, currency: Currency, names: Names) -> dict[str, str]:
    """What stands in a sentence about it."""
    if gain.percent is not None:
        return {"part": show_percent(gain.percent)}
    return {"amount": amount(gain.amount, currency), "good": names.get(gain.good, gain.good)}


def _limits(program: ReferralProgram, currency: Currency) -> list[str]:
    said = []
    if program.months:
        said.append(_("For %(time)s from the day the friend was brought.") % {"time": months(program.months)})
    if program.max_per_month is not None:
        most = amount(program.max_per_month, currency)
        said.append(_("At most %(amount)s a month.") % {"amount": most})
    if program.max_per_friend is not None:
        most = amount(program.max_per_friend, currency)
        said.append(_("At most %(amount)s for one friend.") % {"amount": most})
    return said


def _most_friends(program: ReferralProgram) -> list[str]:
    count = program.max_friends
    if count is None:
        return []
    text = ngettext(
        "A client can bring at most %(count)d friend.", "A client can bring at most %(count)d friends.", count
    )
    return [text % {"count": count}]


def _friend(program: ReferralProgram, currency: Currency, names: Names) -> str:
    gain = gain_of(program, "friend_")
    if gain is None:
        return _("The friend gets nothing special.")
    facts = _facts(gain, currency, names)
    if gain.kind == Kind.DISCOUNT:
        return _("The friend pays %(part)s less on the first check.") % facts
    later = {
        Kind.BONUS: _("After the first paid visit the friend gets %(amount)s bonuses."),
        Kind.GIFT_CARD: _("After the first paid visit the friend gets a gift card of %(amount)s."),
        Kind.MEMBERSHIP: _("After the first paid visit the friend gets the membership “%(good)s”."),
    }
    at_once = {
        Kind.BONUS: _("The friend starts with %(amount)s bonuses."),
        Kind.GIFT_CARD: _("The friend starts with a gift card of %(amount)s."),
        Kind.MEMBERSHIP: _("The friend starts with the membership “%(good)s”."),
    }
    return (later if program.friend_when == FriendWhen.FIRST_VISIT else at_once)[gain.kind] % facts


def _milestone(row: Milestone, currency: Currency, names: Names) -> str:
    gain = gain_of(row)
    what = _what(gain, currency, names) if gain is not None else ""
    text = ngettext(
        "Once %(count)d friend has come and paid, the client gets %(what)s more.",
        "Once %(count)d friends have come and paid, the client gets %(what)s more.",
        row.friends,
    )
    return text % {"count": row.friends, "what": what}


def _what(gain: Gain, currency: Currency, names: Names) -> str:
    said = {
        Kind.BONUS: _("%(amount)s bonuses"),
        Kind.DISCOUNT: _("%(part)s off the next check"),
        Kind.GIFT_CARD: _("a gift card of %(amount)s"),
        Kind.MEMBERSHIP: _("the membership “%(good)s”"),
    }
    return said[gain.kind] % _facts(gain, currency, names)


def _terms(program: ReferralProgram, gains: Sequence[Gain], currency: Currency) -> list[str]:
    """How bonuses may be used, and when what is no bonuses comes. A first check's discount waits for nothing."""
    others = [gain for gain in gains if not gain.is_bonuses and gain is not gain_of(program, "friend_")]
    gives_bonuses = program.referrer_percent is not None or any(gain.is_bonuses for gain in gains) or not gains
    said = bonus_terms(program, currency) if gives_bonuses else []
    if others and program.pending_days:
        text = _("What is no bonuses comes %(days)s later, when the time for refunds is over.")
        said.append(text % {"days": days(program.pending_days)})
    return said


def _example(program: ReferralProgram, currency: Currency, step: int, names: Names) -> list[str]:
    check = typical_check(currency)
    gain = gain_of(program, "referrer_")
    if program.referrer_percent is not None:
        gets = amount(down(check, program.referrer_percent, step), currency)
    elif gain is not None:
        gets = amount(gain.amount or ZERO, currency) if gain.is_bonuses else _what(gain, currency, names)
    else:
        return []
    facts = {"check": amount(check, currency), "gets": gets}
    return [_("Example: the friend pays %(check)s → the client gets %(gets)s.") % facts]
