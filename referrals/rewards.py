"""What a friend's check brings to the one who brought them, and to the friend (`domain.md` section 8).

The share is of the same base as every earning (money and gift-card money, on lines that earn), rounded down once per
check to the house's bonus step. What may come in a month is counted over all friends, what may come for a friend over
all their checks, what was taken back taken off. Both limits are for what the checks of friends bring in bonuses; a
milestone comes on top. Whatever is fixed comes once, with the friend's first paid visit.

Of a pair that a person holds everything is worked out and set aside; of a pair that was cancelled there is nothing.

Worked example: 5 % at every visit; the friend pays 30.00 in money for a check of 60.00: the referrer gets 1.50.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from loyalty.money import ZERO, Money, down
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.stacking import Offer
from loyalty.terms import last_day_after
from referrals.friends import Reached
from referrals.kinds import Gain
from referrals.models import Kind, Referral, Reward
from referrals.program import Rules

MECHANIC = "referrals"
PROGRAM = "referral"
Decision, Side = Referral.Decision, Reward.Side


@dataclass(frozen=True, slots=True)
class Friendship:
    """The friend on the check, and who brought them, before the check."""

    friend: int
    referrer: int
    account: int
    """Of the referrer's bonuses."""
    named_day: date
    visits: int
    """Of the friend."""
    has_paid: bool
    """Whether a visit was paid before; known only where the program asks for the first one."""
    decision: str = Decision.NONE
    this_month: Money = ZERO
    """What the referrer got this month; counted only where there is a limit."""
    for_friend: Money = ZERO
    """What the referrer ever got for this friend; counted only where there is a limit."""
    goals: tuple[Reached, ...] = ()
    """Milestones that this friend's first paid visit completes."""

    @property
    def is_held(self) -> bool:
        return self.decision == Decision.HELD

    @property
    def counts(self) -> bool:
        return self.decision not in (Decision.HELD, Decision.CANCELLED)


@dataclass(frozen=True, slots=True)
class Ready:
    """A discount that the client of the check has earned with a friend, and may use now."""

    reward: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Win:
    """A reward that a check brings and that is no plain earning."""

    side: Reward.Side
    gain: Gain
    goal: Reached | None = None
    """Of a milestone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done when the check settles."""

    friendship: Friendship | None = None
    wins: tuple[Win, ...] = ()
    uses: int | None = None
    """The reward whose discount the check got."""


