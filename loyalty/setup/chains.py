"""The section `chains`: what is done for a client after an occasion, step by step.

Steps are numbered from 1 in the order of the list; `number` is given only where one was taken out, so that clients on
the way stay where they are. `then` and `otherwise` name a later step by its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Channel
from loyalty.models import BonusProgram, Chain, ChainStep
from loyalty.money import Currency
from loyalty.setup.children import Ladder
from loyalty.setup.document import SetupRefused
from loyalty.setup.letters import letter
from loyalty.setup.naming import SEGMENT, Reference
from loyalty.setup.parts import ENABLED, NAME, Group, Key, Part, Values, read_mapping
from loyalty.setup.programs import Bonuses
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import Amount, Choice, Flag, Whole
from loyalty.setup.table import Table

Begins = Chain.Begins
Action = ChainStep.Action
Condition = ChainStep.Condition

MOST_DAYS = 365
MOST_HOURS = 1000
MOST_STEPS = 1000

GOES_WITH: dict[str, tuple[str, ...]] = {
    "days": (Begins.LOT_ENDS, Begins.ABSENT, Begins.BIRTHDAY, Begins.TIER_FALLS),
    "min_amount": (Begins.LOT_ENDS,),
    "stop_when_spent": (Begins.LOT_ENDS,),
}
"""Keys that belong to some beginnings."""
DOES = {"letter": ("template", Action.LETTER), "program": ("program", Action.BONUS)}
"""What a step does needs its key, and nothing else has it."""


@dataclass(frozen=True)
class In(Reference):
    """A row of another section that stands in a column of another name."""

    column: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        return {self.column: super().read(raw, at)[self.name]}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return super().write({self.name: values[self.column]}, currency, full=full)

    def of(self, row: models.Model) -> Values:
        named = getattr(row, self.column)
        return {self.column: named.code if named else None}

    def fill(self, row: models.Model, values: Values) -> None:
        code = values[self.column]
        setattr(row, self.column, self.model._base_manager.get(code=code) if code else None)


class Program(Reference):
    """A bonus program for an action: others have an occasion of their own. Cashback has codes of the same namespace."""

    def fill(self, row: models.Model, values: Values) -> None:
        code = values[self.name]
        found = BonusProgram.objects.filter(code=code).first() if code else None
        setattr(row, self.name, found)
        if code and (found is None or found.trigger != BonusProgram.Trigger.ACTION):
            message = _(
                'the bonus program "%(code)s" has an occasion of its own; a chain gives those with trigger action'
            )
            raise SetupRefused([(Chains.key, message % {"code": code})])


LETTER = letter("letter")
NUMBER = Key("number", Whole(1, MOST_STEPS), default=None)
STEP: tuple[Part, ...] = (
    NUMBER,
    Group(
        "after",
        (
            Key("days", Whole(0, MOST_DAYS), "after_days", default=0),
            Key("hours", Whole(0, MOST_HOURS), "after_hours", default=0),
        ),
    ),
    Key("if", Choice(tuple(Condition.values)), "condition", default=Condition.ALWAYS.value),
    SEGMENT,
    Key("do", Choice(tuple(Action.values)), "action"),
    In(LETTER.name, LETTER.section, LETTER.model, LETTER.unknown, "template"),
    Key("channel", Choice(tuple(Channel.values)), default=Channel.EMAIL.value),
    Program("program", Bonuses.namespace, BonusProgram, gettext_lazy('there is no bonus program "%(code)s"')),
    Key("then", Whole(1, MOST_STEPS), default=None),
    Key("otherwise", Whole(1, MOST_STEPS), default=None),
)


@dataclass(frozen=True)
class Steps(Ladder):
    """The steps of a chain, told apart by their number. One that is no longer listed is switched off."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        steps: list[Values] = []
        spots = []
        last = 0
        for item, spot in self.items(raw, at):
            errors = at.errors
            step = read_mapping(item, self.parts, spot)
            number = step.get("number") or last + 1
            if number <= last:
                spot.key("number").refuse(_("must be more than that of the step before"))
            steps.append({**step, "number": number})
            spots.append(spot)
            last = max(number, last)
            if at.errors == errors:
                _check_step(steps[-1], item, spot)
        for step, spot in zip(steps, spots, strict=True):
            _check_ways(step, {one["number"] for one in steps}, spot)
        return {self.name: steps}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        written = super().write(values, currency, full=full)[self.name]
        numbers = [0, *sorted(step["number"] for step in values[self.name])]
        for step, last in zip(written, numbers, strict=False):
            if not full and step["number"] == last + 1:
                del step["number"]
        return {self.name: written}

    def _store_one(self, child: Any, rung: Values) -> None:
        if child.pk and child.enabled and self._values(child) == rung:
            return
        for part in self.parts:
            part.fill(child, rung)
        child.enabled = True
        child.save()

    def children(self, row: models.Model) -> list[Any]:
        rows = ChainStep._base_manager.filter(chain=row.pk).select_related("segment", "template", "program")
        return list(rows.order_by("number", "pk"))

    def _called(self, rung: Values, currency: Currency) -> str:
        return _("step %(number)d") % {"number": rung["number"]}


