"""Bonus programs on checks and on joining: prepared, granted, counted against their budgets, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from loyalty import budgets, ledger
from loyalty.basket import Basket
from loyalty.bonuses.earning import Chance, OccasionStep
from loyalty.bonuses.past import MECHANIC, Past, could_be_due, past_of
from loyalty.bonuses.program import Occasion, Trigger, load_occasions
from loyalty.bonuses.telling import Given, promises, tell
from loyalty.house import House
from loyalty.ledger import Grant, Kind, Movement
from loyalty.mechanics import Mechanic, Newcomer, Person, Reversal, Sale, Scene
from loyalty.money import Money
from loyalty.periods import is_running
from loyalty.pricing import Idle, Step


class BonusPrograms(Mechanic):
    """Programs that give bonuses on joining and on checks."""

    code = MECHANIC
    explanations: ClassVar[Mapping[str, Any]] = {
        "occasion.amount": _("%(name)s: %(amount)s bonuses."),
        "occasion.percent": _("%(name)s: %(percent)s of %(base)s, %(amount)s bonuses."),
        "occasion.not_for": _("%(name)s is for certain clients; this one is not among them."),
        "occasion.elsewhere": _("%(name)s is for other locations."),
        "occasion.budget_left": _(
            "%(name)s has %(left)s bonuses left to give: %(would_be)s would be too many, so it gives none."
        ),
        "occasion.budget_used_up": _("%(name)s has given all the bonuses that it had to give."),
    }

    def rules(self, house: House) -> tuple[Occasion, ...]:
        return load_occasions()

    def hold(self, basket: Basket, scene: Scene) -> None:
        """Budgets that this check may take from."""
        if scene.person is None or not any(one.budget is not None for one in scene.rules[self.code]):
            return
        chances, _past = _chances(scene.rules[self.code], basket, scene, scene.person)
        budgets.lock(_with_budget(chances, scene))

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        if scene.person is None:
            return Idle()
        chances, past = _chances(scene.rules[self.code], basket, scene, scene.person)
        left = budgets.left_of(_with_budget(chances, scene))
        able = tuple(replace(chance, left=left.get(chance.occasion.code)) for chance in chances)
        return OccasionStep(able, scene.person, past, scene.house.bonus_step) if able else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        occasions = {one.code: one for one in sale.scene.rules[self.code]}
        movements = sale.grants(self.code, {code: one.terms for code, one in occasions.items()})
        grants = [one for one in movements if isinstance(one, Grant) and one.program]
        counted = [one for one in grants if _is_counted(occasions[one.program or ""], sale.scene)]
        budgets.count({one.program or "": one.amount for one in counted})
        if sale.scene.person is not None:
            client = sale.scene.person.id
            given = [Given(occasions[one.program or ""], client, one) for one in grants]
            tell(given, house=sale.scene.house, now=sale.scene.now)
        return movements

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        movements = reversal.take_back_earned(self.code)
        back: Counter[str] = Counter()
        for movement in movements:
            if movement.kind == Kind.TAKE_BACK:
                back[movement.operation.split(":")[3]] += movement.amount
        budgets.count({code: Money(amount) for code, amount in back.items()})
        return movements

    def join(self, newcomer: Newcomer) -> Iterable[Movement]:
        home = newcomer.client.home
        meant = [
            one
            for one in _running(newcomer.rules[self.code], newcomer.today)
            if one.trigger == Trigger.REGISTRATION
            and one.amount
            and one.is_at(home.code if home is not None else None)
            and not newcomer.gaps(one.segment)
        ]
        left = budgets.lock([one.code for one in meant if one.budget is not None])
        fitting = [one for one in meant if one.amount and left.get(one.code, one.amount) >= one.amount]
        given = [Given(one, newcomer.client.pk, self._on_joining(one, newcomer)) for one in fitting]
        budgets.count({one.occasion.code: one.grant.amount for one in given if one.occasion.code in left})
        tell(given, house=newcomer.house, now=newcomer.now)
        return [one.grant for one in given]

    def _on_joining(self, occasion: Occasion, newcomer: Newcomer) -> Grant:
        assert occasion.amount is not None
        return ledger.grant(
            operation=f"client:{newcomer.client.pk}:{self.code}:{occasion.code}",
            account=newcomer.account,
            amount=occasion.amount,
            terms=occasion.terms,
            today=newcomer.today,
            program=occasion.code,
            name=occasion.name,
        )

    def promises(self, house: House, rules: tuple[Occasion, ...], today: date) -> Sequence[str]:
        return promises(house, rules, today)


def _running(occasions: Iterable[Occasion], today: date) -> list[Occasion]:
    return [occasion for occasion in occasions if is_running(occasion, today)]


def _chances(occasions: Sequence[Occasion], basket: Basket, scene: Scene, person: Person) -> tuple[list[Chance], Past]:
    """The programs that may act on this check, and those that only its client or place keeps from it."""
    due = [one for one in _running(occasions, scene.today) if one.is_on_checks and could_be_due(one, basket, scene)]
    asked = [chance for chance in (Chance(one, _why_not(one, scene)) for one in due) if _is_asked(chance, person)]
    return asked, past_of([chance.occasion for chance in asked], person)


def _is_asked(chance: Chance, person: Person) -> bool:
    """Whoever has been here is hardly on their first check: for a program that is not for them nobody looks it up."""
    return not (chance.why_not and chance.occasion.trigger == Trigger.FIRST_CHECK and person.visits)


def _why_not(occasion: Occasion, scene: Scene) -> str:
    if not occasion.is_at(scene.place.code):
        return "elsewhere"
    return "not_for" if scene.gaps(occasion.segment) else ""


def _with_budget(chances: Iterable[Chance], scene: Scene) -> list[str]:
    """Those of the programs that may act whose budget counts."""
    return [one.occasion.code for one in chances if not one.why_not and _is_counted(one.occasion, scene)]


def _is_counted(occasion: Occasion, scene: Scene) -> bool:
    """What settles by the settings of a promise counts against a budget that the program has been given since."""
    return occasion.budget is not None or scene.is_promise
