"""What a check comes to. Pure: values in, values out; no database, no clock, so years of visits replay in memory.

A bill starts as lines at list price. Steps, one for each mechanic and in the order of `settings.MECHANICS`,
each take their part (`domain.md` section 4):

    list - membership - discount = check;  check - bonus - gift_card = to pay;  base = to pay + gift card

A discount is *exclusive* or *combinable*. All combinable ones are taken one after the other, each on what is
left; each exclusive one is tried alone; the client gets whichever makes the check cheapest. Conditions were
tested on the prices before any discount, so a discount cannot undo its own condition.

Worked example (FlexGym): a personal training of 60.00; bonuses may pay floor(60 x 50 %) = 30.00; to pay 30.00;
earned 3 % of 30.00 = 0.90; the referrer gets 5 % of 30.00 = 1.50.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from loyalty.money import ZERO, Money, half_up, spread, total


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill. What has been taken off it so far; `rest` is what is left to pay."""

    number: int
    kind: str
    code: str
    name: str
    quantity: int
    price: Money
    service_id: int | None = None
    earns: bool = True
    accepts_bonus: bool = True
    accepts_gift_card: bool = True
    counts_as_spent: bool = True
    is_service: bool = True
    price_reason: str = ""
    terms: str = ""
    """Of something sold: what the buyer was promised besides the price."""
    covered: int = 0
    membership: Money = ZERO
    discount: Money = ZERO
    bonus: Money = ZERO
    gift_card: Money = ZERO
    earned: Money = ZERO
    item: Any = None

    @property
    def list(self) -> Money:
        return self.price.times(self.quantity)

    @property
    def rest(self) -> Money:
        return self.list - self.membership - self.discount - self.bonus - self.gift_card

    @property
    def paid_units(self) -> int:
        """Units that no membership covers."""
        return self.quantity - self.covered

    @property
    def received(self) -> Money:
        """Money and gift-card money: what the business really gets for the line."""
        return self.rest + self.gift_card

    @property
    def base(self) -> Money:
        return self.received if self.earns else ZERO

    @property
    def spent(self) -> Money:
        return self.received if self.counts_as_spent else ZERO


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the explanation: a rule that acted, or did not and why. Rendered by `loyalty.explanations`.

    `facts` hold plain values; `Money`, `date` and `Decimal` (a percentage) are shown as what they are.
    """

    stage: str
    rule: str
    code: str
    amount: Money = ZERO
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Earning:
    """Bonuses that a check earns: for the client, or for somebody else (`account` and `client_id` of theirs)."""

    mechanic: str
    program: str
    name: str
    amount: Money
    percent: Decimal | None = None
    for_other: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """The name of a rung and what it gives."""

    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """A check as far as it is worked out. `plans` holds what each mechanic means to do when it settles."""

    lines: tuple[Line, ...]
    notes: tuple[Note, ...] = ()
    earnings: tuple[Earning, ...] = ()
    plans: Mapping[str, Any] = field(default_factory=dict)
    bonus_spendable: Money = ZERO
    """The most bonuses that may pay of it."""
    tier: Tier | None = None
    """The rung the client earns by: the one before this check."""

    @property
    def list_total(self) -> Money:
        return total(line.list for line in self.lines)

    @property
    def membership_total(self) -> Money:
        return total(line.membership for line in self.lines)

    @property
    def discount_total(self) -> Money:
        return total(line.discount for line in self.lines)

    @property
    def check_total(self) -> Money:
        return self.list_total - self.membership_total - self.discount_total

    @property
    def bonus_total(self) -> Money:
        return total(line.bonus for line in self.lines)

    @property
    def gift_card_total(self) -> Money:
        return total(line.gift_card for line in self.lines)

    @property
    def to_pay(self) -> Money:
        return total(line.rest for line in self.lines)

    @property
    def base(self) -> Money:
        return total(line.base for line in self.lines)

    @property
    def spent(self) -> Money:
        return total(line.spent for line in self.lines)

    @property
    def sessions_used(self) -> int:
        return sum(line.covered for line in self.lines)

    @property
    def is_visit(self) -> bool:
        return any(line.is_service for line in self.lines)

    @property
    def earned_total(self) -> Money:
        return total(earning.amount for earning in self.earnings if earning.for_other is None)

    def with_lines(self, lines: Iterable[Line]) -> Bill:
        """The bill with these lines in the place of those with the same number."""
        changed = {line.number: line for line in lines}
        return replace(self, lines=tuple(changed.get(line.number, line) for line in self.lines))

    def noted(self, *notes: Note) -> Bill:
        return replace(self, notes=self.notes + notes)

    def planned(self, mechanic: str, plan: Any) -> Bill:
        return replace(self, plans={**self.plans, mechanic: plan})

    def earning(self, earning: Earning) -> Bill:
        """The bill with something more earned; the client's own is spread over the lines by their base."""
        bill = replace(self, earnings=(*self.earnings, earning))
        if earning.for_other is not None or not self.base:
            return bill
        shares = spread(earning.amount, [line.base for line in self.lines])
        lines = (
            replace(line, earned=line.earned + share) for line, share in zip(self.lines, shares, strict=True) if share
        )
        return bill.with_lines(lines)


