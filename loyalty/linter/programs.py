"""What the linter looks at: the programs that are on, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from loyalty.audience import Segment
from loyalty.cashback import Cumulative
from loyalty.discounts.rules import CodeRule, Rule
from loyalty.findings import Finding, Known, Severity, Where
from loyalty.house import House, Priced
from loyalty.linter.words import quoted
from loyalty.models import BonusProgram, Discount
from loyalty.money import Money
from loyalty.periods import Week
from loyalty.scope import Scope
from loyalty.terms import Terms

Kind = Discount.Kind
Trigger = BonusProgram.Trigger
WHOLE_WEEK = Week()
EVERYTHING = Scope()
WHOLE = Decimal(100)
HOUSE = Where("clients.business")


@dataclass(frozen=True, slots=True)
class Program:
    """What programs of every kind have. `name` is how a sentence speaks of it: SPRING, “Happy hours”."""

    where: Where
    name: str
    from_day: date | None = None
    to_day: date | None = None
    week: Week = WHOLE_WEEK
    places: frozenset[str] = frozenset()
    scope: Scope = EVERYTHING
    segment: int | None = None
    tier: str = ""
    client: int | None = None
    bonuses: Terms | None = None
    """Of the bonuses that it gives, if it does."""
    is_typed: bool = False
    """A promo code: somebody uses it, it does not act by itself."""

    def grave(self, rule: str, text: str, *also: Where) -> Finding:
        return Finding(Severity.GRAVE, rule, self.where, text, also)

    def note(self, rule: str, text: str, *also: Where) -> Finding:
        return Finding(Severity.NOTE, rule, self.where, text, also)


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a promo code that can be typed: whether there are any, any that can be used, or more in work."""

    made: bool = False
    left: bool = False
    in_work: bool = False


NO_CODES = Codes()


@dataclass(frozen=True, slots=True)
class Deal:
    """A discount, or a promo code (then `code` is not None)."""

    program: Program
    rule: Rule
    code: CodeRule | None = None
    codes: Codes = NO_CODES

    @property
    def is_off_a_check(self) -> bool:
        """Whether it makes a check cheaper; a promo code may give bonuses instead."""
        return self.code is None or self.code.bonus is None

    @property
    def order(self) -> tuple[int, bool, str]:
        """Which goes first on a check (`loyalty.stacking`). A code of a batch may be any: it counts as the first."""
        is_amount = self.rule.percent is None and not self.rule.steps
        text = self.rule.code if self.code is None else "" if self.code.is_batch else self.rule.code.upper()
        return (self.rule.priority, is_amount, text)


@dataclass(frozen=True, slots=True)
class Cashback:
    """A cashback program; without tiers it is not one the till knows."""

    program: Program
    rules: Cumulative | None


@dataclass(frozen=True, slots=True)
class Gift:
    """A bonus program."""

    program: Program
    trigger: str
    gives_nothing: bool
    amount: Money | None = None
    budget: Money | None = None
    left: Money | None = None
    """Of the budget."""
    unknown_date: str = ""
    """The personal date that it is about, if no client has one of this name."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial session, with the codes of what may be tried."""

    program: Program
    services: frozenset[str]
    gives_nothing: bool


Kinds: TypeAlias = Deal | Cashback | Gift | Trial


@dataclass(frozen=True, slots=True)
class Programs:
    """Everything that is on, with what is known of the house. Segments: all, those that are off too."""

    house: House
    known: Known
    deals: Sequence[Deal] = ()
    cashback: Sequence[Cashback] = ()
    gifts: Sequence[Gift] = ()
    trials: Sequence[Trial] = ()
    segments: Mapping[int, Segment] = field(default_factory=dict)
    empty_segments: frozenset[int] = frozenset()
    """Those of the segments to which no client belongs now; none while there are no clients at all."""
    forgotten: frozenset[int] = frozenset()
    """Clients of a program who have asked to be forgotten."""

    @property
    def all(self) -> list[Program]:
        kinds: Sequence[Sequence[Kinds]] = (self.deals, self.cashback, self.gifts, self.trials)
        return [one.program for kind in kinds for one in kind]

    @property
    def tiers(self) -> frozenset[str]:
        """Names of the tiers that a client can stand on, now or when the program begins."""
        running = [one.rules for one in self.cashback if one.rules is not None and not is_over(one.program, self.known)]
        return frozenset(rung.name for rules in running for rung in rules.rungs)

    @property
    def live_deals(self) -> list[Deal]:
        """Those that are not over."""
        return [deal for deal in self.deals if not is_over(deal.program, self.known)]

    def segment_of(self, program: Program) -> Segment | None:
        return None if program.segment is None else self.segments.get(program.segment)

    def services_of(self, scope: Scope) -> frozenset[str]:
        """Codes of what is on sale and in the scope."""
        return frozenset(code for code, service in self.house.services.items() if is_in(scope, service))


def is_in(scope: Scope, service: Priced) -> bool:
    """As `Scope.covers` says of a line."""
    names = {name for name in (service.code, service.category) if name}
    return (not scope.named or bool(names & scope.named)) and not names & scope.excluded


def is_over(program: Program, known: Known) -> bool:
    return program.to_day is not None and program.to_day < known.today


def speak_of(name: str, code: str, *, is_typed: bool, is_batch: bool = False) -> str:
    """A code that many type is known by itself; everything else by its name."""
    return code if is_typed and not is_batch else quoted(name)
