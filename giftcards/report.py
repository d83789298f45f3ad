"""What became of gift cards, by the month in which they were sold.

Read from the ledger, so it always adds up: sold + given + topped up + moved = used + outstanding + ended + returned.

- sold, given (presents that nobody paid for), topped up: what came on the cards;
- moved: what was put together with a card of another month, or came from one; over all cards it is nothing. A card
  that replaces a lost one counts where that was sold;
- used: what paid for checks, less what refunds brought back;
- outstanding: what can still be spent today;
- ended: the rest of cards for one check, and what was not used until the last day (whether the night has posted it or
  not): breakage;
- returned: cards that came back, and presents that were called back.

Worked example: in May cards of 50.00 and 100.00 (for one check) are sold. 60.00 are paid with the second, its rest of
40.00 is lost; the first came back. May: sold 150.00, used 60.00, ended 40.00, returned 50.00, outstanding 0.00.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Case, CharField, Count, Q, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from giftcards.models import GiftCardType
from loyalty.house import House
from loyalty.models import Entry, Lot
from loyalty.money import ZERO, Money
from loyalty.periods import starts_at

Kind = Entry.Kind
CAME = ("sold", "given", "topped_up", "moved")
WENT = ("used", "outstanding", "ended", "returned")
REPLACEMENTS = 4
"""So often a card is followed back to the one that it replaces."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the cards of a month, or of several together."""

    cards: int = 0
    """Sold, for money."""
    sold: Money = ZERO
    given: Money = ZERO
    topped_up: Money = ZERO
    moved: Money = ZERO
    used: Money = ZERO
    outstanding: Money = ZERO
    ended: Money = ZERO
    returned: Money = ZERO

    @property
    def came(self) -> Money:
        return Money(sum(getattr(self, name) for name in CAME))

    @property
    def went(self) -> Money:
        """As much as `came`, always."""
        return Money(sum(getattr(self, name) for name in WENT))


NAMES = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cards: sold in these months (first days, both with), of a type, at these locations (None: everywhere)."""

    first: date
    last: date
    type: GiftCardType | None = None
    locations: Sequence[int] | None = None


def _back(path: str) -> Any:
    """The column of the card, or of the one that it replaces, and so on."""
    chain = [f"account__gift_card__{'replaces__' * times}{path}" for times in range(REPLACEMENTS, 0, -1)]
    return Coalesce(*chain, f"account__gift_card__{path}")


def report(asked: Asked, house: House, today: date) -> list[tuple[date, Figures]]:
    """Each month with something in it, newest first. Two queries, however many cards and months."""
    found: dict[date, Counter[str]] = defaultdict(Counter)
    entries = _of(Entry.objects.all(), asked, house).values("month", what=WHAT)
    for row in entries.annotate(amount=Sum("amount"), count=Count("pk")).order_by():
        found[row["month"].date()][row["what"]] += row["amount"]
        if row["what"] == "sold":
            found[row["month"].date()]["cards"] += row["count"]
    lots = _of(Lot.objects.filter(remaining__gt=0), asked, house).values("month", is_over=_is_over(today))
    for row in lots.annotate(amount=Sum("remaining")).order_by():
        found[row["month"].date()]["unused" if row["is_over"] else "outstanding"] += row["amount"]
    return [(month, _figures(found[month])) for month in sorted(found, reverse=True)]


def together(rows: Iterable[Figures]) -> Figures:
    """The sum of these."""
    rows = list(rows)
    sums = {name: sum(int(getattr(row, name)) for row in rows) for name in NAMES}
    return Figures(sums.pop("cards"), **{name: Money(amount) for name, amount in sums.items()})


WHAT = Case(
    When(kind=Kind.GRANT, operation__contains=":giftcards:sell:", then=Value("sold")),
    When(kind=Kind.GRANT, operation__contains=":giftcards:top_up:", then=Value("topped_up")),
    When(kind=Kind.GRANT, then=Value("given")),
    When(kind__in=[Kind.TRANSFER, Kind.ADJUST], then=Value("moved")),
    When(kind=Kind.EXPIRE, then=Value("ended")),
    When(kind=Kind.RETURN, operation__contains=":giftcards:rest:", then=Value("ended")),
    When(kind__in=[Kind.SPEND, Kind.RETURN], then=Value("used")),
    default=Value("returned"),
    output_field=CharField(),
)


def _of(rows: Any, asked: Asked, house: House) -> Any:
    """Rows of accounts of these cards, with the month in which each card was sold."""
    rows = rows.filter(account__gift_card__isnull=False)
    rows = rows.annotate(month=TruncMonth(_back("created_at"), tzinfo=house.zone))
    after = asked.last + relativedelta(months=1)
    begins, ends = (starts_at(day, house.zone) for day in (asked.first, after))
    rows = rows.annotate(sold_at=_back("created_at")).filter(sold_at__gte=begins, sold_at__lt=ends)
    if asked.type is not None:
        rows = rows.filter(account__gift_card__type=asked.type)
    if asked.locations is not None:
        rows = rows.annotate(place=_back("sold_on__visit__location")).filter(place__in=asked.locations)
    return rows


def _is_over(today: date) -> Any:
    return Case(When(Q(last_day__lt=today), then=Value(True)), default=Value(False))


def _figures(found: Counter[str]) -> Figures:
    return Figures(
        cards=found["cards"],
        **{name: Money(found[name]) for name in (*CAME, "outstanding")},
        used=Money(-found["used"]),
        ended=Money(found["unused"] - found["ended"]),
        returned=Money(-found["returned"]),
    )
