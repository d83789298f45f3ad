"""What of a sold membership's price comes back, by the formula that it was sold with (`domain.md` section 6). Pure.

proportional  the part that its sessions left are of the sessions bought
used          all but the used sessions, each at the list price that it had on the check that it covered
none          nothing

    10 sessions for 160.00, 3 used at 20.00. In proportion: 7/10, 112.00. Used at list price: 160.00 - 60.00 = 100.00.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.money import Money, total
from memberships.models import RefundBy


class NothingLeftOfMembership(Refusal):
    """The membership has ended, was used up, or was returned already; or by its terms nothing comes back."""


@dataclass(frozen=True, slots=True)
class Used:
    """So many sessions of a service, each at the list price of its check."""

    service: str
    price: Money
    units: int


@dataclass(frozen=True, slots=True)
class Sold:
    """A membership that is to come back: how it was sold, what of it is left, and what was used."""

    formula: str
    sessions: int
    left: int
    paid: Money
    used: Sequence[Used]

    @property
    def used_at_list(self) -> Money:
        return total(use.price.times(use.units) for use in self.used)

    @property
    def part(self) -> tuple[int, int]:
        """The share of what was paid that comes back. Raises `NothingLeftOfMembership`."""
        if self.formula == RefundBy.NONE:
            raise NothingLeftOfMembership(_("This membership was sold without the right to return it."))
        if not self.left:
            raise NothingLeftOfMembership(_("All sessions of this membership have been used, so it cannot come back."))
        if self.formula == RefundBy.PROPORTIONAL or not self.paid:
            return (self.left, self.sessions)
        if self.used_at_list >= self.paid:
            raise NothingLeftOfMembership(
                _("The used sessions cost more at list price than was paid for this membership, so nothing is left.")
            )
        return (self.paid - self.used_at_list, self.paid)

    @property
    def comes_back(self) -> Money:
        """In money. Raises `NothingLeftOfMembership`."""
        part, whole = self.part
        return Money(self.paid * part // whole)