@dataclass(frozen=True, slots=True)
class Rewarding(Idle):
    """The step of referrals."""

    rules: Rules
    friendship: Friendship | None
    ready: Ready | None
    today: date
    step: Money

    def offers(self, bill: Bill) -> Sequence[Offer]:
        """One discount on the services: of the friend's first check, or one that the client earned with a friend."""
        units = {
            line.number: (line.paid_units, line.paid_units)
            for line in bill.lines
            if line.is_service and line.paid_units
        }
        first = self._first_check()
        ready = self.ready.percent if self.ready is not None else None
        percent = max((value for value in (first, ready) if value), default=None)
        if not percent or not units:
            return ()
        rules = self.rules
        return (Offer(MECHANIC, PROGRAM, rules.name, units, percent, priority=rules.priority),)

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        bill = bill.planned(MECHANIC, Plan(self.friendship, uses=self._used(bill)))
        if self.friendship is None:
            return bill
        if not self.rules.is_on(self.today):
            return bill.noted(_note("program_off"))
        if self.friendship.decision == Decision.CANCELLED:
            return bill.noted(_note("cancelled"))
        return self._for_friend(self._milestones(self._for_referrer(bill)))

    # --- discounts ---

    def _first_check(self) -> Decimal | None:
        """What the friend gets off the first check; nothing while the pair is held, or was cancelled."""
        friendship = self.friendship
        if friendship is None or friendship.visits or not friendship.counts or not self.rules.is_on(self.today):
            return None
        return self._discount_of_friend()

    def _discount_of_friend(self) -> Decimal | None:
        gain = self.rules.friend
        return gain.percent if gain is not None and gain.is_discount else None

    def _used(self, bill: Bill) -> int | None:
        """The reward that is used up: the check got its discount. That of a first check is not used up by it."""
        got = any(note.rule == PROGRAM and note.stage == "discount" and note.amount for note in bill.notes)
        if not got or self.ready is None or (self._first_check() or 0) >= self.ready.percent:
            return None
        return self.ready.reward

    # --- the one who brought ---

    def _for_referrer(self, bill: Bill) -> Bill:
        if self.rules.referrer_percent is None and self.rules.referrer is None:
            return bill
        why = self._why_nothing(bill)
        if why is not None:
            return bill.noted(why)
        gain = self.rules.referrer
        if gain is not None and not gain.is_bonuses:
            return self._won(bill, Win(Side.REFERRER, gain), "referrer")
        return self._bonuses(bill)

    def _bonuses(self, bill: Bill) -> Bill:
        amount, note = self._reward(bill)
        for room, code, limit in self._rooms():
            if amount > room:
                note = _note(code, room, limit=limit, would_be=amount)
                amount = room
        if not amount:
            return bill.noted(note)
        friendship, percent = self._pair, self.rules.referrer_percent
        if friendship.is_held:
            bill = _planned(bill, Win(Side.REFERRER, Gain(Kind.BONUS, amount)))
            return bill.noted(_note("held_bonuses", worth=amount))
        earning = Earning(MECHANIC, PROGRAM, self.rules.name, amount, percent, for_other=friendship.referrer)
        return bill.noted(note).earning(earning)

    @property
    def _pair(self) -> Friendship:
        assert self.friendship is not None
        return self.friendship

    def _why_nothing(self, bill: Bill) -> Note | None:
        rules, friendship = self.rules, self._pair
        last_day = last_day_after(friendship.named_day, months=rules.months)
        if last_day is not None and last_day < self.today:
            return _note("too_late", months=rules.months, last_day=last_day)
        if not bill.earns:
            return _note("earning_off")
        if not bill.base:
            return _note("nothing_paid")
        if rules.referrer is not None:
            return None if self._is_first_paid(bill) else _note("only_first")
        is_first = bill.is_visit and not friendship.visits
        return None if rules.every_visit or is_first else _note("only_first")

    def _reward(self, bill: Bill) -> tuple[Money, Note]:
        percent = self.rules.referrer_percent
        if percent is None:
            amount = self.rules.referrer.amount if self.rules.referrer is not None else ZERO
            return amount, _note("referrer_amount", amount)
        amount = down(bill.base, percent, self.step)
        return amount, _note("referrer_share", amount, percent=percent, base=bill.base)

    def _rooms(self) -> list[tuple[Money, str, Money]]:
        """What the referrer may still get, by each limit: the room, the note that tells of it, the limit."""
        rules, pair = self.rules, self._pair
        limits = (
            (rules.max_per_month, pair.this_month, "month_full"),
            (rules.max_per_friend, pair.for_friend, "friend_full"),
        )
        return [(max(limit - got, ZERO), code, limit) for limit, got, code in limits if limit is not None]

    def _milestones(self, bill: Bill) -> Bill:
        if not bill.earns or not self._pair.counts or not self._is_first_paid(bill):
            return bill
        for reached in self._pair.goals:
            gain = reached.goal.gain
            win = Win(Side.MILESTONE, gain, reached)
            amount = gain.amount if gain.is_bonuses else ZERO
            note = _note(f"milestone_{gain.kind}", amount, friends=reached.goal.friends, **gain.facts)
            bill = _planned(bill, win).noted(replace(note, stage="earning" if gain.is_bonuses else "gift"))
        return bill

    # --- the friend ---

    def _for_friend(self, bill: Bill) -> Bill:
        gain, pair = self.rules.friend, self._pair
        if gain is None:
            return bill
        if gain.is_discount:
            is_first = pair.is_held and bill.is_visit and not pair.visits
            return self._won(bill, Win(Side.FRIEND, gain), "friend") if is_first else bill
        if self.rules.friend_on_joining or not self._is_first_paid(bill):
            return bill
        if not gain.is_bonuses:
            return self._won(bill, Win(Side.FRIEND, gain), "friend")
        if pair.is_held:
            return _planned(bill, Win(Side.FRIEND, gain)).noted(_note("held_own", worth=gain.amount))
        earning = Earning(MECHANIC, PROGRAM, self.rules.name, gain.amount)
        return bill.earning(earning).noted(_note("friend_amount", gain.amount))

    def _won(self, bill: Bill, win: Win, whose: str) -> Bill:
        """A reward that is no bonuses, as it is told: given, to be given on a day, or set aside."""
        note = replace(_note(f"{whose}_{win.gain.kind}", **win.gain.facts), stage="gift")
        notes = [note]
        due = self.rules.terms.first_day(self.today)
        if self._pair.is_held:
            notes = [_note("held" if whose == "referrer" else "held_own_thing")]
        elif due > self.today:
            notes.append(_note("waits", day=due))
        return _planned(bill, win).noted(*notes)

    def _is_first_paid(self, bill: Bill) -> bool:
        return bill.is_visit and bool(bill.base) and not self._pair.has_paid


def _planned(bill: Bill, win: Win) -> Bill:
    plan: Plan = bill.plans[MECHANIC]
    return bill.planned(MECHANIC, replace(plan, wins=(*plan.wins, win)))


def _note(code: str, amount: Money = ZERO, **facts: Any) -> Note:
    return Note("earning", PROGRAM, f"referral.{code}", amount, facts)
