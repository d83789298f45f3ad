"""What a check comes to by the words of `domain.md` 4.2 to 4.7, slowly: unit by unit, in fractions, nothing shared.

It knows the drawn rules and lines as data only and uses no function of the house, not even for rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.loyalty.random_checks import CASHBACK, CATEGORY, HOUSE, PERSON, RECENT, TODAY, Check, Drawn

Left = dict[int, int]
Units = dict[int, int]


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


def shared_out(amount: int, weights: Mapping[int, int], order: Sequence[int] = ()) -> dict[int, int]:
    """In proportion, by largest remainder, ties to the earlier line (in `order`); nothing where nothing weighs."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    exact = {n: Fraction(amount * weight, whole) for n, weight in weights.items()}
    parts = {n: floor(share) for n, share in exact.items()}
    first = list(order) or sorted(weights)
    by_remainder = sorted(weights, key=lambda n: (floor(exact[n]) - exact[n], first.index(n)))
    for n in by_remainder[: amount - sum(parts.values())]:
        parts[n] += 1
    return parts


# --- which units of which lines ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """One unit of a service that no membership covers; `of` as many on its line."""

    line: int
    code: str
    price: int
    of: int

    @property
    def goods(self) -> tuple[str, int, int]:
        """Which of equal ones comes first: by what it is, wherever it stands on the check."""
        return (self.code, self.of, self.line)


def units_to_pay(check: Check) -> list[Unit]:
    return [
        Unit(line.number, line.code, int(line.price), line.quantity - line.covered)
        for line in check.lines
        if line.kind == "service"
        for _unit in range(line.quantity - line.covered)
    ]


def is_named(unit: Unit, names: Collection[str]) -> bool:
    return bool({unit.code, CATEGORY[unit.code]} & set(names) - {""})


def touched(drawn: Drawn, check: Check) -> Units | None:
    """Line → units that a rule is about; None where it is not for this check."""
    rule, units = drawn.rule, units_to_pay(check)
    about = [unit for unit in units if not is_named(unit, rule.scope.excluded)]
    if rule.services:
        about = [unit for unit in about if is_named(unit, rule.services)]
    others = [unit for unit in units if unit not in about]
    price = sum(unit.price for unit in (others if rule.kind == "delivery" else units))
    if not drawn.for_this_check or not about or price < rule.min_check:
        return None
    chosen = {"bundle": in_sets, "cheapest": cheapest, "repeat": again}.get(rule.kind, lambda _rule, found: found)
    return dict(Counter(unit.line for unit in chosen(rule, about))) or None


def again(rule: Any, units: Sequence[Unit]) -> list[Unit]:
    return [unit for unit in units if unit.code in RECENT and RECENT[unit.code] <= rule.days]


