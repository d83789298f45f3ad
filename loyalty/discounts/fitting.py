"""Whether a rule fits a check, and to which units of it; if not, why not and how little is missing. Pure.

Asked in the order in which a person would: where, when, for whom, of what, from which sum. What is asked of the check
is asked of the prices before any discount, and of the units that no membership covers: they cost nothing already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from loyalty.audience import Gap
from loyalty.discounts.rules import Rule
from loyalty.mechanics import Person, Scene
from loyalty.models import Discount
from loyalty.money import Money, total
from loyalty.pricing import Bill, Line
from loyalty.scope import Scope

Kind = Discount.Kind
Units = dict[int, tuple[int, int]]
SOME_UNITS = (Kind.REPEAT, Kind.BUNDLE, Kind.CHEAPEST)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a rule does not act: the code of a note without its stem, and its facts. `hint`: what would make it act."""

    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a rule would act on, and with how much."""

    units: Units
    percent: Decimal | None
    amount: Money | None


Recent = Mapping[str, int]
"""Code of a service → days since the client last had it."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What discounts are about: services with something to pay. Gift cards and memberships are sold at their price."""

    lines: tuple[Line, ...]
    price: Money
    """Before any discount, covered units taken off."""
    units: Units
    """Every paid unit of every line."""

    @classmethod
    def of(cls, bill: Bill) -> Goods:
        lines = tuple(line for line in bill.lines if line.is_service and line.paid_units)
        return cls(lines, price_of(lines), {line.number: (line.paid_units, line.paid_units) for line in lines})

    def within(self, scope: Scope) -> Sequence[Line]:
        return [line for line in self.lines if scope.covers(line)] if scope else self.lines


def price_of(lines: Iterable[Line]) -> Money:
    """Before any discount, covered units taken off."""
    return total(line.list - line.membership for line in lines)


# --- where, when, for whom -------------------------------------------------------------------------------------------


def misfit(rule: Rule, scene: Scene) -> Misfit | None:
    """What keeps the rule from this place, this moment or this client, whatever is on the check."""
    if rule.places and scene.place.code not in rule.places:
        return Misfit("elsewhere", {"place": scene.place.name})
    if not rule.week.on(scene.local):
        return Misfit("other_hours")
    return _not_for(rule, scene)


def _not_for(rule: Rule, scene: Scene) -> Misfit | None:
    person = scene.person
    if person is None:
        return Misfit("nobody") if _asks_who(rule) else None
    if rule.client is not None and rule.client != person.id:
        return Misfit("another_client")
    if rule.card and rule.card not in person.cards:
        return Misfit("other_card")
    if rule.tier and rule.tier not in scene.ranks:
        return Misfit("other_tier", {"tier": rule.tier})
    gaps = scene.gaps(rule.segment)
    if gaps:
        return _outside(gaps, scene.house.segments.get(rule.segment or 0))
    return _no_step(rule, person) if rule.kind == Kind.CUMULATIVE else None


def _asks_who(rule: Rule) -> bool:
    asks = (rule.client, rule.card, rule.tier, rule.segment)
    return any(asks) or rule.kind in (Kind.CUMULATIVE, Kind.REPEAT)


def _outside(gaps: Sequence[Gap], segment: Any) -> Misfit:
    if segment is None:
        return Misfit("segment_off")
    facts: dict[str, Any] = {"segment": segment.name}
    if segment.is_static:
        return Misfit("not_listed", facts)
    if len(gaps) > 1:
        return Misfit("outside", facts)
    (gap,) = gaps
    if gap.visits == 1:
        return Misfit("outside", facts, hint="one_visit")
    if gap.spent or gap.balance:
        hint = "spend_more" if gap.spent else "more_bonuses"
        return Misfit("outside", {**facts, "missing": gap.spent or gap.balance}, hint=hint)
    return Misfit("outside", facts, hint=gap.what if gap.count == 1 else "")


def _no_step(rule: Rule, person: Person) -> Misfit | None:
    if any(step.from_spent <= person.total_spent for step in rule.steps):
        return None
    if not rule.steps:
        return Misfit("nothing_fits")
    missing = rule.steps[0].from_spent - person.total_spent
    return Misfit("no_step", {"missing": missing, "percent": rule.steps[0].percent}, hint="spend_more")


# --- of what, from which sum -----------------------------------------------------------------------------------------


