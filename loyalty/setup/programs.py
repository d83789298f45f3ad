"""The sections about the programs that `loyalty` runs: cashback, bonuses on occasions, trial sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Business
from loyalty import thresholds
from loyalty.dates import LONGEST_NOTICE
from loyalty.models import BonusProgram, CashbackMultiplier, CashbackProgram, TrialProgram, TrialService
from loyalty.money import Currency
from loyalty.setup.children import Sayings, services
from loyalty.setup.letters import letter
from loyalty.setup.naming import HOURS, SEGMENT, LocationCodes, ServiceNames, check_hours, check_names
from loyalty.setup.parts import BONUS, DATES, NAME, PROGRAM, Key, Span, Values, check_dates
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Factor, Flag, Percent, Text, Whole
from loyalty.setup.table import Table
from loyalty.setup.tiers import TIERS

BONUS_PROGRAMS = "bonus programs"
"""Lots name their program by its code, so programs that give bonuses share one namespace."""


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
        TIERS,
        Key("falls", Choice(tuple(CashbackProgram.Falls.values)), default=CashbackProgram.Falls.EARNED.value),
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

    def apply(self, data: list[Values], context: Context) -> list[Change]:
        """Changed thresholds count with the next night: until then everybody keeps the tier they stand on."""
        before = thresholds.present() if context.has_tables else {}
        changes = super().apply(data, context)
        if changes and not context.dry_run:
            zone, now = Business.objects.get().zone, timezone.now()
            for program, after in thresholds.present().items():
                thresholds.count(before.get(program), after, at_once=False, by=context.by, now=now, zone=zone)
        return changes


HALF = Decimal(50)
Trigger = BonusProgram.Trigger

DATES_OF_LIFE = (Trigger.BIRTHDAY, Trigger.ANNIVERSARY, Trigger.PERSONAL_DATE)
OCCASIONS: Mapping[str, Collection[str]] = {
    "days_before": DATES_OF_LIFE,
    "registered_days": DATES_OF_LIFE,
    "date_name": (Trigger.PERSONAL_DATE,),
    "nth": (Trigger.NTH_VISIT,),
    "days": (Trigger.INACTIVITY,),
    "repeat_days": (Trigger.INACTIVITY, Trigger.ACTION),
    "once": (Trigger.ACTION,),
    "reaches": (Trigger.SPENT, Trigger.BALANCE),
}
"""Keys that belong to some triggers."""
NEEDED = ("date_name", "nth", "days", "reaches")
"""Their triggers cannot do without."""
OF_A_CHECK = frozenset({Trigger.FIRST_CHECK, Trigger.NTH_VISIT, Trigger.CAMPAIGN})
"""Where there is a check, a share of it may be given."""


class Bonuses(Table):
    """Bonuses given on an occasion."""

    key = "bonuses"
    noun = gettext_lazy("bonus program")
    model = BonusProgram
    related = ("segment", "letter")
    namespace = BONUS_PROGRAMS
    parts = (
        NAME,
        Key("trigger", Choice(tuple(Trigger.values))),
        Key("amount", Amount(positive=True), default=None),
        Key("percent", Percent(), default=None),
        Key("date_name", Text(40), default=""),
        Key("days_before", Whole(0, LONGEST_NOTICE), default=0),
        Key("registered_days", Whole(0, MAX_DAYS), default=0),
        Key("nth", Whole(1, MAX_DAYS), default=None),
        Key("days", Whole(1, MAX_DAYS), default=None),
        Key("repeat_days", Whole(1, MAX_DAYS), default=None),
        Key("once", Flag(), default=False),
        Key("reaches", Amount(positive=True), default=None),
        SEGMENT,
        LocationCodes("locations"),
        Key("budget", Amount(positive=True), default=None),
        letter("letter"),
        BONUS,
        *PROGRAM,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
        _check_reward(values, at)
        for key, triggers in OCCASIONS.items():
            if values["trigger"] in triggers:
                continue
            if raw.get(key) is not None:
                named = _(" or ").join(str(trigger) for trigger in triggers)
                at.key(key).refuse(_("goes with trigger %(trigger)s only") % {"trigger": named})
            del values[key]
        for key in NEEDED:
            if key in values and not values[key]:
                at.key(key).refuse(_("is missing"))
        if values.get("once") and values.get("repeat_days"):
            at.key("repeat_days").refuse(_("says how often, and once is once: leave one of them out"))

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        written = super().write(row, currency)
        trigger = written["trigger"]
        return {key: value for key, value in written.items() if trigger in OCCASIONS.get(key, (trigger,))}


def _check_reward(values: Values, at: Spot) -> None:
    """An amount; or, where there is a check, a share of it."""
    given = [key for key in ("amount", "percent") if values[key] is not None]
    if len(given) == 2:
        at.refuse(_("must have an amount or a percent, not both"))
    elif values["trigger"] in OF_A_CHECK:
        if not given:
            at.refuse(_("must have an amount or a percent"))
    elif not given:
        at.key("amount").refuse(_("is missing"))
    elif given == ["percent"]:
        words = {"trigger": values["trigger"], "key": "amount"}
        at.key("percent").refuse(_("a bonus with trigger %(trigger)s takes %(key)s instead") % words)


class Trials(Table):
    """Part of the price off one unit of a service, for newcomers."""

    key = "trials"
    noun = gettext_lazy("trial")
    model = TrialProgram
    related = ("segment",)
    parts = (
        NAME,
        services(TrialService, "trial"),
        Key("percent", Percent(), default=HALF, shown=True),
        SEGMENT,
        *PROGRAM,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