def _check_step(step: Values, raw: Mapping[str, Any], at: Spot) -> None:
    """What a step does, and its condition, have the keys that they need and no others."""
    for key, (column, action) in DOES.items():
        if step["action"] == action and step[column] is None:
            at.key(key).refuse(_("is missing"))
        elif step["action"] != action and step[column] is not None:
            at.key(key).refuse(_("goes with do %(action)s only") % {"action": action.value})
    if step["action"] != Action.LETTER and raw.get("channel") is not None:
        at.key("channel").refuse(_("goes with do %(action)s only") % {"action": Action.LETTER.value})
    if step["condition"] == Condition.IN_SEGMENT and step["segment"] is None:
        at.key("segment").refuse(_("is missing"))
    elif step["condition"] != Condition.IN_SEGMENT and step["segment"] is not None:
        at.key("segment").refuse(_("goes with if %(condition)s only") % {"condition": Condition.IN_SEGMENT.value})
    if step["condition"] == Condition.ALWAYS and step["otherwise"] is not None:
        at.key("otherwise").refuse(_("needs a condition: say if"))


def _check_ways(step: Values, known: set[int], at: Spot) -> None:
    """Only ever forward: a chain that went back would write to a client for ever."""
    for key in ("then", "otherwise"):
        number = step.get(key)
        if number is not None and number <= step["number"]:
            at.key(key).refuse(_("must name a later step: a chain never goes back"))
        elif number is not None and number not in known:
            at.key(key).refuse(_("there is no step %(number)d") % {"number": number})


class Chains(Table):
    """What is done for a client after an occasion."""

    key = "chains"
    noun = gettext_lazy("chain")
    model = Chain
    related = ("segment",)
    parts = (
        NAME,
        Key("begins", Choice(tuple(Begins.values))),
        Key("days", Whole(0, MOST_DAYS), default=0),
        Key("min_amount", Amount(positive=True), default=None),
        SEGMENT,
        Key("stop_when_visited", Flag(), default=True),
        Key("stop_when_spent", Flag(), default=False),
        Steps("steps", ChainStep, "chain", STEP, NUMBER),
        ENABLED,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        for key, begins in GOES_WITH.items():
            if values["begins"] in begins:
                continue
            if raw.get(key):
                at.key(key).refuse(_("goes with begins %(begins)s only") % {"begins": _in_words(begins)})
            del values[key]
        if values["begins"] == Begins.ABSENT and not values.get("days"):
            at.key("days").refuse(_("is missing") if raw.get("days") is None else _("must be at least 1"))
        if values["begins"] != Begins.LOT_ENDS:
            for index, step in enumerate(values["steps"]):
                if step["condition"] in (Condition.SPENT, Condition.NOT_SPENT):
                    text = _("%(condition)s is asked of bonuses that end: it goes with begins lot_ends only")
                    at.key("steps").item(index).key("if").refuse(text % {"condition": step["condition"]})

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        written = super().write(row, currency)
        begins = written["begins"]
        return {key: value for key, value in written.items() if begins in GOES_WITH.get(key, (begins,))}


def _in_words(options: Sequence[Any]) -> str:
    return _(" or ").join(option.value for option in options)
