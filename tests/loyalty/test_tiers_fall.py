"""When a client falls from a tier: a table of cases, and any life at all against a walk through every night of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.falling import Fall, Floor, Held, Plan, Stairs, come_to, held_of, missing_for, plan, stand
from loyalty.mechanics import TierHeld
from loyalty.money import Money
from loyalty.tiers import Counted, Rung

START, SILVER, GOLD = 1, 2, 3
FIRST, TENTH = date(2027, 3, 1), date(2027, 3, 10)


def day(month: int, number: int, year: int = 2027) -> date:
    return date(year, month, number)


def rungs(*terms: tuple[int, int], low: int = 0) -> tuple[Rung, ...]:
    """Start, Silver from 500.00, Gold from 1,500.00, each with (min_days, grace_days)."""
    named = ((START, "Start", low), (SILVER, "Silver", 50_000), (GOLD, "Gold", 150_000))
    return tuple(
        Rung(pk, name, Money(begins), Decimal(3), *term)
        for (pk, name, begins), term in zip(named, (*terms, (0, 0), (0, 0), (0, 0)), strict=False)
    )


@dataclass
class Case:
    """A client on `tier` since `since`; on `today` `spent` counts (day → sum, or a total)."""

    name: str
    tier: int
    spent: int | dict[date, int]
    falls: list[tuple[date, int | None]]
    terms: Sequence[tuple[int, int]] = ()
    since: date = FIRST
    today: date = TENTH
    window: int | None = None
    one_step: bool = False
    short_from: date | None = None
    extension_days: int = 0
    floor: tuple[int, date, date | None] | None = None
    is_due: bool = False
    low: int = 0

    def __str__(self) -> str:
        return self.name


CASES = [
    Case("who is not short does not fall", SILVER, 50_000, []),
    Case("0 and 0: the next night", SILVER, 49_999, [(day(3, 11), START)], is_due=True),
    Case("the term first", SILVER, 0, [(day(4, 30), START)], terms=((0, 0), (60, 0))),
    Case("then the grace", SILVER, 41_400, [(day(5, 30), START)], terms=((0, 0), (60, 30))),
    Case("a term that is over leaves the grace", SILVER, 0, [(day(3, 16), START)], terms=((0, 0), (3, 5))),
    Case("to what was earned, past a tier", GOLD, 0, [(day(3, 11), START)], is_due=True),
    Case("one step a night", GOLD, 0, [(day(3, 11), SILVER), (day(3, 12), START)], one_step=True, is_due=True),
    Case(
        "each lower tier begins its own term",
        GOLD,
        0,
        [(day(3, 11), SILVER), (day(5, 20), START)],
        terms=((0, 0), (60, 10)),
        one_step=True,
        is_due=True,
    ),
    Case("one step no further than what is reached", GOLD, 60_000, [(day(3, 11), SILVER)], one_step=True, is_due=True),
    Case("short for long already", SILVER, 0, [(day(3, 12), START)], terms=((0, 0), (0, 10)), short_from=day(3, 2)),
    Case("days of a closure on top", SILVER, 0, [(day(3, 18), START)], extension_days=7),
    Case("below the lowest there is none", START, 0, [(day(3, 11), None)], low=100, is_due=True),
    Case("a window to its last day", SILVER, {day(3, 1): 50_000}, [(day(5, 1), START)], window=60),
    Case(
        "a window of several visits",
        GOLD,
        {day(3, 1): 100_000, day(3, 9): 60_000},
        [(day(3, 31), SILVER), (day(4, 8), START)],
        window=29,
    ),
    Case(
        "a window, the term and one step",
        GOLD,
        {day(3, 1): 150_000},
        [(day(5, 1), SILVER), (day(5, 11), START)],
        terms=((0, 0), (0, 10), (20, 0)),
        window=60,
        one_step=True,
    ),
    Case(
        "over a leap day",
        SILVER,
        {day(2, 1, 2028): 50_000},
        [(day(3, 2, 2028), START)],
        since=day(2, 1, 2028),
        today=day(2, 1, 2028),
        window=29,
    ),
    Case("by hand: to the end and no longer", SILVER, 0, [(day(4, 1), START)], floor=(SILVER, day(3, 1), day(3, 31))),
    Case("by hand for ever", SILVER, 0, [], floor=(SILVER, day(3, 1), None)),
    Case(
        "by hand: no terms of the tier",
        GOLD,
        0,
        [(day(4, 1), START)],
        terms=((0, 0), (0, 0), (365, 30)),
        one_step=True,
        floor=(GOLD, day(3, 1), day(3, 31)),
    ),
    Case(
        "a term of their own goes on after the hand",
        GOLD,
        60_000,
        [(day(5, 30), SILVER)],
        terms=((0, 0), (0, 0), (90, 0)),
        floor=(GOLD, day(3, 5), day(3, 31)),
    ),
    Case(
        "what was earned above falls to the hand, then to what was earned",
        GOLD,
        0,
        [(day(3, 11), SILVER), (day(4, 1), START)],
        floor=(SILVER, day(2, 1), day(3, 31)),
        is_due=True,
    ),
    Case("what a hand gave and the spending reaches stays", SILVER, 50_000, [], floor=(SILVER, day(3, 1), day(3, 31))),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table(case: Case) -> None:
    stairs = Stairs(1, case.window, case.one_step, rungs(*case.terms, low=case.low))
    by_id = {rung.id: rung for rung in stairs.rungs}
    floor = Floor(by_id[case.floor[0]], case.floor[1], case.floor[2]) if case.floor else None
    held = Held(by_id[case.tier], case.since, case.short_from, case.extension_days, floor)
    counted = (
        Counted.of_window(case.spent, case.window or 0, case.today)
        if isinstance(case.spent, dict)
        else Counted.of_total(Money(case.spent), case.today)
    )
    found = plan(stairs, held, counted, today=case.today)
    assert [(fall.day, fall.tier) for fall in found.falls] == case.falls
    assert found.is_due == case.is_due


def test_86_more_by_30_april_keeps_silver() -> None:
    """Silver on 1 March with 520.00 and a term of 61 days; 106.00 come back on 10 March."""
    stairs = Stairs(1, None, False, rungs((0, 0), (61, 0)))
    counted = Counted.of_total(Money(41_400), day(3, 10))
    (fall,) = plan(stairs, Held(stairs.rungs[1], day(3, 1)), counted, today=day(3, 10)).falls
    missing = missing_for(stairs.rungs[1], fall, stairs.rungs, counted)
    assert (missing.missing, missing.keeps_by, missing.on) == (8_600, day(4, 30), day(5, 1))
    assert missing.to == stairs.rungs[0]


def test_what_has_left_the_window_by_the_fall_is_missing_too() -> None:
    stairs = Stairs(1, 60, False, rungs())
    counted = Counted.of_window({day(3, 1): 40_000, day(3, 20): 10_000}, 60, day(4, 30))
    (fall,) = plan(stairs, Held(stairs.rungs[1], day(3, 20)), counted, today=day(4, 30)).falls
    missing = missing_for(stairs.rungs[1], fall, stairs.rungs, counted)
    assert (missing.missing, missing.keeps_by) == (40_000, day(4, 30))


# --- any life, night by night ---------------------------------------------------------------------------------------


@dataclass
class Walk:
    """The words, taken literally: every night looks at everything that was ever spent."""

    stairs: Stairs
    visits: list[tuple[date, int]] = field(default_factory=list)
    tier: int = 0
    since: date = FIRST
    short_since: dict[int, date] = field(default_factory=dict)
    extension: int = 0
    hand: tuple[int, date, date | None] | None = None

    def counts(self, on: date) -> int:
        days = self.stairs.window_days
        return sum(spent for at, spent in self.visits if days is None or on <= at + timedelta(days=days))

    def lowest_short(self, on: date) -> int:
        return max(n for n, rung in enumerate(self.stairs.rungs) if rung.from_spent <= self.counts(on))

    def floor(self, on: date) -> int | None:
        return self.hand[0] if self.hand and (self.hand[2] is None or on <= self.hand[2]) else None

    def forget(self, on: date) -> None:
        """Whoever reaches a tier is short of it no more."""
        reached = self.lowest_short(on)
        self.short_since = {n: since for n, since in self.short_since.items() if n > reached}

    def goes_to(self, tier: int, on: date) -> None:
        self.tier, self.since, self.extension = tier, on, 0

    def rises(self, on: date) -> None:
        self.forget(on)
        best = max(self.lowest_short(on), self.floor(on) or 0)
        if best > self.tier:
            self.goes_to(best, on)

    def night(self, on: date) -> None:
        self.forget(on)
        for n in range(self.lowest_short(on) + 1, len(self.stairs.rungs)):
            self.short_since.setdefault(n, on)
        if self.tier not in self.short_since:
            return
        rung, floor = self.stairs.rungs[self.tier], self.floor(on)
        if floor is not None and self.tier <= floor:
            return
        term = max(self.short_since[self.tier], self.since + timedelta(days=rung.min_days))
        is_over = on >= term + timedelta(days=rung.grace_days + self.extension)
        if self.hand and floor is None and self.tier == self.hand[0]:
            had_own = self.since < self.hand[1]
            if on == (self.hand[2] or on) + timedelta(days=1) and (is_over or not had_own):
                self.goes_to(self.lowest_short(on), on)
                return
        if is_over:
            lower = self.tier - 1 if self.stairs.one_step else self.lowest_short(on)
            self.goes_to(max(lower, floor or 0), on)


@dataclass
class Kept:
    """What the house keeps of the same client, written at events, and by nights that may come or not."""

    stairs: Stairs
    record: TierHeld
    visits: dict[date, int] = field(default_factory=dict)

    def counted(self, today: date) -> Counted:
        if self.stairs.window_days is None:
            return Counted.of_total(Money(sum(self.visits.values())), today)
        return Counted.of_window(self.visits, self.stairs.window_days, today)

    def work_out(self, today: date, *, climbs: bool) -> None:
        before = held_of(self.stairs, self.record, today)
        held, planned = stand(self.stairs, before, self.counted(today), today=today, climbs=climbs)
        assert held is not None
        self.keep(held, planned)

    def keep(self, held: Held, planned: Plan) -> None:
        falls = tuple((fall.day, fall.tier, fall.short_from) for fall in planned.falls)
        self.record = TierHeld(
            1, held.rung.id, held.rung.from_spent, held.since, falls, held.extension_days, self.record.hand
        )

    def night(self, today: date) -> None:
        fall, coming = come_to([Fall(*one) for one in self.record.falls], today)
        held = held_of(self.stairs, self.record, today)
        if fall is not None and held is not None:
            self.keep(held, Plan(coming))

    def by_night(self, today: date) -> None:
        """All worked out anew in the night, as after a change of thresholds that changed nothing."""
        before = held_of(self.stairs, self.record, today - timedelta(days=1))
        held, planned = stand(self.stairs, before, self.counted(today), today=today, is_night=True)
        assert held is not None
        self.keep(held, planned)


TERM = st.tuples(st.integers(0, 30), st.integers(0, 15))
EVENT = st.tuples(
    st.integers(0, 12),
    st.sampled_from(["spend", "spend", "spend", "refund", "hand", "closed", "count"]),
    st.integers(0, 120_000),
)


@given(
    terms=st.tuples(TERM, TERM, TERM),
    window=st.one_of(st.none(), st.integers(1, 40)),
    one_step=st.booleans(),
    events=st.lists(EVENT, max_size=12),
    nights=st.sampled_from(["every", "never", "odd"]),
)
def test_any_life_comes_to_what_a_walk_through_every_night_says(
    terms: tuple[tuple[int, int], ...],
    window: int | None,
    one_step: bool,
    events: list[tuple[int, str, int]],
    nights: str,
) -> None:
    stairs = Stairs(1, window, one_step, rungs(*terms))
    walk = Walk(stairs)
    kept = Kept(stairs, TierHeld(1, START, Money(0), FIRST))
    today = FIRST
    for gap, what, size in [*events, (120, "nothing", 0)]:
        for _night in range(gap):
            today += timedelta(days=1)
            walk.night(today)
            if nights == "every" or (nights == "odd" and today.day % 5 == 3):
                kept.night(today)
            now = held_of(stairs, kept.record, today)
            assert now is not None
            assert (now.rung, now.since) == (stairs.rungs[walk.tier], walk.since), today
            anew, planned = stand(stairs, now, kept.counted(today), today=today, climbs=False)
            assert anew is not None
            assert (anew, planned.falls) == (replace(now, short_from=anew.short_from), plan_of(kept, today).falls)
        happens(walk, kept, what, size, today)


def happens(walk: Walk, kept: Kept, what: str, size: int, today: date) -> None:
    if what == "spend":
        walk.visits.append((today, size))
        walk.rises(today)
        kept.visits[today] = kept.visits.get(today, 0) + size
        kept.work_out(today, climbs=True)
    elif what == "refund" and walk.visits:
        at, spent = walk.visits.pop(size % len(walk.visits))
        kept.visits[at] -= spent
        kept.work_out(today, climbs=False)
    elif what == "hand":
        set_by_hand(walk, kept, size, today)
    elif what == "closed":
        walk.extension += 7
        held = held_of(walk.stairs, kept.record, today)
        assert held is not None
        kept.keep(Held(held.rung, held.since, held.short_from, held.extension_days + 7), plan_of(kept, today))
        kept.work_out(today, climbs=False)
    elif what == "count" and today > FIRST:
        kept.by_night(today)


def plan_of(kept: Kept, today: date) -> Plan:
    return Plan(come_to([Fall(*one) for one in kept.record.falls], today)[1])


def set_by_hand(walk: Walk, kept: Kept, size: int, today: date) -> None:
    """Once in a life: a second hand is `loyalty.tiers_by_hand`'s own matter."""
    if walk.hand is not None:
        return
    tier, until = size % 3, today + timedelta(days=size % 40)
    walk.hand = (tier, today, until)
    walk.rises(today)
    held = held_of(walk.stairs, kept.record, today)
    assert held is not None
    rung = walk.stairs.rungs[tier]
    kept.keep(held, plan_of(kept, today))
    record = kept.record
    kept.record = TierHeld(
        1,
        record.tier,
        record.from_spent,
        record.since,
        record.falls,
        record.extension_days,
        (rung.id, rung.from_spent, today, until),
    )
    kept.work_out(today, climbs=True)