class Offer(Protocol):
    """A discount that a check could have."""

    @property
    def mechanic(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def combinable(self) -> bool: ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What its explanation says besides the name and the amount."""

    @property
    def order(self) -> tuple[Any, ...]:
        """Which goes first: the lower priority number, then percent before amount, then by code."""

    def take(self, rests: Mapping[int, Money]) -> Mapping[int, Money]:
        """What it takes off each line (by number), given what is left of them. Never more than is left."""


@dataclass(frozen=True, slots=True)
class PercentOffer:
    """A percentage off so many paid units of some lines; halves of the smallest unit round up, per line."""

    mechanic: str
    code: str
    name: str
    percent: Decimal
    units: Mapping[int, tuple[int, int]]
    """Line number → (units it applies to, units that are paid for)."""
    combinable: bool = False
    priority: int = 100

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.priority, 0, self.code)

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"percent": self.percent}

    def take(self, rests: Mapping[int, Money]) -> Mapping[int, Money]:
        """An exact share of the line's rest, then the percentage, rounded once."""
        return {
            number: half_up(rests[number].times(units), self.percent, over=paid)
            for number, (units, paid) in self.units.items()
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The discounts that a check gets, and what each takes off each line."""

    offers: tuple[Offer, ...] = ()
    taken: tuple[Mapping[int, Money], ...] = ()

    @property
    def total(self) -> Money:
        return total(amount for parts in self.taken for amount in parts.values())


def in_sequence(offers: Sequence[Offer], rests: Mapping[int, Money]) -> Choice:
    """Each offer on what those before it have left."""
    left = dict(rests)
    taken = []
    for offer in sorted(offers, key=lambda offer: offer.order):
        parts = {number: amount for number, amount in offer.take(left).items() if amount}
        for number, amount in parts.items():
            left[number] -= amount
        taken.append(parts)
    return Choice(tuple(sorted(offers, key=lambda offer: offer.order)), tuple(taken))


def best_choice(offers: Sequence[Offer], rests: Mapping[int, Money]) -> Choice:
    """All combinable offers together, or one exclusive alone, whichever makes the check cheapest.

    Equal choices: the combinables, then the exclusive that comes first in order.
    """
    together = in_sequence([offer for offer in offers if offer.combinable], rests)
    alone = [in_sequence([offer], rests) for offer in sorted(offers, key=lambda o: o.order) if not offer.combinable]
    return max([together, *alone], key=lambda choice: choice.total)


class Step(Protocol):
    """What one mechanic does to a bill. Pure."""

    def offers(self, bill: Bill) -> Sequence[Offer]:
        """The discounts it proposes, on the prices before any discount."""

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        """The bill with this mechanic's part taken."""


class Idle:
    """A step that does nothing: the base of those that do one thing."""

    def offers(self, bill: Bill) -> Sequence[Offer]:
        return ()

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        return bill


def price(lines: Iterable[Line], steps: Sequence[Step]) -> Bill:
    """Work the check out: every step in order."""
    bill = Bill(lines=tuple(lines))
    for step in steps:
        bill = step.apply(bill, steps)
    return bill