def cheapest(rule: Any, units: Sequence[Unit]) -> list[Unit]:
    """Of every so many units one, the cheapest of all."""
    return sorted(units, key=lambda unit: (unit.price, *unit.goods))[: len(units) // rule.buy]


def in_sets(rule: Any, units: Sequence[Unit]) -> list[Unit]:
    """As many whole sets as can be made, each unit in one of them; services choose first, and the dearer units."""
    for sets in range(len(units), 0, -1):
        left = sorted(units, key=lambda unit: (-unit.price, *unit.goods))
        found = []
        for part in sorted(rule.services, key=lambda part: part in CATEGORY.values()):
            mine = [unit for unit in left if is_named(unit, [part])][:sets]
            for unit in mine:
                left.remove(unit)
            found += mine
        if len(found) == sets * len(rule.services):
            return found
    return []


# --- what comes off ---------------------------------------------------------------------------------------------------


def percent_of(rule: Any) -> Fraction | None:
    if rule.kind != "cumulative":
        return None if rule.percent is None else Fraction(rule.percent)
    steps = [step for step in rule.steps if step.from_spent <= PERSON.total_spent]
    return Fraction(max(steps, key=lambda step: step.from_spent).percent)


def comes_off(drawn: Drawn, check: Check, left: Left, order: Sequence[int]) -> dict[int, int]:
    """What a rule takes off each line, of what those before it have left."""
    rule, units = drawn.rule, touched(drawn, check) or {}
    paid = Counter(unit.line for unit in units_to_pay(check))
    shares = {n: Fraction(left[n] * some, paid[n]) for n, some in units.items()}
    percent = percent_of(rule)
    if percent is not None:
        off = {n: half_up(share * percent / 100) for n, share in shares.items()}
    else:
        weights = {n: floor(share) for n, share in shares.items()}
        off = shared_out(min(int(rule.amount or 0), sum(weights.values())), weights, order)
    if rule.most is not None and sum(off.values()) > rule.most:
        off = shared_out(int(rule.most), off, order)
    return {n: amount for n, amount in off.items() if amount}


def in_turn(one: Drawn) -> tuple[int, bool, str]:
    """The lower priority number, then percent before amount, then by code."""
    return (one.rule.priority, percent_of(one.rule) is None, one.rule.code)


def one_after_the_other(drawn: Iterable[Drawn], check: Check, order: Sequence[int]) -> dict[str, dict[int, int]]:
    """Code of a rule → what it takes off each line."""
    left = {line.number: int(line.price) * (line.quantity - line.covered) for line in check.lines}
    taken = {}
    for one in sorted(drawn, key=in_turn):
        taken[one.rule.code] = comes_off(one, check, left, order)
        for n, amount in taken[one.rule.code].items():
            left[n] -= amount
    return taken


def who_is_first(check: Check) -> list[int]:
    """In which order lines get a cent that is left over: by what they are, and equal ones as they stand."""
    lines = sorted(check.lines, key=lambda line: (line.code, line.price, line.quantity, line.covered, line.number))
    return [line.number for line in lines]


def sum_of(taken: Mapping[str, Mapping[int, int]]) -> int:
    return sum(amount for parts in taken.values() for amount in parts.values())


def best(check: Check, left_out: Collection[str] = ()) -> dict[str, dict[int, int]]:
    """The best exclusive alone, or all combinables, whichever makes the check cheapest.

    `left_out`: combinables that the house has left out, because the check is cheaper without.
    """
    fitting = [one for one in check.drawn if one.bonus is None and touched(one, check)]
    combinable = [one for one in fitting if one.rule.combinable]
    order = who_is_first(check)
    together = [one for one in combinable if one.rule.code not in left_out]
    alone = sorted((one for one in fitting if not one.rule.combinable), key=in_turn)
    choices = [[*together], *([one] for one in alone)]
    return max((one_after_the_other(choice, check, order) for choice in choices), key=sum_of)


# --- the rest of the check --------------------------------------------------------------------------------------------


@dataclass
class Result:
    """Line → what each part of the check is of it."""

    discount: Left
    taken: dict[str, dict[int, int]]
    bonus: Left = field(default_factory=dict)
    gift_card: Left = field(default_factory=dict)
    rest: Left = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)


def bonuses_that_pay(check: Check, base: int) -> int:
    """Lot by lot: soonest last day first, each within its program's limit, all within the highest and the house's."""
    if check.wanted == 0:
        return 0
    usable = [
        lot
        for lot in check.lots
        if lot.first_day <= TODAY and (lot.last_day is None or lot.last_day >= TODAY)
        if lot.min_check <= base and lot.remaining > 0
    ]
    highest = max((lot.limit_percent for lot in usable), default=0)
    room = floor(base * Fraction(min(highest, HOUSE.bonus_limit_percent)) / 100)
    given: Counter[str | None] = Counter()
    for lot in sorted(usable, key=lambda lot: (lot.last_day or date.max, lot.id)):
        own = floor(base * Fraction(lot.limit_percent) / 100) - given[lot.program]
        given[lot.program] += max(0, min(own, int(lot.remaining), room - sum(given.values())))
    return sum(given.values())


def reference(check: Check, left_out: Collection[str] = ()) -> Result:
    """The whole check."""
    taken = best(check, left_out)
    off = {line.number: sum(parts.get(line.number, 0) for parts in taken.values()) for line in check.lines}
    rest = {line.number: int(line.price) * (line.quantity - line.covered) - off[line.number] for line in check.lines}
    result = Result(off, taken, rest=rest)
    accepting = {line.number: rest[line.number] for line in check.lines if line.accepts_bonus and rest[line.number]}
    result.bonus = shared_out(bonuses_that_pay(check, sum(accepting.values())), accepting)
    for n, amount in result.bonus.items():
        rest[n] -= amount
    for card in check.cards:
        open_ = {line.number: rest[line.number] for line in check.lines if line.accepts_gift_card}
        for n, amount in shared_out(min(int(card.remaining), sum(open_.values())), open_).items():
            rest[n] -= amount
            result.gift_card[n] = result.gift_card.get(n, 0) + amount
    barred = {n for one in check.drawn if not one.rule.earns for n in taken.get(one.rule.code, {})}
    earning = [line.number for line in check.lines if line.earns and line.number not in barred]
    base = sum(rest[n] + result.gift_card.get(n, 0) for n in earning)
    result.earned = {"back": floor(base * Fraction(CASHBACK) / 100)}
    result.earned |= {one.rule.code: int(one.bonus) for one in check.drawn if one.bonus and touched(one, check)}
    return result


def does_not_fit(check: Check) -> list[str]:
    """Codes that were typed and are to be refused."""
    return [one.rule.code for one in check.drawn if one.rule.kind == "code" and not touched(one, check)]
