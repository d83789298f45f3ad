"""What a check earns with cashback. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from loyalty.cashback.program import EVERYTHING, ONCE, Cumulative
from loyalty.mechanics import Person
from loyalty.money import ZERO, Money, down, percent_text, total
from loyalty.pricing import Bill, Earning, Idle, Note, Step, Tier
from loyalty.tiers import Rung, next_after, reached


@dataclass(frozen=True, slots=True)
class Received:
    """What the client has had of a program already, refunds taken off."""

    today: Money = ZERO
    this_month: Money = ZERO


NOTHING = Received()


@dataclass(frozen=True, slots=True)
class Giving:
    """A program that runs today: whether the client is in its segment, how many times it gives, what it gave."""

    program: Cumulative
    is_for_client: bool
    factor: Decimal = ONCE
    received: Received = NOTHING

    def cap(self, amount: Money) -> tuple[Money, str, Money]:
        """What of an amount may be given; and if not all of it, which cap says so, and the cap itself."""
        caps, received = self.program.caps, self.received
        rooms = [
            ("check", caps.check, caps.check),
            ("day", caps.day, None if caps.day is None else max(caps.day - received.today, ZERO)),
            ("month", caps.month, None if caps.month is None else max(caps.month - received.this_month, ZERO)),
        ]
        least, which, limit = amount, "", ZERO
        for name, cap, room in rooms:
            if cap is not None and room is not None and room < least:
                least, which, limit = room, name, cap
        return least, which, limit


@dataclass(frozen=True, slots=True)
class CashbackStep(Idle):
    """Earns cashback on the base of the check."""

    programs: tuple[Giving, ...]
    person: Person
    step: Money
    today: date

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        for giving in self.programs:
            bill = self._earn(bill, giving)
        return bill

    def _earn(self, bill: Bill, giving: Giving) -> Bill:
        program = giving.program
        if not giving.is_for_client:
            return bill.noted(_note(program, "not_for"))
        rung = program.rung_of(self.person, self.today)
        bill = bill.noted(*_next(program, rung, self.person, bill))
        if rung is None:
            return bill.noted(_note(program, "no_tier"))
        if bill.tier is None:
            bill = replace(bill, tier=Tier(rung.name, rung.percent))
        covered = tuple(line.number for line in bill.lines if program.scope.covers(line))
        base = total(line.base for line in bill.lines if line.number in covered)
        if not bill.earns:
            return bill
        if not base:
            return bill.noted(_note(program, "nothing_fits" if bill.base else "nothing_paid"))
        return self._give(bill, giving, rung, base, covered)

    def _give(self, bill: Bill, giving: Giving, rung: Rung, base: Money, covered: tuple[int, ...]) -> Bill:
        program, percent = giving.program, rung.percent * giving.factor
        full = down(base, percent, self.step)
        capped, which, limit = giving.cap(full)
        amount = Money(capped // self.step * self.step)
        facts = {
            "tier": rung.name,
            "percent": rung.percent,
            "factor": percent_text(giving.factor),
            "base": base,
            "exact": _share(base, percent),
        }
        if which:
            bill = bill.noted(_note(program, f"capped_{which}", amount, limit=limit, would_be=full, **facts))
        else:
            told = "earned" if giving.factor == 1 else "multiplied"
            rounded = "" if facts["exact"] == full else "_rounded"
            bill = bill.noted(_note(program, told + rounded, full, **facts))
        lines = covered if program.scope != EVERYTHING else None
        earning = Earning("cashback", program.code, program.name, amount, percent, lines=lines)
        return bill.earning(earning) if amount else bill


def _share(base: Money, percent: Decimal) -> Fraction:
    numerator, denominator = percent.as_integer_ratio()
    return Fraction(base * numerator, denominator * 100)


def _note(program: Cumulative, code: str, amount: Money = ZERO, **facts: Any) -> Note:
    return Note("earning", program.code, f"cashback.{code}", amount, {"name": program.name, **facts})


def _next(program: Cumulative, rung: Rung | None, person: Person, bill: Bill) -> list[Note]:
    """That the check reaches the next rung; or, if one more like it would, how much is missing.

    Only where all that was ever spent counts: what falls out of a window by then is not known.
    """
    above = next_after(program.rungs, rung)
    if above is None or program.window_days is not None or not bill.spent:
        return []
    missing = above.from_spent - person.total_spent - bill.spent
    facts = {"name": program.name, "tier": above.name, "percent": above.percent}
    if missing <= 0:
        reached_then = reached(program.rungs, person.total_spent + bill.spent) or above
        facts |= {"tier": reached_then.name, "percent": reached_then.percent}
        return [Note("hint", program.code, "hint.rises", facts=facts)]
    if missing <= bill.spent:
        return [Note("hint", program.code, "hint.next_rung", missing, {**facts, "missing": missing})]
    return []


@dataclass(frozen=True, slots=True)
class EarningOff(Idle):
    """Staff have said that the check earns nothing, with any program. The tier is still shown."""

    step: Step | None = None

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        bill = replace(bill.with_lines(replace(line, earns=False) for line in bill.lines), earns=False)
        bill = bill.noted(Note("earning", "", "earning.off"))
        return self.step.apply(bill, steps) if self.step is not None else bill
