"""The forms of the programs: help with examples, and what contradicts itself is said where it stands."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.admin_codes import CodeForm
from loyalty.admin.fields import CoversForm, either, order
from loyalty.models import BonusProgram, TrialProgram, TrialService

Trigger = BonusProgram.Trigger

DATES_HELP = {
    "from_day": gettext_lazy("Empty: from now on."),
    "to_day": gettext_lazy("The last day, to its end. Empty: until it is switched off."),
}
TERMS_HELP = {
    "lifetime_days": gettext_lazy("For example 180. Empty here and in months: for ever."),
    "lifetime_months": gettext_lazy("Instead of days, for example 6."),
    "limit_percent": gettext_lazy("For example 50: bonuses pay at most half of a check."),
    "min_check": gettext_lazy("On smaller checks these bonuses cannot be used. 0 means any check."),
    "pending_days": gettext_lazy(
        "For example 14, so that a refund comes before the bonuses are spent. 0 means at once."
    ),
}


class ProgramForm(CodeForm):
    """Name, dates and switch of a program."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        order(self, "from_day", "to_day", _("The last day is before the first."))
        return cleaned


class TermsForm(ProgramForm):
    """A program that gives bonuses."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        either(self, "lifetime_days", "lifetime_months", _("Either days or months, not both."))
        for name in ("lifetime_days", "lifetime_months"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("At least 1. Leave it empty for bonuses that never end."))
        return cleaned


class BonusForm(TermsForm):
    class Meta:
        model = BonusProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "amount": gettext_lazy("For example 100. On some occasions a share of the check can be given instead."),
            "percent": gettext_lazy("For example 5: after a check of 60 the client gets 3."),
            "days_before": gettext_lazy("For example 7: the bonuses are there a week before."),
            "registered_days": gettext_lazy("For example 30, against birthdays that are today. 0 means everybody."),
            "nth": gettext_lazy("For example 1: after the first visit."),
            "days": gettext_lazy("For example 60."),
        }

    # What each occasion needs, and what it has no use for.
    NEEDS = {Trigger.NTH_VISIT: "nth", Trigger.INACTIVITY: "days"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        trigger = cleaned.get("trigger") or getattr(self.instance, "trigger", None)
        self._check_value(trigger)
        needed = self.NEEDS.get(Trigger(trigger)) if trigger in Trigger.values else None
        if needed and not cleaned.get(needed) and needed not in self.errors:
            self.add_error(needed, _("This occasion needs it."))
        return cleaned

    def _check_value(self, trigger: str | None) -> None:
        if trigger == Trigger.CAMPAIGN:
            self._only("percent", "amount", _("A campaign gives a share of each check."))
        elif trigger == Trigger.NTH_VISIT:
            either(self, "amount", "percent", _("Either an amount or a share of the check."), needed=True)
        elif trigger:
            self._only("amount", "percent", _("There is no check on this occasion: give an amount."))

    def _only(self, name: str, other: str, message: str) -> None:
        if {name, other} & set(self.errors):
            return
        if self.cleaned_data.get(other) is not None:
            self.add_error(other, message)
        elif self.cleaned_data.get(name) is None:
            self.add_error(name, message)


class TrialForm(CoversForm, ProgramForm):
    through = TrialService
    through_field = "trial"

    class Meta:
        model = TrialProgram
        fields = "__all__"
        help_texts = {**DATES_HELP, "percent": gettext_lazy("For example 50: the newcomer pays half.")}
