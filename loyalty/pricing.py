"""What a check comes to. Pure: values in, values out; no database, no clock, so years of visits replay in memory.

A bill starts as lines at list price. Steps, one for each mechanic and in the order of `settings.MECHANICS`,
each take their part (`domain.md` section 4):

    list - membership - discount = check;  check - bonus - gift_card = to pay;  base = to pay + gift card

Which discounts a check gets is told in `loyalty.stacking`.

Worked example (FlexGym): a personal training of 60.00; bonuses may pay floor(60 x 50 %) = 30.00; to pay 30.00;
earned 3 % of 30.00 = 0.90; the referrer gets 5 % of 30.00 = 1.50.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from loyalty.money import ZERO, Money, spread, total
from loyalty.stacking import Offer


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
    category: str = ""
    earns_before_discounts: bool = False
    gift_card_earns: bool = True
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
        paid = int(self.membership) + int(self.discount) + int(self.bonus) + int(self.gift_card)
        return Money(int(self.price) * self.quantity - paid)

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
        """What it earns on: money, and (as the house rules say) gift-card money and what discounts took off."""
        if not self.earns:
            return ZERO
        base = self.rest + self.gift_card if self.gift_card_earns else self.rest
        return base + self.discount if self.earns_before_discounts else base

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
    lines: tuple[int, ...] | None = None
    """Numbers of the lines that it is earned on; None: of all."""


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
    earns: bool = True
    """Off: staff have said that this check earns nothing."""

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
        on = earning.lines
        shares = spread(earning.amount, [line.base if on is None or line.number in on else 0 for line in self.lines])
        lines = (
            replace(line, earned=line.earned + share) for line, share in zip(self.lines, shares, strict=True) if share
        )
        return bill.with_lines(lines)


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
