"""The discount stage: of everything that mechanics offer, the choice that makes the check cheapest.

Trial sessions, a friend's first check and every later kind of discount only offer; which of them are taken, and
in what order, is decided here and nowhere else (`pricing` tells how).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.refusals import Invalid, Refusal
from loyalty.basket import Basket
from loyalty.mechanics import Mechanic, Scene
from loyalty.money import total
from loyalty.pricing import Bill, Choice, Idle, Note, Offer, Step, best_choice
from loyalty.reader import Reader


class PromoCodeUnknown(Refusal):
    """There is no such promo code."""

    code = "promo_code_unknown"


@dataclass(frozen=True, slots=True)
class DiscountStep(Idle):
    """Takes the best choice of all that is offered off the lines."""

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        offers = [offer for step in steps for offer in step.offers(bill)]
        if not offers:
            return bill
        choice = best_choice(offers, {line.number: line.rest for line in bill.lines})
        return taken(bill, choice).noted(*explained(offers, choice))


def taken(bill: Bill, choice: Choice) -> Bill:
    lines = {line.number: line for line in bill.lines}
    for parts in choice.taken:
        for number, amount in parts.items():
            lines[number] = replace(lines[number], discount=lines[number].discount + amount)
    return bill.with_lines(lines.values())


def explained(offers: Sequence[Offer], choice: Choice) -> list[Note]:
    """Each discount that was taken, and each that a better one kept out."""
    notes = [
        Note("discount", offer.code, "discount.taken", total(parts.values()), {"name": offer.name, **offer.facts})
        for offer, parts in zip(choice.offers, choice.taken, strict=True)
    ]
    outbid = [offer for offer in offers if offer not in choice.offers]
    notes += [Note("discount", offer.code, "discount.outbid", facts={"name": offer.name}) for offer in outbid]
    return notes


class Discounts(Mechanic):
    """Chooses among the discounts that other mechanics offer."""

    code = "discounts"
    basket_keys = frozenset({"promo_codes"})
    explanations: ClassVar[Mapping[str, Any]] = {
        "discount.taken": _("%(name)s: %(percent)s off, %(amount)s less."),
        "discount.outbid": _("%(name)s is not used: another discount makes this check cheaper."),
    }

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`promo_codes`: a list. The business gives none out yet, so each is unknown. Raises `PromoCodeUnknown`."""
        typed = reader.items("promo_codes") if reader.raw.get("promo_codes") is not None else ()
        for i, code in enumerate(typed):
            if not isinstance(code, str):
                raise Invalid(gettext("must be a code in a string"), field=f"promo_codes[{i}]")
            raise PromoCodeUnknown(gettext("There is no such promo code."), field=f"promo_codes[{i}]")
        return {}

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        return DiscountStep()
