"""What a closure would extend, before it is made: counts, sums and a few examples, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.db.models import Sum as SumOf
from django.db.models.functions import Coalesce

from loyalty.closures.affected import Closing, affected_lots, affected_tiers, is_the_only_place
from loyalty.models import Closure, Lot
from loyalty.models.ledger import summed
from loyalty.money import Money

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one unit: how many lots, on how many accounts, and what is left of them."""

    unit: str
    lots: int
    accounts: int
    left: Money


@dataclass(frozen=True, slots=True)
class Example:
    """A lot, and its last day before and after."""

    whose: str
    name: str
    unit: str
    left: Money
    before: date
    after: date


@dataclass(frozen=True, slots=True)
class Preview:
    """What a closure would do."""

    closing: Closing
    everybody: bool
    """There is no other open location: it affects all clients."""
    sums: Sequence[Sum]
    tiers: int
    examples: Sequence[Example]
    overlaps: Sequence[Closure]
    """Closures of the same location on some of these days: they add up."""

    @property
    def is_empty(self) -> bool:
        return not self.sums and not self.tiers


def preview(closing: Closing) -> Preview:
    """Reads only."""
    lots = affected_lots(closing)
    rows = lots.order_by().values("account__unit")
    left = Coalesce(SumOf("remaining", filter=summed()), 0)
    sums = rows.annotate(lots=Count("pk"), accounts=Count("account", distinct=True), left=left)
    some = lots.select_related("account__client").order_by("last_day", "pk")[:EXAMPLES]
    return Preview(
        closing=closing,
        everybody=is_the_only_place(closing.location),
        sums=[Sum(row["account__unit"], row["lots"], row["accounts"], row["left"]) for row in sums],
        tiers=affected_tiers(closing).count(),
        examples=[_example(lot, closing) for lot in some],
        overlaps=_overlaps(closing),
    )


def _example(lot: Lot, closing: Closing) -> Example:
    assert lot.last_day is not None
    return Example(
        whose=str(lot.account.client or ""),
        name=lot.name,
        unit=lot.account.unit,
        left=lot.remaining,
        before=lot.last_day,
        after=closing.longer(lot.last_day),
    )


def _overlaps(closing: Closing) -> Sequence[Closure]:
    others = Closure.objects.filter(location=closing.location, undone_at=None, from_day__lte=closing.last_day)
    near = others.select_related("location").order_by("-from_day")[:20]
    return [row for row in near if Closing.of(row, closing.zone).last_day >= closing.from_day]
