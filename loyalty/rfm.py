"""Classes of clients by recency, frequency and money. Pure.

Each client who has been here gets three scores from 1 to 5: R, how lately they came (days since the last visit); F,
how often (visits); M, for how much (total spent). Where a score begins is the owner's to say (`Scale`): scores by
limits rather than by fifths of the present clients, so that a class changes when the client does, and not because
others came. The usual fifths can be taken as limits (`loyalty.classes.fit`).

From the scores comes one class. The usual grid sets R against the mean of F and M (Hughes, Strategic Database
Marketing, 1994, has the scores; the grid is that of today's handbooks, for example docs.churned.io, "RFM-Model").
There the fields of some classes overlap; here each of the 25 fields has one class. The mean of F and M is rounded up
from a half:

    R \\ FM    5 and 4      3            2            1
    5 and 4   champions    loyal        promising    new
    3         loyal        loyal        promising    sleeping
    2         at risk      at risk      sleeping     sleeping
    1         at risk      at risk      lost         lost

Example, by the scale that a new house has: last came 20 days ago (R 4), 9 visits (F 4), 300.00 spent (M 3). The mean
of F and M is 3.5, so 4: a champion. 40 days later R is 3: loyal; after 121 days R is 1: at risk.

Who has never been here, or has given every visit back, has no class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from loyalty.models import RfmScale, Segment
from loyalty.models.segments import recency_limits, spent_limits, visit_limits
from loyalty.money import Money

Class = Segment.Rfm
BEST = 5

C, L, P, N, A, S, X = (
    Class.CHAMPIONS,
    Class.LOYAL,
    Class.PROMISING,
    Class.NEW,
    Class.AT_RISK,
    Class.SLEEPING,
    Class.LOST,
)
GRID: dict[int, tuple[Class, Class, Class, Class, Class]] = {
    5: (C, C, L, P, N),
    4: (C, C, L, P, N),
    3: (L, L, L, P, S),
    2: (A, A, A, S, S),
    1: (A, A, A, X, X),
}
"""R → the classes of FM 5, 4, 3, 2, 1."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Four limits each, from the best score to the next to worst; each belongs to its score.

    Recency is in days and grows, visits and money (minor units) fall.
    """

    recency_days: tuple[int, ...] = tuple(recency_limits())
    visits: tuple[int, ...] = tuple(visit_limits())
    spent: tuple[Money, ...] = tuple(map(Money, spent_limits()))

    @classmethod
    def of(cls, row: RfmScale | None) -> Scale:
        """The stored scale, or that of a house that has none yet."""
        return cls() if row is None else cls(tuple(row.recency_days), tuple(row.visits), tuple(map(Money, row.spent)))

    def recency(self, days: int) -> int:
        """R. A visit that is still to come (a check with a later moment) counts as today's."""
        return BEST - sum(days > limit for limit in self.recency_days)

    def value(self, visits: int, spent: int) -> int:
        """F and M together, from 2 to 10."""
        return 2 + sum(visits >= limit for limit in self.visits) + sum(spent >= limit for limit in self.spent)

    def class_of(self, days: int, visits: int, spent: int) -> Class:
        """The class of somebody who has been here."""
        return class_of(self.recency(days), self.value(visits, spent))


def class_of(recency: int, value: int) -> Class:
    """The class of R and of F and M together (`Scale.value`)."""
    return GRID[recency][BEST - mean_of(value)]


def mean_of(value: int) -> int:
    """The mean of F and M, a half rounded up."""
    return (value + 1) // 2


def fields_of(wanted: str) -> list[tuple[int, int, int]]:
    """Where a class stands: (R, from which F and M together, up to which)."""
    return [
        (recency, 2 * mean - 1, 2 * mean)
        for recency, classes in GRID.items()
        for mean, found in zip(range(BEST, 0, -1), classes, strict=True)
        if found == wanted
    ]


def grows(limits: Sequence[Any]) -> bool:
    """Whether each is more than the one before it."""
    return all(more > less for less, more in pairwise(limits))
