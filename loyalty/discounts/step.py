"""The discount stage of a check: what the programs, the typed codes and other mechanics offer, and what is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loyalty.discounts.by_hand import ByHand
from loyalty.discounts.codes import PromoCodeNotApplicable, Typed
from loyalty.discounts.fitting import Fit, Goods, Misfit, Recent, fit
from loyalty.discounts.rules import CODE, Rule
from loyalty.discounts.texts import NOT_TAKEN
from loyalty.explanations import sentence
from loyalty.house import House
from loyalty.mechanics import Person
from loyalty.money import ZERO
from loyalty.pricing import Bill, Idle, Note, Step
from loyalty.stacking import Choice, Offer, Taken, best_choice, in_sequence

PROGRAMS = "discounts"
CODES = "promo_codes"


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule that runs today, and what keeps it from this place, moment or client, if anything does."""

    rule: Rule
    misfit: Misfit | None
    typed: Typed | None = None


@dataclass(frozen=True, slots=True)
class Uses:
    """The promo codes that act on a check: they are counted when it settles."""

    discounts: tuple[Typed, ...] = ()
    bonuses: tuple[Typed, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscountStep(Idle):
    """Takes the best choice of all that is offered off the lines, then what staff give by hand."""

    asked: tuple[Asked, ...]
    person: Person | None
    recent: Recent
    by_hand: ByHand | None
    house: House

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        offers, notes, typed, bonuses = self._own(bill)
        offers += [offer for step in steps if step is not self for offer in step.offers(bill)]
        choice = best_choice(
            [_in_any_order(offer, bill) for offer in offers], {line.number: line.rest for line in bill.lines}
        )
        used = [typed[one.offer.code] for one in choice.taken if one.total and one.offer.mechanic == CODES]
        bill = taken(bill, choice).planned(PROGRAMS, Uses(tuple(used), tuple(bonuses)))
        acted = [note for one in choice.taken for note in _of_taken(one)]
        return _by_hand(bill.noted(*acted), self.by_hand).noted(*_outbid(offers, choice), *notes)

    def _own(self, bill: Bill) -> tuple[list[Offer], list[Note], dict[str, Typed], list[Typed]]:
        """Offers of the programs and codes, notes of those that do not act, codes by name, codes that give bonuses."""
        offers: list[Offer] = []
        notes: list[Note] = []
        typed: dict[str, Typed] = {}
        bonuses: list[Typed] = []
        goods = Goods.of(bill)
        for asked in self.asked:
            found = asked.misfit or fit(asked.rule, goods, self.person, self.recent)
            if isinstance(found, Misfit):
                self._refuse(asked, found)
                notes += _unused(asked.rule, self._in_words(found))
            elif asked.typed is not None and asked.typed.rule.bonus:
                bonuses.append(asked.typed)
            else:
                offers.append(_offer(asked, found))
            if asked.typed is not None:
                typed[asked.typed.text] = asked.typed
        return offers, notes, typed, bonuses

    def _in_words(self, misfit: Misfit) -> Misfit:
        """The part that a set lacks, called as the price list calls it."""
        part = self.house.services.get(misfit.facts.get("part", ""))
        return replace(misfit, facts={**misfit.facts, "part": part.name}) if part is not None else misfit

    def _refuse(self, asked: Asked, misfit: Misfit) -> None:
        """A code that was typed and does not fit is refused; a program that does not fit just does not act."""
        if asked.typed is None:
            return
        text = NOT_TAKEN[f"discount.{misfit.why}"]
        facts = {"name": asked.typed.text, **misfit.facts}
        more = {name: value for name, value in misfit.facts.items() if name == "missing"}
        message = sentence(text, facts, self.house.currency)
        raise PromoCodeNotApplicable(message, field=asked.typed.field, **more)


def _in_any_order(offer: Offer, bill: Bill) -> Offer:
    """The offer, so that a cent that is left over of a spread falls on the same goods wherever they stand.

    Of equal goods on the earlier line, of different ones on the first by its code: a later percentage, bonuses or
    cashback on some of the lines would make a total of that cent, and the order of lines changes no total.
    """
    if not offer.spreads:
        return offer
    ranks = {line.number: (line.code, line.price, line.quantity, line.covered, line.number) for line in bill.lines}
    return replace(offer, units=dict(sorted(offer.units.items(), key=lambda unit: ranks[unit[0]])))


def _offer(asked: Asked, found: Fit) -> Offer:
    rule, typed = asked.rule, asked.typed
    return Offer(
        mechanic=CODES if rule.kind == CODE else PROGRAMS,
        code=typed.text if typed is not None else rule.code,
        name=typed.text if typed is not None else rule.name,
        units=found.units,
        percent=found.percent,
        amount=found.amount,
        most=rule.most,
        combinable=rule.combinable,
        priority=rule.priority,
        earns=rule.earns,
    )


def _unused(rule: Rule, misfit: Misfit) -> list[Note]:
    """Why a program does not act, and what would make it."""
    facts = {"name": rule.name, **misfit.facts}
    notes = [Note("discount", rule.code, f"discount.{misfit.why}", facts=facts)]
    if misfit.hint:
        notes.append(Note("hint", rule.code, f"hint.{misfit.hint}", facts.get("missing", ZERO), facts))
    return notes


def taken(bill: Bill, choice: Choice) -> Bill:
    """The bill with these discounts off its lines."""
    off: dict[int, int] = {}
    barred: set[int] = set()
    for one in choice.taken:
        for number, amount in one.parts.items():
            off[number] = off.get(number, 0) + amount
        if not one.offer.earns:
            barred.update(one.parts)
    return bill.with_lines(
        replace(line, discount=line.discount + off[line.number], earns=line.earns and line.number not in barred)
        for line in bill.lines
        if line.number in off
    )


def _by_hand(bill: Bill, given: ByHand | None) -> Bill:
    """What staff give, on what is left."""
    if given is None:
        return bill
    one = in_sequence([_in_any_order(given.offer(bill), bill)], {line.number: line.rest for line in bill.lines}).taken[
        0
    ]
    code = "discount.by_hand_amount" if given.percent is None else "discount.by_hand_percent"
    facts = {**_figures(one), "reason": given.reason}
    return taken(bill, Choice((one,))).noted(Note("discount", "", code, one.total, facts))


# --- the explanation -------------------------------------------------------------------------------------------------


def _outbid(offers: Sequence[Offer], choice: Choice) -> list[Note]:
    """Each discount that a better one kept out."""
    notes = []
    chosen = {offer.order for offer in choice.offers}
    crowded = {offer.order for offer in choice.crowded}
    for offer in sorted(offers, key=lambda offer: offer.order):
        if offer.order not in chosen:
            why = "discount.crowded" if offer.order in crowded else "discount.outbid"
            notes.append(Note("discount", offer.code, why, facts={"name": offer.name}))
    return notes


def _of_taken(one: Taken) -> list[Note]:
    offer = one.offer
    facts = {"name": offer.name, **_figures(one)}
    if not one.total:
        return [Note("discount", offer.code, "discount.nothing_left", facts=facts)]
    notes = [Note("discount", offer.code, f"discount.{_how(one)}", one.total, facts)]
    if not offer.earns:
        notes.append(Note("discount", offer.code, "discount.bars_earning", facts={"name": offer.name}))
    return notes


def _how(one: Taken) -> str:
    """Which sentence tells how the amount came about."""
    offer = one.offer
    if offer.percent is not None:
        if offer.most is not None and one.full > offer.most:
            return "capped"
        return "percent" if one.base * offer.percent.as_integer_ratio()[0] == _times(one) else "rounded"
    if offer.most is not None and one.total == offer.most < (offer.amount or ZERO):
        return "amount_capped"
    return "amount" if one.total == offer.amount else "amount_limited"


def _times(one: Taken) -> int:
    assert one.offer.percent is not None
    return int(one.total) * 100 * one.offer.percent.as_integer_ratio()[1]


def _figures(one: Taken) -> Mapping[str, Any]:
    """Base, rate, exact result, cap, and what each line got: everything that explains the amount."""
    offer = one.offer
    facts: dict[str, Any] = {"base": one.base, "lines": [[n, amount] for n, amount in one.parts.items()]}
    if offer.percent is not None:
        numerator, denominator = offer.percent.as_integer_ratio()
        facts |= {"percent": offer.percent, "exact": one.base * numerator / (denominator * 100)}
    if offer.most is not None:
        facts["most"] = offer.most
    if one.full and one.full != one.total:
        facts["would_be"] = one.full
    return facts
