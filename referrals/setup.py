"""The section `referral` of the setup document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from loyalty.money import Currency
from loyalty.setup.parts import BONUS, PROGRAM, Group, Key, Part, Values, check_dates, read_mapping, write_all
from loyalty.setup.programs import BONUS_PROGRAMS
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import MAX_MONTHS, Amount, Choice, Percent, Text, Whole
from loyalty.setup.table import keep
from referrals.models import FriendWhen, ReferralProgram, When


def _one_reward(*keys: tuple[str, str]) -> Any:
    """A check that exactly one of the keys is given: (key, column)."""
    names = _(" or ").join(key for key, _column in keys)

    def check(values: Values, at: Spot) -> None:
        given = sum(values[column] is not None for _key, column in keys)
        if given == 0:
            at.refuse(_("must have %(keys)s") % {"keys": names})
        elif given > 1:
            at.refuse(_("must have %(keys)s, not both") % {"keys": names})

    return check


REFERRER = Group(
    "referrer",
    (
        Key("percent", Percent(), "referrer_percent", default=None),
        Key("amount", Amount(positive=True), "referrer_amount", default=None),
        Key("when", Choice(tuple(When.values)), "referrer_when", default=When.EVERY_VISIT.value, shown=True),
        Key("months", Whole(1, MAX_MONTHS), default=None),
        Key("max_per_month", Amount(positive=True), default=None),
    ),
    check=_one_reward(("percent", "referrer_percent"), ("amount", "referrer_amount")),
    used_by=("referrer_percent", "referrer_amount"),
)
FRIEND = Group(
    "friend",
    (
        Key("amount", Amount(positive=True), "friend_amount", default=None),
        Key("discount_percent", Percent(), "friend_discount_percent", default=None),
        Key("when", Choice(tuple(FriendWhen.values)), "friend_when", default=FriendWhen.REGISTRATION.value, shown=True),
    ),
    check=_one_reward(("amount", "friend_amount"), ("discount_percent", "friend_discount_percent")),
    used_by=("friend_amount", "friend_discount_percent"),
)
PARTS: tuple[Part, ...] = (
    Key("name", Text(120), default="Referral program"),
    *PROGRAM,
    REFERRER,
    FRIEND,
    BONUS,
)


class Referral:
    """The one referral program; a reward that is left out is none."""

    key = "referral"

    def read(self, raw: Any, at: Spot) -> Values:
        at.claim(BONUS_PROGRAMS, ReferralProgram.CODE, at)
        errors = at.errors
        values = read_mapping(raw, PARTS, at)
        if at.errors == errors:
            check_dates(values, at)
            values |= _usual_time(raw)
        return values

    def apply(self, data: Values, context: Context) -> list[Change]:
        program = (context.rows(ReferralProgram) or [ReferralProgram(code=ReferralProgram.CODE)])[0]
        return keep(program, data, parts=PARTS, noun=_("program"), context=context)

    def dump(self, currency: Currency) -> dict[str, Any] | None:
        program = ReferralProgram.objects.first()
        if program is None:
            return None
        held = {column: value for part in PARTS for column, value in part.of(program).items()}
        return {"enabled": program.enabled, **write_all(PARTS, held, currency)}


def _usual_time(raw: Mapping[str, Any]) -> Values:
    """A fixed amount is paid once, at the friend's first paid check, unless said otherwise (`domain.md` section 8)."""
    referrer = raw.get("referrer") or {}
    fixed = referrer.get("amount") is not None and "when" not in referrer
    return {"referrer_when": When.FIRST_VISIT.value} if fixed else {}
