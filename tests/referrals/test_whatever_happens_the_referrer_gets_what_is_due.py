"""Whatever visits and refunds there are, in whatever order: the referrer has what the checks are worth, never more than
the limits allow, and each milestone as long as it is reached."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled
from loyalty.proof import prove
from referrals.models import ReferralProgram, Reward
from tests.referrals.conftest import Join, change, code_of, milestone
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
PRICE = 2000
STEPS = st.sampled_from(["visit", "visit", "visit", "refund", "part", "spend"])
LIMITS = st.none() | st.integers(1, 900)


def few(examples: int) -> int:
    """So many in CI, as many times more at night as the profile says."""
    return examples * hypothesis.settings().max_examples // 500


@dataclass
class Check:
    """A friend's check as somebody with paper and pencil keeps it."""

    friend: int
    units: int
    gave: int
    sold: Settled
    back: int = 0

    @property
    def taken(self) -> int:
        return self.gave if self.back == self.units else self.gave * self.back // self.units


@dataclass
class Paper:
    """What the rules of `domain.md` 8 come to, kept apart from the code that works them out."""

    percent: int
    per_month: int | None
    per_friend: int | None
    goals: tuple[int, ...]
    checks: list[Check] = field(default_factory=list)
    months: Counter[tuple[int, int]] = field(default_factory=Counter)
    spent: int = 0

    def worth(self, friend: int, units: int, month: tuple[int, int]) -> int:
        worth = units * PRICE * self.percent // 100
        if self.per_month is not None:
            worth = min(worth, max(self.per_month - max(self.months[month], 0), 0))
        if self.per_friend is not None:
            worth = min(worth, max(self.per_friend - self.for_friend(friend), 0))
        return worth

    def for_friend(self, friend: int) -> int:
        return sum(check.gave - check.taken for check in self.checks if check.friend == friend)

    @property
    def friends(self) -> int:
        return len({check.friend for check in self.checks if check.back < check.units})

    @property
    def milestones(self) -> int:
        return sum(goal * 100 for goal in self.goals if self.friends >= goal)


@dataclass
class Play:
    """Ann's friends at the desk, and the paper beside it."""

    data: st.DataObject
    desk: Till
    ann: Client
    friends: list[Client]
    paper: Paper

    def step(self) -> None:
        self.desk = self.desk.later(days=self.data.draw(st.sampled_from([0, 0, 1, 13]), label="days later"))
        getattr(self, self.data.draw(STEPS, label="step"))()
        paper, balance = self.paper, self.desk.balance(self.ann)
        net = sum(check.gave - check.taken for check in paper.checks)
        assert balance + paper.spent == net + paper.milestones
        alive = Reward.objects.filter(side="milestone", state="given").values_list("amount", flat=True)
        assert set(alive) == {goal * 100 for goal in paper.goals if paper.friends >= goal}
        if paper.per_friend is not None:
            assert all(paper.for_friend(friend.pk) <= paper.per_friend for friend in self.friends)
        if paper.per_month is not None:
            assert all(sum_ <= paper.per_month for sum_ in paper.months.values())

    @property
    def month(self) -> tuple[int, int]:
        return self.desk.today.year, self.desk.today.month

    def visit(self) -> None:
        friend = self.data.draw(st.sampled_from(self.friends), label="friend")
        units = self.data.draw(st.integers(1, 4), label="units")
        worth = self.paper.worth(friend.pk, units, self.month)
        sold = self.desk.sell(f"{units} x session", client=friend)
        self.paper.checks.append(Check(friend.pk, units, worth, sold))
        self.paper.months[self.month] += worth

    def part(self) -> None:
        self._back(1)

    def refund(self) -> None:
        self._back(None)

    def _back(self, units: int | None) -> None:
        left = [check for check in self.paper.checks if check.back < check.units]
        if not left:
            return
        check = self.data.draw(st.sampled_from(left), label="check")
        before = check.taken
        self.desk.refund(check.sold, *([(1, units)] if units is not None else []))
        check.back = check.units if units is None else check.back + units
        self.paper.months[self.month] -= check.taken - before

    def spend(self) -> None:
        """Ann uses what she has: what is taken back then becomes a debt."""
        try:
            sold = self.desk.sell("session", client=self.ann, redeem="max")
        except Refusal:
            return
        self.paper.spent += sold.visit.bonus_total


@hypothesis.settings(suppress_health_check=SLOW, max_examples=few(8))
@given(data=st.data())
def test_it_is_what_paper_and_pencil_say(till: Till, program: ReferralProgram, join: Join, data: st.DataObject) -> None:
    with transaction.atomic():
        play = _begin(till, program, join, data)
        for _step in range(data.draw(st.integers(1, 10), label="steps")):
            play.step()
        assert prove() == []
        transaction.set_rollback(True)


def _begin(till: Till, program: ReferralProgram, join: Join, data: st.DataObject) -> Play:
    limits: dict[str, Any] = {
        "max_per_month": data.draw(LIMITS, label="a month"),
        "max_per_friend": data.draw(LIMITS, label="for a friend"),
    }
    percent = data.draw(st.integers(1, 30), label="percent")
    change(program, referrer_percent=percent, friend_amount=None, limit_percent=100, min_check=0, **limits)
    program.lifetime_days = None
    program.save()
    goals = tuple(data.draw(st.sets(st.integers(1, 3), max_size=2), label="milestones"))
    for goal in goals:
        milestone(program, goal, amount=cents(str(goal)))
    ann = join("Ann")
    friends = [join(name, code_of(ann)) for name in ("Bob", "Carl", "Dora")]
    paper = Paper(percent, limits["max_per_month"], limits["max_per_friend"], goals)
    return Play(data, till.later(hours=1), ann, friends, paper)
