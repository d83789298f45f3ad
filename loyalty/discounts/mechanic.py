"""Discounts and promo codes on a check: prepared, counted, released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import F, Max, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from loyalty.basket import Basket
from loyalty.discounts import by_hand, codes
from loyalty.discounts.fitting import Kind, Recent, misfit
from loyalty.discounts.rules import DiscountBook, Rule, load_book
from loyalty.discounts.step import Asked, DiscountStep, Uses
from loyalty.discounts.texts import ALL
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Mechanic, Reversal, Sale, Scene
from loyalty.models import RefundLine, VisitLine
from loyalty.periods import is_running, starts_at
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.reader import Reader


class Discounts(Mechanic):
    """Chooses among all discounts that a check could have."""

    code = "discounts"
    basket_keys = frozenset({codes.KEY, by_hand.KEY})
    explanations: ClassVar[Mapping[str, Any]] = ALL

    def rules(self, house: House) -> DiscountBook:
        return load_book()

    def asks_traits(self, rules: DiscountBook) -> bool:
        return any(rule.card for rule in rules.discounts)

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`promo_codes`, a list of texts; `discount`, what staff give by hand."""
        offers: dict[str, Any] = {}
        if typed := codes.read(reader):
            offers[codes.KEY] = typed
        if given := by_hand.read(reader):
            offers[by_hand.KEY] = given
        return offers

    def lock(self, basket: Basket) -> None:
        codes.lock(basket.offers.get(codes.KEY, ()))

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        book: DiscountBook = scene.rules[self.code]
        running = [rule for rule in book.discounts if is_running(rule, scene.today)]
        asked = [Asked(rule, misfit(rule, scene)) for rule in running]
        typed = codes.usable(basket, book, scene)
        asked += [Asked(one.rule.rule, misfit(one.rule.rule, scene), one) for one in typed]
        recent = _recent([one.rule for one in asked if one.misfit is None], scene)
        return DiscountStep(tuple(asked), scene.person, recent, basket.offers.get(by_hand.KEY), scene.house)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Uses = sale.bill.plans.get(self.code, Uses())
        codes.count([*uses.discounts, *uses.bonuses], sale)
        return ()

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        codes.release(reversal)
        return ()


def _recent(rules: Iterable[Rule], scene: Scene) -> Recent:
    """What the client has had within the longest time that a repeat discount asks about, and how many days ago.

    What has wholly come back counts for nothing. One query, and none where no such discount runs.
    """
    days = max((rule.days or 0 for rule in rules if rule.kind == Kind.REPEAT), default=0)
    if not days or scene.person is None:
        return {}
    back = RefundLine.objects.filter(line=OuterRef("pk")).order_by().values("line")
    had = VisitLine.objects.filter(
        visit__client=scene.person.id,
        visit__at__gte=starts_at(scene.today - timedelta(days=days), scene.house.zone),
        visit__at__lt=scene.now,
        service__isnull=False,
    ).annotate(back=Coalesce(Subquery(back.annotate(units=Sum("quantity")).values("units")), 0))
    last = had.filter(quantity__gt=F("back")).order_by().values_list("code").annotate(last=Max("visit__at"))
    return {code: (scene.today - scene.house.day(at)).days for code, at in last}


@dataclass(frozen=True, slots=True)
class PromoBonusStep(Idle):
    """Earns what the promo codes on the check give as bonuses."""

    def apply(self, bill: Bill, steps: Any) -> Bill:
        uses: Uses = bill.plans.get(Discounts.code, Uses())
        for one in uses.bonuses:
            amount, code = one.rule.bonus, one.rule.rule.code
            if amount:
                bill = bill.earning(Earning(PromoBonuses.code, code, one.rule.rule.name, amount))
                bill = bill.noted(Note("earning", code, "promo.bonus", amount, {"name": one.text}))
        return bill


class PromoBonuses(Mechanic):
    """Promo codes that give bonuses instead of a discount."""

    code = "promo"
    explanations: ClassVar[Mapping[str, Any]] = {
        "promo.bonus": _("Promo code %(name)s: %(amount)s bonuses."),
    }

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        return PromoBonusStep() if basket.offers.get(codes.KEY) and scene.person is not None else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Uses = sale.bill.plans.get(Discounts.code, Uses())
        return sale.grants(self.code, {one.rule.rule.code: one.rule.terms for one in uses.bonuses})

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return reversal.take_back_earned(self.code)
