"""What is said of the referral program: to everybody, and to the friend who comes with a code."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.explanations import show_percent
from loyalty.house import House
from loyalty.mechanics import Invitation
from referrals.codes import read_code
from referrals.models import Code
from referrals.program import Rules

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
    if rules.friend_amount is not None:
        amount = _number(rules.friend_amount, house)
        if rules.friend_on_joining:
            return _("You start with %(amount)s bonuses.") % {"amount": amount}
        return _("You get %(amount)s bonuses after your first paid visit.") % {"amount": amount}
    if rules.friend_discount_percent is not None:
        percent = show_percent(rules.friend_discount_percent)
        return _("You get %(percent)s off your first check.") % {"percent": percent}
    return ""


def _of_the_friend(rules: Rules, house: House) -> str:
    if rules.friend_amount is not None:
        return _("They start with %(amount)s bonuses.") % {"amount": _number(rules.friend_amount, house)}
    if rules.friend_discount_percent is not None:
        percent = show_percent(rules.friend_discount_percent)
        return _("They get %(percent)s off their first check.") % {"percent": percent}
    return ""


def _to_the_referrer(rules: Rules, house: House) -> str:
    if rules.referrer_amount is not None:
        amount = _number(rules.referrer_amount, house)
        return _("You get %(amount)s bonuses for their first paid visit.") % {"amount": amount}
    if rules.referrer_percent is None:
        return ""
    percent = show_percent(rules.referrer_percent)
    if rules.every_visit:
        return _("You get %(percent)s of what they pay, at every visit.") % {"percent": percent}
    return _("You get %(percent)s of what they pay at their first visit.") % {"percent": percent}


def _number(amount: int, house: House) -> str:
    return house.currency.number(amount, get_language() or "en")
