"""What a friend's check brings to the one who brought them, and to the friend (`domain.md` section 8).

The share is of the same base as every earning (money and gift-card money, on lines that earn), rounded down once per
check to the house's bonus step. What may come in a month is counted over all friends, what was taken back taken off.

Worked example: 5 % at every visit; the friend pays 30.00 in money for a check of 60.00: the referrer gets 1.50.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from loyalty.money import ZERO, Money, down
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.stacking import Offer
from loyalty.terms import last_day_after
from referrals.program import Rules

MECHANIC = "referrals"
PROGRAM = "referral"


@dataclass(frozen=True, slots=True)
class Friendship:
    """The friend on the check, and who brought them, before the check."""

    referrer: int
    account: int
    """Of the referrer's bonuses."""
    named_day: date
    visits: int
    """Of the friend."""
    has_paid: bool
    """Whether a visit was paid before; known only where the program asks for the first one."""
    this_month: Money = ZERO
    """What the referrer got this month; counted only where there is a limit."""


@dataclass(frozen=True, slots=True)
class Rewarding(Idle):
    """The step of referrals."""

    rules: Rules
    friendship: Friendship
    today: date
    step: Money

    def offers(self, bill: Bill) -> Sequence[Offer]:
        """A discount on the services of the friend's first check."""
        percent = self.rules.friend_discount_percent
        units = {
            line.number: (line.paid_units, line.paid_units)
            for line in bill.lines
            if line.is_service and line.paid_units
        }
        if not percent or not units or self.friendship.visits or not self.rules.is_on(self.today):
            return ()
        rules = self.rules
        return (Offer(MECHANIC, PROGRAM, rules.name, units, percent, priority=rules.priority),)

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        if not self.rules.is_on(self.today):
            return bill.noted(_note("program_off"))
        return self._for_friend(self._for_referrer(bill.planned(MECHANIC, self.friendship)))

    # --- the one who brought ---

    def _for_referrer(self, bill: Bill) -> Bill:
        if self.rules.referrer_percent is None and self.rules.referrer_amount is None:
            return bill
        why = self._why_nothing(bill)
        if why is not None:
            return bill.noted(why)
        amount, note = self._reward(bill)
        room = self._room()
        if room is not None and amount > room:
            note = _note("month_full", room, limit=self.rules.max_per_month, would_be=amount)
            amount = room
        if not amount:
            return bill.noted(note)
        percent = self.rules.referrer_percent
        earning = Earning(MECHANIC, PROGRAM, self.rules.name, amount, percent, for_other=self.friendship.referrer)
        return bill.noted(note).earning(earning)

    def _why_nothing(self, bill: Bill) -> Note | None:
        rules, friendship = self.rules, self.friendship
        last_day = last_day_after(friendship.named_day, months=rules.months)
        if last_day is not None and last_day < self.today:
            return _note("too_late", months=rules.months, last_day=last_day)
        if not bill.earns:
            return _note("earning_off")
        if not bill.base:
            return _note("nothing_paid")
        if rules.referrer_amount is not None:
            return None if self._is_first_paid(bill) else _note("only_first")
        is_first = bill.is_visit and not friendship.visits
        return None if rules.every_visit or is_first else _note("only_first")

    def _reward(self, bill: Bill) -> tuple[Money, Note]:
        percent = self.rules.referrer_percent
        if percent is None:
            amount = self.rules.referrer_amount or ZERO
            return amount, _note("referrer_amount", amount)
        amount = down(bill.base, percent, self.step)
        return amount, _note("referrer_share", amount, percent=percent, base=bill.base)

    def _room(self) -> Money | None:
        """What the referrer may still get this month; None without a limit."""
        limit = self.rules.max_per_month
        return None if limit is None else max(limit - self.friendship.this_month, ZERO)

    # --- the friend ---

    def _for_friend(self, bill: Bill) -> Bill:
        amount = self.rules.friend_amount
        if amount is None or self.rules.friend_on_joining or not self._is_first_paid(bill):
            return bill
        return bill.earning(Earning(MECHANIC, PROGRAM, self.rules.name, amount)).noted(_note("friend_amount", amount))

    def _is_first_paid(self, bill: Bill) -> bool:
        return bill.is_visit and bool(bill.base) and not self.friendship.has_paid


def _note(code: str, amount: Money = ZERO, **facts: Any) -> Note:
    return Note("earning", PROGRAM, f"referral.{code}", amount, facts)
