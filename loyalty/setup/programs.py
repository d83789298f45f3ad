"""The sections about the programs that `loyalty` runs: cashback, bonuses on occasions, trial sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import BonusProgram, CashbackMultiplier, CashbackProgram, CashbackTier, TrialProgram, TrialService
from loyalty.money import Currency
from loyalty.setup.children import Ladder, Sayings, services
from loyalty.setup.naming import HOURS, SEGMENT, ServiceNames, check_hours, check_names
from loyalty.setup.parts import BONUS, DATES, NAME, PROGRAM, Key, Span, Values, check_dates
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Factor, Percent, Text, Whole
from loyalty.setup.table import Table

BONUS_PROGRAMS = "bonus programs"
"""Lots name their program by its code, so programs that give bonuses share one namespace."""

THRESHOLD = Key("from", Amount(), "from_spent")


@dataclass(frozen=True)
class Window(Span):
    """`lifetime`, or {days: N}: over how long spending counts."""

    @property
    def wanted(self) -> str:
        return _("must be lifetime or {days: N}")

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        return super().read({**raw, self.name: None} if raw.get(self.name) == "lifetime" else raw, at)

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        written = super().write(values, currency, full=full)
        return {self.name: written[self.name] or "lifetime"}


def _check_moment(values: Values, at: Spot) -> None:
    """A multiplier without a condition would be another percent."""
    check_dates(values, at)
    check_hours(values, at)
    if not any(value for column, value in values.items() if column != "factor"):
        at.refuse(_("must have weekdays, from_time, to_time, from or to"))


MULTIPLIERS = Sayings(
    "multipliers", CashbackMultiplier, "program", (Key("factor", Factor()), *HOURS, *DATES), _check_moment
)


class Cashback(Table):
    """Cumulative cashback."""

    key = "cashback"
    noun = gettext_lazy("cashback")
    model = CashbackProgram
    related = ("segment",)
    namespace = BONUS_PROGRAMS
    parts = (
        NAME,
        Window("window", "window_days", shown=True),
        Ladder(
            "tiers", CashbackTier, "program", (Key("name", Text(60)), THRESHOLD, Key("percent", Percent())), THRESHOLD
        ),
        MULTIPLIERS,
        SEGMENT,
        ServiceNames("services"),
        ServiceNames("exclude"),
        Key("max_per_check", Amount(positive=True), default=None),
        Key("max_per_day", Amount(positive=True), default=None),
        Key("max_per_month", Amount(positive=True), default=None),
        BONUS,
        *PROGRAM,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
        check_names(values, at)


HALF = Decimal(50)

OCCASIONS = {
    "days_before": "birthday",
    "registered_days": "birthday",
    "nth": "nth_visit",
    "days": "inactivity",
    "repeat_days": "inactivity",
}
"""Keys that belong to one trigger."""


class Bonuses(Table):
    """Bonuses given on an occasion."""

    key = "bonuses"
    noun = gettext_lazy("bonus program")
    model = BonusProgram
    namespace = BONUS_PROGRAMS
    parts = (
        NAME,
        Key("trigger", Choice(tuple(BonusProgram.Trigger.values))),
        Key("amount", Amount(positive=True), default=None),
        Key("percent", Percent(), default=None),
        Key("days_before", Whole(0, 364), default=0),
        Key("registered_days", Whole(0, MAX_DAYS), default=0),
        Key("nth", Whole(1, MAX_DAYS), default=None),
        Key("days", Whole(1, MAX_DAYS), default=None),
        Key("repeat_days", Whole(1, MAX_DAYS), default=None),
        BONUS,
        *PROGRAM,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
        _check_reward(values, at)
        for key, trigger in OCCASIONS.items():
            if trigger == values["trigger"]:
                continue
            if raw.get(key) is not None:
                at.key(key).refuse(_("goes with trigger %(trigger)s only") % {"trigger": trigger})
            del values[key]
        for key in ("nth", "days"):
            if key in values and values[key] is None:
                at.key(key).refuse(_("is missing"))

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        written = super().write(row, currency)
        return {
            key: value for key, value in written.items() if OCCASIONS.get(key, written["trigger"]) == written["trigger"]
        }


def _check_reward(values: Values, at: Spot) -> None:
    """An amount; or, where there is a check, a share of it."""
    takes = {"nth_visit": "amount or percent", "campaign": "percent"}.get(values["trigger"], "amount")
    given = [key for key in ("amount", "percent") if values[key] is not None]
    if len(given) == 2:
        at.refuse(_("must have an amount or a percent, not both"))
    elif not given and takes == "amount or percent":
        at.refuse(_("must have an amount or a percent"))
    elif not given:
        at.key(takes).refuse(_("is missing"))
    elif given[0] not in takes:
        at.key(given[0]).refuse(
            _("a bonus with trigger %(trigger)s takes %(key)s instead") % {"trigger": values["trigger"], "key": takes}
        )


class Trials(Table):
    """Part of the price off one unit of a service, for newcomers."""

    key = "trials"
    noun = gettext_lazy("trial")
    model = TrialProgram
    parts = (NAME, services(TrialService, "trial"), Key("percent", Percent(), default=HALF, shown=True), *PROGRAM)

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
