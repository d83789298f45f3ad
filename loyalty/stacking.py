"""Which of the discounts that a check could have it gets. Pure (`domain.md` section 4.3).

A discount is *exclusive* or *combinable*. All combinable ones are taken one after the other, the lower priority
number first, then percent before amount, then by code, each on what those before it have left; each exclusive one is
tried alone; the client gets whichever makes the check cheapest. Equal choices: the combinables, then the exclusive
that comes first in order. Conditions were tested on the prices before any discount, so the order in which lines,
codes or programs come in changes nothing.

    19.99 less 13 %, less 13 %:              2.60 and 2.26, 15.13 is left
    77.77 less 17.5 %, less 25.00:           13.61 and 25.00, 39.16 is left
    165.00, twice 100.00 off from 100.00:    combinable 0.00, exclusive 65.00

An amount off several lines is spread by largest remainder, which may give one line a cent more because another became
cheaper; a discount after it, on one of the lines, then sees that cent. So that one more program never makes a check
dearer, a combinable discount without which the check is cheaper is left out. Looking for one costs as much as the
discounts times the lines, once for each discount: beyond `SEARCH` such steps (a check of dozens of lines under dozens
of programs that spread amounts before percents) the cent is let be.

Amounts are plain whole numbers inside: this is the innermost loop of a quote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from loyalty.money import ZERO, Money, apportioned, total

Rests = Mapping[int, int]
SEARCH = 6_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A discount that a check could have: a percentage off some units of some lines, or an amount off those lines."""

    mechanic: str
    code: str
    name: str
    units: Mapping[int, tuple[int, int]]
    """Line number → (units it applies to, units that are paid for)."""
    percent: Decimal | None = None
    amount: Money | None = None
    most: Money | None = None
    """At most so much off the check."""
    combinable: bool = False
    priority: int = 100
    earns: bool = True
    """Off: lines that it touches earn nothing."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[Any, ...]:
        """Which goes first: the lower priority number, then percent before amount, then by code."""
        return (self.priority, self.percent is None, self.code, self.mechanic)

    def base(self, rests: Rests) -> Fraction:
        """What it is taken of, given what is left of the lines."""
        if all(units == paid for units, paid in self.units.values()):
            return Fraction(sum(rests[n] for n in self.units))
        return Fraction(sum(Fraction(rests[n] * units, paid) for n, (units, paid) in self.units.items()))

    def take(self, rests: Rests) -> dict[int, int]:
        """What it takes off each line, given what is left of them; never more than that."""
        taken = self.uncapped(rests)
        if self.most is None or sum(taken.values()) <= self.most:
            return taken
        return dict(zip(taken, apportioned(self.most, list(taken.values())), strict=True))

    def uncapped(self, rests: Rests) -> dict[int, int]:
        """The same without `most`."""
        return self._percent_of(rests, self.percent) if self.percent is not None else self._amount_of(rests)

    def _percent_of(self, rests: Rests, percent: Decimal) -> dict[int, int]:
        """Per line an exact share of what is left of it, then the percentage, rounded once, halves up."""
        numerator, denominator = percent.as_integer_ratio()
        up, whole = 2 * numerator, 100 * denominator
        return {
            n: (up * rests[n] * units + whole * paid) // (2 * whole * paid) for n, (units, paid) in self.units.items()
        }

    def _amount_of(self, rests: Rests) -> dict[int, int]:
        weights = [rests[n] * units // paid for n, (units, paid) in self.units.items()]
        whole = min(self.amount or ZERO, sum(weights))
        return dict(zip(self.units, apportioned(whole, weights), strict=True))

    @property
    def spreads(self) -> bool:
        """Whether it may divide an amount over several lines."""
        return len(self.units) > 1 and (self.amount is not None or self.most is not None)


@dataclass(frozen=True, slots=True)
class Taken:
    """A discount that a check gets: what it was taken of, and what off each line (by number)."""

    offer: Offer
    base: Fraction
    parts: Mapping[int, int]
    full: Money
    """Without its cap."""

    @property
    def total(self) -> Money:
        return total(self.parts.values())


@dataclass(frozen=True, slots=True)
class Choice:
    """The discounts that a check gets, in order. `crowded`: combinable ones without which it is cheaper."""

    taken: tuple[Taken, ...] = ()
    crowded: tuple[Offer, ...] = ()

    @property
    def total(self) -> Money:
        return total(one.total for one in self.taken)

    @property
    def offers(self) -> tuple[Offer, ...]:
        return tuple(one.offer for one in self.taken)


def in_sequence(offers: Sequence[Offer], rests: Rests) -> Choice:
    """Each offer on what those before it have left."""
    left = {n: int(rest) for n, rest in rests.items()}
    taken = []
    for offer in sorted(offers, key=lambda offer: offer.order):
        parts = {n: amount for n, amount in offer.take(left).items() if amount}
        taken.append(Taken(offer, offer.base(left), parts, _without_cap(offer, left)))
        for n, amount in parts.items():
            left[n] -= amount
    return Choice(tuple(taken))


def _without_cap(offer: Offer, rests: Rests) -> Money:
    if offer.percent is None:
        return offer.amount or ZERO
    return total(offer.uncapped(rests).values()) if offer.most is not None else ZERO


def all_together(offers: Sequence[Offer], rests: Rests) -> Choice:
    """All combinable offers, less those without which the check is cheaper (a cent that a spread has moved)."""
    kept = sorted(offers, key=lambda offer: offer.order)
    idle, crowded = _idle(kept, rests), []
    kept = [offer for offer in kept if offer not in idle]
    while len(kept) ** 2 * len(rests) <= SEARCH and _may_move_a_cent(kept):
        now = _off(kept, rests)
        without = {offer.order: _off([one for one in kept if one is not offer], rests) for offer in kept}
        worst = max(kept, key=lambda offer: without[offer.order])
        if without[worst.order] <= now:
            break
        kept.remove(worst)
        crowded.append(worst)
    choice = in_sequence(kept, rests)
    return Choice((*choice.taken, *(Taken(offer, Fraction(0), {}, ZERO) for offer in idle)), tuple(crowded))


def _idle(offers: Sequence[Offer], rests: Rests) -> list[Offer]:
    """Those that find nothing left. They must not step in for one that is left out: it would be as dear as with it."""
    if not _may_move_a_cent(offers):
        return []
    return [one.offer for one in in_sequence(offers, rests).taken if not one.parts]


def _may_move_a_cent(offers: Sequence[Offer]) -> bool:
    """A spread over several lines, and after it something that does not treat all lines alike."""
    for i, offer in enumerate(offers):
        later = offers[i + 1 :]
        if offer.spreads and any(one.percent is not None or one.units != offer.units for one in later):
            return True
    return False


def _off(offers: Sequence[Offer], rests: Rests) -> int:
    """What a sequence takes off, and nothing else: this is asked often."""
    left = {n: int(rest) for n, rest in rests.items()}
    whole = 0
    for offer in offers:
        for n, amount in offer.take(left).items():
            left[n] -= amount
            whole += amount
    return whole


def best_choice(offers: Sequence[Offer], rests: Rests) -> Choice:
    """All combinable offers together, or one exclusive alone, whichever makes the check cheapest."""
    together = all_together([offer for offer in offers if offer.combinable], rests)
    exclusive = sorted((offer for offer in offers if not offer.combinable), key=lambda offer: offer.order)
    best, most = None, int(together.total)
    for offer in exclusive:
        off = _off([offer], rests)
        if off > most:
            best, most = offer, off
    return together if best is None else in_sequence([best], rests)
