"""One shape for what a check comes to (a quote) and what it came to (a visit): desk, receipt and API show it.

`contract.md` names the fields; amounts here are `Money`, the API turns them into strings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum, prefetch_related_objects
from django.utils.translation import gettext as _

from loyalty.checkout import Quote, explain_refund, why_refunded
from loyalty.checkout.record import facts_of
from loyalty.explanations import LINES, Explained, Why, explain, in_order, why
from loyalty.free_services import COVERED
from loyalty.models import Refund, Visit, VisitLine
from loyalty.money import ZERO, Currency, Money, total
from loyalty.pricing import Line


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of a check. `refunded` counts units that have come back; `discounts` are who took how much off it.

    `free` is the part of `membership` that free services cover.
    """

    number: int
    kind: str
    code: str
    name: str
    quantity: int
    price: Money
    list: Money
    membership: Money
    discount: Money
    bonus: Money
    gift_card: Money
    to_pay: Money
    earned: Money
    covered: int
    refunded: int = 0
    discounts: tuple[tuple[str, Money], ...] = ()
    free: Money = ZERO

    @property
    def by_membership(self) -> Money:
        return self.membership - self.free


@dataclass(frozen=True, slots=True)
class Earned:
    """What a program gave: to the client, or (`client`) to the one who brought them."""

    program: str
    name: str
    percent: Decimal | None
    amount: Money
    client: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A check, quoted (`token`) or settled (`visit`)."""

    currency: Currency
    token: str
    visit: Visit | None
    at: datetime
    client: int | None
    lines: tuple[ReceiptLine, ...]
    list_total: Money
    membership_total: Money
    discount_total: Money
    check_total: Money
    bonus_spendable: Money
    bonus_total: Money
    gift_card_total: Money
    to_pay: Money
    earned_total: Money
    earned: tuple[Earned, ...]
    referrer_earned: Earned | None
    sessions_used: int
    tier_name: str | None
    tier_percent: Decimal | None
    trace: tuple[Explained, ...]
    payments: tuple[tuple[str, Money], ...] = ()
    refunds: tuple[Refund, ...] = ()

    @property
    def status(self) -> str:
        """`settled`, `partly_refunded` or `refunded`."""
        if any(refund.is_whole for refund in self.refunds):
            return "refunded"
        return "partly_refunded" if self.refunds else "settled"

    @property
    def why(self) -> Why:
        """The trace as it is read."""
        return why(self.trace)

    @property
    def explained_refunds(self) -> tuple[tuple[Refund, Why], ...]:
        """What came back, each time with its explanation."""
        return tuple((refund, why_refunded(explain_refund(refund, self.currency))) for refund in self.refunds)

    @property
    def free_total(self) -> Money:
        """The part of `membership_total` that free services cover."""
        return total(line.free for line in self.lines)

    @property
    def by_membership(self) -> Money:
        return self.membership_total - self.free_total

    @property
    def discounts(self) -> dict[str, Money]:
        """What each discount took off the check, by name."""
        taken: dict[str, Money] = {}
        for line in self.lines:
            for name, amount in line.discounts:
                taken[name] = Money(taken.get(name, 0) + amount)
        return taken


def receipt_of_quote(quote: Quote) -> Receipt:
    """A quote as a receipt."""
    bill, scene = quote.bill, quote.scene
    facts = _facts(facts_of(bill), scene.house.currency)
    return Receipt(
        currency=scene.house.currency,
        token=quote.token,
        visit=None,
        at=scene.now,
        client=scene.person.id if scene.person else None,
        lines=_with_discounts(map(_quoted, bill.lines), facts["trace"]),
        list_total=bill.list_total,
        membership_total=bill.membership_total,
        discount_total=bill.discount_total,
        check_total=bill.check_total,
        bonus_total=bill.bonus_total,
        gift_card_total=bill.gift_card_total,
        to_pay=bill.to_pay,
        earned_total=bill.earned_total,
        **facts,
    )


def receipt_of(visit: Visit, currency: Currency) -> Receipt:
    """A settled visit as a receipt. Four queries."""
    return receipts_of([visit], currency)[0]


def receipts_of(visits: Iterable[Visit], currency: Currency) -> list[Receipt]:
    """Settled visits as receipts; the number of queries does not grow with them."""
    visits = list(visits)
    prefetch_related_objects(visits, "lines", "payments", "refunds")
    refunded = _refunded(visits)
    return [_receipt(visit, refunded, currency) for visit in visits]


def _receipt(visit: Visit, refunded: Mapping[int, int], currency: Currency) -> Receipt:
    facts = _facts(visit.facts, currency)
    lines = sorted(visit.lines.all(), key=lambda line: line.number)
    return Receipt(
        currency=currency,
        token="",
        visit=visit,
        at=visit.at,
        client=visit.client_id,
        lines=_with_discounts((_settled(line, refunded.get(line.pk, 0)) for line in lines), facts["trace"]),
        list_total=visit.list_total,
        membership_total=visit.membership_total,
        discount_total=visit.discount_total,
        check_total=visit.check_total,
        bonus_total=visit.bonus_total,
        gift_card_total=visit.gift_card_total,
        to_pay=visit.to_pay,
        earned_total=visit.earned_total,
        payments=tuple((p.method, p.amount) for p in sorted(visit.payments.all(), key=lambda p: p.pk)),
        refunds=tuple(sorted(visit.refunds.all(), key=lambda r: r.pk)),
        **facts,
    )


def _with_discounts(lines: Iterable[ReceiptLine], trace: Iterable[Explained]) -> tuple[ReceiptLine, ...]:
    """The lines with the name of each discount that made them cheaper (of older checks it was not kept), and with what
    free services cover.
    """
    trace = tuple(trace)
    shares: dict[int, list[tuple[str, Money]]] = {}
    free: Counter[int] = Counter()
    for note in (note for note in trace if note.code == COVERED):
        free.update(dict(note.facts[LINES]))
    for note in in_order(note for note in trace if note.stage == "discount" and note.amount):
        for number, amount in note.facts.get(LINES, ()):
            shares.setdefault(number, []).append((note.facts.get("name") or _("By hand"), Money(amount)))
    return tuple(
        replace(line, discounts=tuple(shares.get(line.number, ())), free=Money(free[line.number])) for line in lines
    )


def _refunded(visits: Iterable[Visit]) -> dict[int, int]:
    rows = VisitLine.objects.filter(visit__in=list(visits), refunds__isnull=False)
    return dict(rows.values("pk").annotate(units=Sum("refunds__quantity")).values_list("pk", "units"))


def _facts(facts: Mapping[str, Any], currency: Currency) -> dict[str, Any]:
    earned = [_earned(row) for row in facts["earned"]]
    tier = facts["tier"]
    return {
        "bonus_spendable": Money(facts["bonus_spendable"]),
        "earned": tuple(row for row in earned if row.client is None),
        "referrer_earned": next((row for row in earned if row.client is not None), None),
        "sessions_used": facts["sessions_used"],
        "tier_name": tier["name"] if tier else None,
        "tier_percent": Decimal(tier["percent"]) if tier else None,
        "trace": tuple(explain(facts["trace"], currency)),
    }


def _earned(row: Mapping[str, Any]) -> Earned:
    percent = Decimal(row["percent"]) if row["percent"] is not None else None
    return Earned(row["program"], row["name"], percent, Money(row["amount"]), row["for_other"])


def _quoted(line: Line) -> ReceiptLine:
    return ReceiptLine(
        number=line.number,
        kind=line.kind,
        code=line.code,
        name=line.name,
        quantity=line.quantity,
        price=line.price,
        list=line.list,
        membership=line.membership,
        discount=line.discount,
        bonus=line.bonus,
        gift_card=line.gift_card,
        to_pay=line.rest,
        earned=line.earned,
        covered=line.covered,
    )


def _settled(line: VisitLine, refunded: int) -> ReceiptLine:
    names = ("number", "kind", "code", "name", "quantity", "price", "list", "membership", "discount", "bonus")
    more = ("gift_card", "to_pay", "earned", "covered")
    return ReceiptLine(**{name: getattr(line, name) for name in (*names, *more)}, refunded=refunded)
