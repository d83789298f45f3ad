"""The section `referral` of the setup document.

    referral:
      referrer: {amount: "1000", when: first_visit, max_per_month: "5000", max_friends: 30}
      friend: {membership: month, when: registration}
      milestones: [{friends: 5, amount: "500"}, {friends: 20, gift_card: {type: gift, amount: "50"}}]

Each side, and each milestone, gets one thing: a share (`percent`, of the referrer only), an `amount` of bonuses, a
`discount_percent`, a `gift_card` or a `membership`. The section is read after those whose codes it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from loyalty.money import Currency
from loyalty.setup.children import Sayings
from loyalty.setup.parts import BONUS, PROGRAM, Group, Key, Part, Values, check_dates, read_mapping, write_all
from loyalty.setup.programs import BONUS_PROGRAMS
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import MAX_COUNT, MAX_MONTHS, Amount, Choice, Code, Percent, Text, Whole
from loyalty.setup.table import keep
from referrals.kinds import SECTIONS, goods
from referrals.models import FriendWhen, Kind, Milestone, ReferralProgram, When


def _is_given(kind: Kind, code: str, at: Spot) -> bool:
    """Whether some mechanic can give it: by this document, or by the database."""

    def stored(context: Context) -> set[str]:
        return set(goods(kind)) if context.has_tables else set()

    section = SECTIONS[kind]
    return code in at.reading.codes.get(section, {}) or code in at.reading.remember(f"given {section}", stored)


@dataclass(frozen=True)
class Card(Part):
    """{type, amount}: a gift card of a type, and what it is worth."""

    name: str
    good: str
    """The column of the type."""
    amount: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.good, self.amount)

    @property
    def keys(self) -> tuple[Key, ...]:
        return (Key("type", Code(), self.good), Key("amount", Amount(positive=True), self.amount))

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        none = {self.good: "", self.amount: None}
        if raw.get(self.name) is None:
            return none
        spot = at.key(self.name)
        values = {**none, **read_mapping(raw[self.name], self.keys, spot)}
        code = values[self.good]
        if code and not _is_given(Kind.GIFT_CARD, code, at):
            spot.key("type").refuse(_('there is no gift card type "%(code)s"') % {"code": code})
        return values

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        if not values[self.good]:
            return {}
        return {self.name: write_all(self.keys, values, currency, full=True)}


@dataclass(frozen=True)
class PlanCode(Key):
    """The code of a membership plan; nothing, if it is left out or null."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if raw.get(self.name) is None:
            return dict.fromkeys(self.columns, "")
        values = super().read(raw, at)
        code = values[self.columns[0]]
        if code and not _is_given(Kind.MEMBERSHIP, code, at):
            at.key(self.name).refuse(_('there is no membership plan "%(code)s"') % {"code": code})
        return values


def _kinds(side: str) -> tuple[Part, ...]:
    """One thing of four kinds, for a side; a milestone's columns have no side before their name."""
    return (
        Key("amount", Amount(positive=True), f"{side}amount", default=None),
        Key("discount_percent", Percent(), f"{side}discount_percent", default=None),
        Card("gift_card", f"{side}gift_card", f"{side}gift_amount"),
        PlanCode("membership", Code(), f"{side}membership", default=""),
    )


KEYS = ("amount", "discount_percent", "gift_card", "membership")
SHARE = "percent"


def _decides(side: str, *more: str) -> tuple[str, ...]:
    """The columns that say what the side gets."""
    return tuple(f"{side}{key}" for key in (*more, *KEYS))


def _one_reward(side: str, *more: str, enough: str = "") -> Callable[[Values, Spot], None]:
    """A check that the side gets exactly one thing; none will do where the column `enough` says something."""
    names = ", ".join((*more, *KEYS))

    def check(values: Values, at: Spot) -> None:
        given = sum(values[column] not in (None, "") for column in _decides(side, *more))
        if given > 1 or (not given and values.get(enough) is None):
            at.refuse(_("must have one of these, and no two: %(keys)s") % {"keys": names})

    return check


@dataclass(frozen=True)
class Milestones(Sayings):
    """Numbers of friends and what each gives; one that is no longer listed is removed. Who has it keeps it."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        values = super().read(raw, at)
        seen: set[int] = set()
        for number, one in enumerate(values[self.name]):
            friends = one.get("friends")
            if friends is not None and friends in seen:
                at.key(self.name).item(number).key("friends").refuse(_("is listed twice"))
            seen.add(friends)
        return values

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        in_order = sorted(values[self.name], key=lambda one: one["friends"])
        return super().write({self.name: in_order}, currency, full=full)


REFERRER = Group(
    "referrer",
    (
        Key(SHARE, Percent(), "referrer_percent", default=None),
        *_kinds("referrer_"),
        Key("when", Choice(tuple(When.values)), "referrer_when", default=When.EVERY_VISIT.value, shown=True),
        Key("months", Whole(1, MAX_MONTHS), default=None),
        Key("max_per_month", Amount(positive=True), default=None),
        Key("max_per_friend", Amount(positive=True), default=None),
        Key("max_friends", Whole(1, MAX_COUNT), default=None),
    ),
    check=_one_reward("referrer_", SHARE, enough="max_friends"),
    used_by=(*_decides("referrer_", SHARE), "max_friends"),
)
FRIEND = Group(
    "friend",
    (
        *_kinds("friend_"),
        Key("when", Choice(tuple(FriendWhen.values)), "friend_when", default=FriendWhen.REGISTRATION.value, shown=True),
    ),
    check=_one_reward("friend_"),
    used_by=_decides("friend_"),
)
MILESTONES = Milestones(
    "milestones", Milestone, "program", (Key("friends", Whole(1, MAX_COUNT)), *_kinds("")), check=_one_reward("")
)
PARTS: tuple[Part, ...] = (
    Key("name", Text(120), default="Referral program"),
    *PROGRAM,
    REFERRER,
    FRIEND,
    MILESTONES,
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
    """What is fixed comes once, with the friend's first paid check, unless said otherwise (`domain.md` section 8)."""
    referrer = raw.get("referrer") or {}
    fixed = any(referrer.get(key) is not None for key in KEYS) and "when" not in referrer
    return {"referrer_when": When.FIRST_VISIT.value} if fixed else {}