def fit(rule: Rule, goods: Goods, person: Person | None, recent: Recent) -> Fit | Misfit:
    """What the rule acts on, of a check at whose place, moment and client it is."""
    lines = goods.within(rule.scope)
    if not lines:
        return Misfit("nothing_fits")
    if rule.min_check:
        counted = goods.price - price_of(lines) if rule.kind == Kind.DELIVERY else goods.price
        missing = rule.min_check - counted
        if missing > 0:
            facts = {"min_check": rule.min_check, "missing": missing}
            return Misfit("check_too_small", facts, hint="more" if missing <= counted else "")
    units = _units(rule, lines, recent) if rule.kind in SOME_UNITS else _all(goods, lines)
    if isinstance(units, Misfit):
        return units
    return Fit(units, _percent(rule, person), rule.amount)


def _percent(rule: Rule, person: Person | None) -> Decimal | None:
    if rule.kind != Kind.CUMULATIVE or person is None:
        return rule.percent
    return max((step for step in rule.steps if step.from_spent <= person.total_spent), key=_from_spent).percent


def _from_spent(step: Any) -> Money:
    return Money(step.from_spent)


def _units(rule: Rule, lines: Sequence[Line], recent: Recent) -> Units | Misfit:
    if rule.kind == Kind.REPEAT:
        again = [line for line in lines if line.code in recent and recent[line.code] <= (rule.days or 0)]
        units = {line.number: (line.paid_units, line.paid_units) for line in again}
        return units or Misfit("not_again", {"days": rule.days})
    return _sets(rule, lines) if rule.kind == Kind.BUNDLE else _cheapest(rule, lines)


def _all(goods: Goods, lines: Sequence[Line]) -> Units:
    return goods.units if lines is goods.lines else {line.number: goods.units[line.number] for line in lines}


def _sets(rule: Rule, lines: Sequence[Line]) -> Units | Misfit:
    """As many units of each part as there are complete sets, the dearer ones first; a unit fills one part.

    A part is a service or a category. Services choose first; a category has what they leave of it.
    """
    left = {line.number: line.paid_units for line in lines}
    parts = sorted(dict.fromkeys(rule.services), key=lambda part: all(part != line.code for line in lines))
    sets = _complete(parts, lines)
    if not sets:
        missing = [part for part in parts if not _of_part(part, lines)]
        facts = {"part": missing[0] if missing else ""}
        return Misfit("not_complete", facts, hint="complete" if len(missing) == 1 < len(parts) else "")
    for part in parts:
        wanted = sets
        for line in sorted(_of_part(part, lines), key=lambda line: (-line.price, *_kind_of(line))):
            taken = min(wanted, left[line.number])
            left[line.number] -= taken
            wanted -= taken
    taken_of = {line.number: (line.paid_units - left[line.number], line.paid_units) for line in lines}
    return {number: units for number, units in taken_of.items() if units[0]}


def _complete(parts: Sequence[str], lines: Sequence[Line]) -> int:
    """How many complete sets there are. A category shares its units with each part that is a service of it."""
    counts = []
    for part in parts:
        mine = _of_part(part, lines)
        codes = {line.code for line in mine}
        sharing = sum(other in codes for other in parts) if part not in codes else 0
        counts.append(sum(line.paid_units for line in mine) // (1 + sharing))
    return min(counts, default=0)


def _of_part(part: str, lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if part == line.code] or [line for line in lines if part == line.category]


def _kind_of(line: Line) -> tuple[str, int, int]:
    """What a line is, wherever it stands on the check: the order of lines decides nothing."""
    return (line.code, line.paid_units, line.number)


def _cheapest(rule: Rule, lines: Sequence[Line]) -> Units | Misfit:
    """Of every `buy` units on the check one, the cheapest of all."""
    buy = rule.buy or 2
    count = sum(line.paid_units for line in lines)
    free = count // buy
    if not free:
        facts = {"buy": buy, "missing_units": buy - count}
        return Misfit("too_few", facts, hint="one_more" if buy - count == 1 else "")
    units: Units = {}
    for line in sorted(lines, key=lambda line: (line.price, *_kind_of(line))):
        part = min(free, line.paid_units)
        free -= part
        if part:
            units[line.number] = (part, line.paid_units)
    return dict(sorted(units.items()))
