"""What referrals brought and what they cost, month by month.

Brought: friends who joined, first visits (and how many of those friends came again), the money that friends paid. It
is counted in the month in which it happened; a refund is taken off in the month of the refund.

Cost: bonuses that came (to both sides, and for so many friends) less what was taken back, gift cards at their amount,
memberships at the price of the plan today (nothing where it is sold no more), discounts as they came off the checks,
less the part that was refunded. A gift card or a membership counts in the month in which it was given, and no more
once it is taken back.

Of some locations only: where the friend joined, where the visit was, and for a reward the visit that brought it, or
else where its owner joined.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from loyalty.house import House
from loyalty.mechanics import mechanics
from loyalty.models import Account, Entry, Refund, Visit
from loyalty.money import ZERO, Money, total
from loyalty.rulebook import Rulebook
from referrals.kinds import SECTIONS
from referrals.models import Kind, Referral, Reward
from referrals.rewards import PROGRAM
from referrals.tree import MOVES, counted_visits

REWARDS = ":referrals:"
"""In the operation of every entry of the program."""
COUNTS = ("joined", "came", "came_again")
AMOUNTS = ("paid", "bonuses", "gift_cards", "memberships", "discounts")
HANDED_OUT = (Reward.State.GIVEN, Reward.State.USED)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a month, or of several together."""

    joined: int = 0
    came: int = 0
    """Friends whose first visit it was."""
    came_again: int = 0
    """Of those, who have come again since."""
    paid: Money = ZERO
    bonuses: Money = ZERO
    gift_cards: Money = ZERO
    memberships: Money = ZERO
    discounts: Money = ZERO

    @property
    def cost(self) -> Money:
        return total((self.bonuses, self.gift_cards, self.memberships, self.discounts))

    @property
    def cost_share(self) -> Fraction | None:
        """The cost in % of what friends paid; None where they paid nothing."""
        return Fraction(self.cost * 100, self.paid) if self.paid > 0 else None

    @property
    def return_share(self) -> Fraction | None:
        """Of the friends who came for the first time, how many % have come again."""
        return Fraction(self.came_again * 100, self.came) if self.came else None


@dataclass(frozen=True, slots=True)
class Span:
    """Some days of the business, both included, and the locations that are looked at (None: all)."""

    first: date
    last: date
    house: House
    places: Sequence[int] | None = None

    def within(self, column: str) -> Q:
        return Q(**{f"{column}__gte": self._start(self.first), f"{column}__lt": self._start(self.last, days=1)})

    def at(self, *columns: str) -> Q:
        """Rows of these locations: of the first of these columns that says one."""
        if self.places is None:
            return Q()
        found, nothing_before = Q(pk__in=()), Q()
        for column in columns:
            found |= nothing_before & Q(**{f"{column}__in": self.places})
            nothing_before &= Q(**{f"{column}__isnull": True})
        return found

    def month(self, column: str) -> TruncMonth:
        return TruncMonth(column, tzinfo=self.house.zone)

    def _start(self, day: date, days: int = 0) -> datetime:
        return datetime.combine(day + relativedelta(days=days), time.min, self.house.zone)


Columns = Mapping[str, Counter[date]]


def report(span: Span, book: Rulebook) -> list[tuple[date, Figures]]:
    """Each month of the span, newest first: its first day, and what it came to. Eight queries, however many months."""
    found: dict[str, Counter[date]] = defaultdict(Counter)
    for add in (_joined, _came, _paid, _bonuses, _discounts):
        add(span, found)
    _presents(span, book, found)
    return [(month, _figures(found, month)) for month in reversed(months(span.first, span.last))]


