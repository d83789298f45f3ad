"""What of a sold membership's price comes back, by the formula that it was sold with (`domain.md` section 6). Pure.

proportional  the part that its sessions left are of the sessions bought; of any number, the part that the days left
              are of its days
used          all but the used sessions, each at the list price that it had on the check that it covered; one that was
              taken for a missed appointment is used as well
none          nothing

    10 sessions for 160.00, 3 used at 20.00. In proportion: 7/10, 112.00. Used at list price: 160.00 - 60.00 = 100.00.

It is worked out on what was paid for the sessions that the membership still stands for: what went along with sessions
that were passed on is no part of it. And it comes back in money: what an earlier membership was credited with does not.

    10 sessions for 160.00, 4 used at 20.00, 3 passed on (48.00): 112.00 stands for 7, of which 3 are left.
    In proportion: 3/7, 48.00. Used at list price: 112.00 - 80.00 = 32.00.

Days are counted as `memberships.unused` does; the day on which one was used first is no day left. One of any number
that never ends has no part that could be worked out: unused it comes back, used it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.money import ZERO, Money, total
from memberships.models import RefundBy


class NothingLeftOfMembership(Refusal):
    """The membership has ended, was used up, or was returned already; or by its terms nothing comes back."""


@dataclass(frozen=True, slots=True)
class Used:
    """So many sessions of a service, each at the list price of its check."""

    service: str
    price: Money
    units: int
    is_missed: bool = False
    """Taken for a missed appointment."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A membership that is to come back: how it was sold, what of it is left, and what was used.

    `sessions` None: any number; then `days` says how many are left of how many, None where it never ends. `money`: what
    was paid for it in money, if that is not all that stands for it.
    """

    formula: str
    sessions: int | None
    left: int
    paid: Money
    used: Sequence[Used]
    days: tuple[int, int] | None = None
    is_used: bool = False
    """Of any number: whether any was."""
    money: Money | None = None
    credit: Money = ZERO
    """Of `paid`: what an earlier membership was worth. It never comes back in money."""

    @property
    def used_at_list(self) -> Money:
        return total(use.price.times(use.units) for use in self.used)

    @property
    def share(self) -> tuple[int, int]:
        """The part that has not been used. Raises `NothingLeftOfMembership`."""
        if self.sessions is not None:
            return (min(self.left, self.sessions), self.sessions) if self.sessions else (0, 1)
        if not self.is_used:
            return self.days or (1, 1)
        if self.days is None:
            raise NothingLeftOfMembership(
                _("It is for any number of sessions, for ever, and was used: there is no part that could come back.")
            )
        left, whole = self.days
        return (min(left, whole - 1), whole)

    @property
    def stands_for(self) -> Money:
        """What comes back by the formula, before it is held to what was paid in money. Raises
        `NothingLeftOfMembership`.
        """
        if self.formula == RefundBy.NONE:
            raise NothingLeftOfMembership(_("This membership was sold without the right to return it."))
        if self.sessions is not None and not self.left:
            raise NothingLeftOfMembership(_("All sessions of this membership have been used, so it cannot come back."))
        if self.formula == RefundBy.PROPORTIONAL or not self.paid:
            part, whole = self.share
            if not part:
                raise NothingLeftOfMembership(_("No day of this membership is left, so nothing comes back."))
            return Money(self.paid * part // whole)
        if self.used_at_list >= self.paid:
            raise NothingLeftOfMembership(
                _("The used sessions cost more at list price than was paid for this membership, so nothing is left.")
            )
        return self.paid - self.used_at_list

    @property
    def comes_back(self) -> Money:
        """In money: never more than was paid in money. Raises `NothingLeftOfMembership`."""
        most = Money(self.paid - self.credit)
        return min(self.stands_for, most if self.money is None else min(self.money, most))

    @property
    def part(self) -> tuple[int, int]:
        """The share of the line's money that comes back. Raises `NothingLeftOfMembership`."""
        money = self.paid if self.money is None else self.money
        comes_back = self.comes_back
        is_by_share = self.formula == RefundBy.PROPORTIONAL and money == self.paid
        return self.share if is_by_share or not money else (comes_back, money)
