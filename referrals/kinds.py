"""What a side can get: bonuses, a discount on a check, a gift card or a membership. One of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from loyalty.mechanics import mechanics
from loyalty.money import ZERO, Money
from referrals.models import Kind


@dataclass(frozen=True, slots=True)
class Gain:
    """One thing of one kind. `amount`: of bonuses, or what a gift card is worth; `percent`: of a discount."""

    kind: Kind
    amount: Money = ZERO
    percent: Decimal | None = None
    good: str = ""
    """Code of the type of gift card, or of the plan."""
    called: str = ""
    """Its name."""

    @property
    def is_bonuses(self) -> bool:
        return self.kind == Kind.BONUS

    @property
    def is_discount(self) -> bool:
        return self.kind == Kind.DISCOUNT

    @property
    def facts(self) -> dict[str, Any]:
        """What a note about it carries besides an amount of bonuses."""
        if self.is_discount:
            return {"percent": self.percent}
        if self.kind == Kind.GIFT_CARD:
            return {"worth": self.amount}
        return {"good": self.called or self.good} if self.kind == Kind.MEMBERSHIP else {}


def gain_of(row: Any, side: str = "") -> Gain | None:
    """What a row of settings says that this side (`referrer_`, `friend_`; "" for a milestone) gets."""

    def said(column: str) -> Any:
        return getattr(row, f"{side}{column}")

    if said("amount") is not None:
        return Gain(Kind.BONUS, said("amount"))
    if said("discount_percent") is not None:
        return Gain(Kind.DISCOUNT, percent=said("discount_percent"))
    if said("gift_card"):
        return Gain(Kind.GIFT_CARD, said("gift_amount") or ZERO, good=said("gift_card"))
    if said("membership"):
        return Gain(Kind.MEMBERSHIP, good=said("membership"))
    return None


SECTIONS = {Kind.GIFT_CARD: "gift_cards", Kind.MEMBERSHIP: "memberships"}
"""Of which section of the setup document the goods of a kind are: a mechanic says so of itself (`presents`)."""


def goods(kind: Kind) -> Mapping[str, str]:
    """Code → name of what can be given of this kind."""
    section = SECTIONS.get(kind)
    givers = (mechanic for mechanic in mechanics() if section and mechanic.presents == section)
    return {code: name for mechanic in givers for code, name in mechanic.gives().items()}


def with_name(gain: Gain | None) -> Gain | None:
    """The same, with what it is called. One query for a gift card or a membership."""
    if gain is None or not gain.good:
        return gain
    return replace(gain, called=goods(gain.kind).get(gain.good, ""))