def months(first: date, last: date) -> list[date]:
    """The first day of each month."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [first.replace(day=1) + relativedelta(months=n) for n in range(count)]


def together(rows: Iterable[Figures]) -> Figures:
    rows = list(rows)
    found = {name: sum(getattr(row, name) for row in rows) for name in COUNTS + AMOUNTS}
    return _typed(found)


def _figures(found: Columns, month: date) -> Figures:
    return _typed({name: found[name][month] for name in COUNTS + AMOUNTS})


def _typed(found: Mapping[str, int]) -> Figures:
    amounts = {name: Money(found[name]) for name in AMOUNTS}
    return Figures(found["joined"], found["came"], found["came_again"], **amounts)


# --- what they brought -----------------------------------------------------------------------------------------------


def first_visits(span: Span) -> QuerySet[Visit]:
    """The first visit of each friend, of those that count, within the span."""
    visits = counted_visits().filter(span.within("at"), span.at("location"), client__referral__isnull=False)
    earlier = counted_visits().filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk")), client=OuterRef("client")
    )
    return visits.filter(~Exists(earlier))


def _joined(span: Span, found: dict[str, Counter[date]]) -> None:
    rows = Referral.objects.filter(span.within("named_at"), span.at("friend__home"))
    _add(found["joined"], rows, span.month("named_at"), Count("pk"))


def _came(span: Span, found: dict[str, Counter[date]]) -> None:
    later = counted_visits().filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")), client=OuterRef("client")
    )
    rows = first_visits(span).annotate(again=Exists(later)).order_by().values_list(span.month("at"))
    for month, came, again in rows.annotate(came=Count("pk"), more=Count("pk", filter=Q(again=True))):
        found["came"][month.date()] += came
        found["came_again"][month.date()] += again


def _paid(span: Span, found: dict[str, Counter[date]]) -> None:
    visits = Visit.objects.filter(span.within("at"), span.at("location"), client__referral__isnull=False)
    _add(found["paid"], visits, span.month("at"), Sum("to_pay"))
    refunds = Refund.objects.filter(span.within("at"), span.at("visit__location"))
    refunds = refunds.filter(visit__client__referral__isnull=False)
    _add(found["paid"], refunds, span.month("at"), Sum("money"), sign=-1)


# --- what they cost --------------------------------------------------------------------------------------------------


def _bonuses(span: Span, found: dict[str, Counter[date]]) -> None:
    rows = Entry.objects.filter(
        span.within("at"),
        span.at("visit__location", "refund__visit__location", "account__client__home"),
        account__unit=Account.Unit.BONUS,
        operation__contains=REWARDS,
        kind__in=MOVES,
    )
    _add(found["bonuses"], rows, span.month("at"), Sum("amount"))


def _presents(span: Span, book: Rulebook, found: dict[str, Counter[date]]) -> None:
    rows = Reward.objects.filter(
        span.within("changed_at"),
        span.at("visit__location", "friend__home"),
        kind__in=(Kind.GIFT_CARD, Kind.MEMBERSHIP),
        state__in=HANDED_OUT,
    )
    prices = plan_prices(book)
    sums = rows.order_by().values_list(span.month("changed_at"), "kind", "good")
    for month, kind, good, count, amount in sums.annotate(count=Count("pk"), sum=Sum("amount")):
        if kind == Kind.GIFT_CARD:
            found["gift_cards"][month.date()] += amount or 0
        else:
            found["memberships"][month.date()] += prices.get(good, ZERO) * count


def plan_prices(book: Rulebook) -> dict[str, Money]:
    """Code → price of each membership that is on sale."""
    sellers = (mechanic for mechanic in mechanics() if mechanic.presents == SECTIONS[Kind.MEMBERSHIP])
    goods = (good for seller in sellers for good in seller.goods(book.house, book.rules[seller.code]))
    return {good.code: max(good.amounts, default=ZERO) for good in goods}


def _discounts(span: Span, found: dict[str, Counter[date]]) -> None:
    """Out of the traces of the checks that had one: what came off, less the share of it that came back."""
    used = Reward.objects.filter(used_on=OuterRef("pk"))
    visits = Visit.objects.filter(
        Q(client__referral__isnull=False) | Exists(used), span.within("at"), span.at("location"), discount_total__gt=0
    )
    rows = visits.order_by().annotate(month=span.month("at"), back=Sum("refunds__lines__discount"))
    for month, whole, back, facts in rows.values_list("month", "discount_total", "back", "facts").iterator():
        off = sum(int(note["amount"]) for note in facts.get("trace", ()) if _is_ours(note))
        found["discounts"][month.date()] += off * (whole - (back or 0)) // whole


def _is_ours(note: Mapping[str, Any]) -> bool:
    return bool(note["stage"] == "discount" and note["rule"] == PROGRAM)


def _add(column: Counter[date], rows: QuerySet[Any], month: TruncMonth, what: Any, sign: int = 1) -> None:
    for of, figure in rows.order_by().values_list(month).annotate(figure=what):
        column[of.date()] += sign * (figure or 0)
