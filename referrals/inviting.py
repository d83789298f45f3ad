"""What is said of the referral program: to everybody, and to the friend who comes with a code."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.explanations import show_percent
from loyalty.house import House
from loyalty.mechanics import Invitation
from referrals.codes import read_code
from referrals.kinds import Gain
from referrals.models import Code, Kind
from referrals.program import Rules, is_something

LONGEST_TYPED = 100


def invitation(typed: str, house: House, rules: Rules | None, today: date) -> Invitation | None:
    """Whose code this is, by first name only. None for an unknown code, and while the program is not running."""
    if rules is None or not rules.is_on(today) or len(typed) > LONGEST_TYPED or "\x00" in typed:
        return None
    found = Code.objects.filter(code=read_code(typed), client__erased_at=None)
    name = found.values_list("client__first_name", flat=True).first()
    return Invitation(name or _("A friend"), _to_the_friend(rules, house)) if name is not None else None


def promises(house: House, rules: Rules | None, today: date) -> list[str]:
    """What bringing a friend gives, in a sentence; none while the program is not running."""
    if rules is None or not rules.is_on(today):
        return []
    said = [text for text in (_to_the_referrer(rules, house), _of_the_friend(rules, house)) if text]
    return [" ".join([_("Bring a friend."), *said])] if said else []


def _to_the_friend(rules: Rules, house: House) -> str:
    """To the friend: "You start with 100.00 bonuses."."""
    gain = rules.friend
    if gain is None or not is_something(gain):
        return ""
    facts = _facts(gain, house)
    if gain.is_discount:
        return _("You get %(percent)s off your first check.") % facts
    when = "joining" if rules.friend_on_joining else "visit"
    said = {
        (Kind.BONUS, "joining"): _("You start with %(amount)s bonuses."),
        (Kind.BONUS, "visit"): _("You get %(amount)s bonuses after your first paid visit."),
        (Kind.GIFT_CARD, "joining"): _("You start with a gift card of %(amount)s."),
        (Kind.GIFT_CARD, "visit"): _("You get a gift card of %(amount)s after your first paid visit."),
        (Kind.MEMBERSHIP, "joining"): _("You start with a membership: %(good)s."),
        (Kind.MEMBERSHIP, "visit"): _("You get a membership after your first paid visit: %(good)s."),
    }
    return said[gain.kind, when] % facts


def _of_the_friend(rules: Rules, house: House) -> str:
    """Of the friend, to whoever may bring one."""
    gain = rules.friend
    if gain is None or not is_something(gain):
        return ""
    said = {
        Kind.BONUS: _("They start with %(amount)s bonuses."),
        Kind.DISCOUNT: _("They get %(percent)s off their first check."),
        Kind.GIFT_CARD: _("They get a gift card of %(amount)s."),
        Kind.MEMBERSHIP: _("They get a membership: %(good)s."),
    }
    return said[gain.kind] % _facts(gain, house)


def _to_the_referrer(rules: Rules, house: House) -> str:
    gain = rules.referrer
    if gain is not None and is_something(gain):
        said = {
            Kind.BONUS: _("You get %(amount)s bonuses for their first paid visit."),
            Kind.DISCOUNT: _("You get %(percent)s off your next check for their first paid visit."),
            Kind.GIFT_CARD: _("You get a gift card of %(amount)s for their first paid visit."),
            Kind.MEMBERSHIP: _("You get a membership for their first paid visit: %(good)s."),
        }
        return said[gain.kind] % _facts(gain, house)
    if rules.referrer_percent is None:
        return ""
    percent = show_percent(rules.referrer_percent)
    if rules.every_visit:
        return _("You get %(percent)s of what they pay, at every visit.") % {"percent": percent}
    return _("You get %(percent)s of what they pay at their first visit.") % {"percent": percent}


def _facts(gain: Gain, house: House) -> dict[str, str]:
    """What stands in a sentence about it."""
    if gain.percent is not None:
        return {"percent": show_percent(gain.percent)}
    if gain.kind == Kind.MEMBERSHIP:
        return {"good": gain.called or gain.good}
    return {"amount": house.currency.number(gain.amount, get_language() or "en")}
