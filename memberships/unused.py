"""Which part of a membership has not been used: what goes along when it is passed on, what an upgrade credits. Pure.

Of a number of sessions it is those that are left. Of any number it is the days that are left, today among them; days on
which it rests count neither as used nor as left. One that has not begun, or never ends, is wholly unused.

    10 sessions for 160.00, 3 used: 7/10, 112.00.
    A month without a number, 1 to 30 March, 30.00, on 11 March: 20/30, 20.00.
    The same, sold in February and begun by a visit on 1 March: 20/30 as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from loyalty.ledger import Stock
from loyalty.money import Money, total
from memberships.changes import end_of
from memberships.freezing import Rest
from memberships.models import Membership


@dataclass(frozen=True, slots=True)
class Unused:
    """So much `part` of the `whole`, in sessions or days."""

    part: int
    whole: int

    def of(self, amount: Money) -> Money:
        """The amount that stands for it, rounded down."""
        return Money(amount * self.part // self.whole) if self.whole else Money(0)


def left_of(lots: Sequence[Stock]) -> int:
    """Sessions that can be used, today or later."""
    return int(total(lot.remaining for lot in lots))


def unused(row: Membership, sessions: int | None, lots: Sequence[Stock], rests: Sequence[Rest], today: date) -> Unused:
    """`sessions`: bought, less those passed on; None for any number. `lots`: of it, that have not ended."""
    if sessions is not None:
        return Unused(min(left_of(lots), sessions), sessions)
    begins, end = min((row.runs_from(lot.first_day) for lot in lots), default=today), end_of(lots)
    if row.waits or end is None:
        return Unused(1, 1)
    whole = _days(begins, end, rests)
    return Unused(min(_days(max(today, begins), end, rests), whole), whole)


def _days(first: date, last: date, rests: Sequence[Rest]) -> int:
    """Days from the first to the last on which it does not rest."""
    spans = ((min(rest.last_day, last) - max(rest.from_day, first)).days + 1 for rest in rests)
    return (last - first).days + 1 - sum(max(span, 0) for span in spans)
