"""The form of a bonus program: help with examples, and what contradicts itself is said where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import MaxValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin.choosing import PlacesField
from loyalty.admin.discount_forms import WaresForm
from loyalty.admin.fields import either
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from loyalty.dates import LONGEST_NOTICE
from loyalty.models import BonusProgram

Trigger = BonusProgram.Trigger

DAYS_OF_LIFE = (Trigger.BIRTHDAY, Trigger.ANNIVERSARY, Trigger.PERSONAL_DATE)
OF_A_CHECK = (Trigger.FIRST_CHECK, Trigger.NTH_VISIT, Trigger.CAMPAIGN)
USES: Mapping[str, tuple[Trigger, ...]] = {
    "date_name": (Trigger.PERSONAL_DATE,),
    "days_before": DAYS_OF_LIFE,
    "registered_days": DAYS_OF_LIFE,
    "nth": (Trigger.NTH_VISIT,),
    "days": (Trigger.INACTIVITY,),
    "reaches": (Trigger.SPENT, Trigger.BALANCE),
    "once": (Trigger.ACTION,),
    "repeat_days": (Trigger.INACTIVITY, Trigger.ACTION),
}
"""Which occasions ask for a field."""
NEEDED = ("date_name", "nth", "days", "reaches")
"""Their occasions cannot do without."""


class BonusForm(WaresForm, TermsForm):
    services = None  # type: ignore[assignment]  # what a bonus program gives is of no services
    exclude = None  # type: ignore[assignment]
    locations = PlacesField(
        label=gettext_lazy("At the locations"),
        help_text=gettext_lazy(
            "None ticked: everywhere. On joining, and for what comes by night, it is where the client registered."
        ),
    )

    class Meta:
        model = BonusProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "amount": gettext_lazy("For example 100. On some occasions a share of the check can be given instead."),
            "percent": gettext_lazy("For example 5: after a check of 60 the client gets 3."),
            "date_name": gettext_lazy("As it stands on the clients' pages, for example: child."),
            "days_before": gettext_lazy("For example 7: the bonuses are there a week before."),
            "registered_days": gettext_lazy("For example 30, against birthdays that are today. 0 means everybody."),
            "nth": gettext_lazy("For example 1: after the first visit."),
            "days": gettext_lazy("For example 60."),
            "reaches": gettext_lazy("For example 1000: once a client, when it is reached."),
            "once": gettext_lazy("Off: every time it is confirmed."),
            "repeat_days": gettext_lazy("For example 30: not again within a month. Empty for an absence: once only."),
            "segment": gettext_lazy("Who belongs to it is looked up each time."),
            "budget": gettext_lazy("For example 5000: then it stops. What refunds take back can be given again."),
            "letter": gettext_lazy("Written to whoever gets these bonuses."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in (("segment", _("Everybody")), ("letter", _("None"))):
            if name in self.fields:
                self.fields[name].empty_label = text  # type: ignore[attr-defined]
        if "days_before" in self.fields:
            self.fields["days_before"].validators.append(MaxValueValidator(LONGEST_NOTICE))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        trigger = cleaned.get("trigger") or getattr(self.instance, "trigger", None)
        self._check_value(trigger)
        for name in NEEDED:
            if trigger in USES[name] and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("This occasion needs it."))
        if trigger == Trigger.ACTION and cleaned.get("once") and cleaned.get("repeat_days"):
            self.add_error("repeat_days", _("It counts once a client: leave this empty."))
        return cleaned

    def _check_value(self, trigger: str | None) -> None:
        if trigger in OF_A_CHECK:
            either(self, "amount", "percent", _("Either an amount or a share of the check."), needed=True)
        elif trigger and not {"amount", "percent"} & set(self.errors):
            message = _("There is no check on this occasion: give an amount.")
            if self.cleaned_data.get("percent") is not None:
                self.add_error("percent", message)
            elif self.cleaned_data.get("amount") is None:
                self.add_error("amount", message)
