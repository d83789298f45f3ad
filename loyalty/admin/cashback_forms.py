"""The forms of cashback: its rungs, and when it gives more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin.choosing import WaresField, WeekdaysField
from loyalty.admin.discount_forms import WaresForm
from loyalty.admin.fields import FactorFormField, order
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier

WHEN = ("weekdays", "from_time", "to_time", "from_day", "to_day")


class CashbackForm(WaresForm, TermsForm):
    services = WaresField(
        label=gettext_lazy("On these services"), help_text=gettext_lazy("None ticked: on everything that earns.")
    )
    exclude = WaresField(
        label=gettext_lazy("But not on"), help_text=gettext_lazy("What is ticked here earns nothing by this program.")
    )

    class Meta:
        model = CashbackProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "window_days": gettext_lazy("For example 365: only the last year counts. Empty: since the first visit."),
            "segment": gettext_lazy("Who belongs to it is looked up at each check."),
            "max_per_check": gettext_lazy("For example 20. Empty: no limit."),
            "max_per_day": gettext_lazy("For example 30, by the day of the business. Empty: no limit."),
            "max_per_month": gettext_lazy("For example 100, by the calendar month. Empty: no limit."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            self.fields["segment"].empty_label = _("Everybody")  # type: ignore[attr-defined]


class TierFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    """Rungs: each begins somewhere else. One that is taken away is switched off: clients may stand on it tonight."""

    def clean(self) -> None:
        super().clean()
        seen: set[int] = set()
        for form in self.forms:
            start = form.cleaned_data.get("from_spent") if hasattr(form, "cleaned_data") else None
            if start is None or form.cleaned_data.get("DELETE"):
                continue
            if start in seen:
                text = form.fields["from_spent"].prepare_value(start)
                form.add_error("from_spent", _("Another tier begins at %(start)s too.") % {"start": text})
            seen.add(start)
        if any(form.errors for form in self.forms):
            raise ValidationError(_("Please look at the tiers again."))

    def delete_existing(self, obj: CashbackTier, commit: bool = True) -> None:
        obj.enabled = False
        obj.save()

    def save_existing_objects(self, commit: bool = True) -> Any:
        """Two rungs may swap their thresholds: step aside before saving, a threshold is unique among those in use."""
        moving = [form.instance.pk for form in self.initial_forms if form.has_changed()]
        CashbackTier.objects.filter(pk__in=moving).update(enabled=False)
        return super().save_existing_objects(commit)


class MultiplierForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """So many times the share, on these days and hours. Without a condition it would be another percent."""

    factor = FactorFormField(
        label=gettext_lazy("Times"), help_text=gettext_lazy("For example 2: twice what the tier says. 0.5 is half.")
    )
    weekdays = WeekdaysField(label=gettext_lazy("On these days"), help_text=gettext_lazy("None ticked: every day."))

    class Meta:
        model = CashbackMultiplier
        fields = ("factor", *WHEN)
        help_texts = {
            "from_time": gettext_lazy("For example 09:00, by the clock of the location. Empty: from the morning."),
            "to_time": gettext_lazy("For example 12:00: at 12:00 it is over. Empty: until the night."),
            "from_day": gettext_lazy("Empty: from now on."),
            "to_day": gettext_lazy("The last day, to its end. Empty: no end."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("from_time", "to_time"):
            if name in self.fields:
                self.fields[name].widget.format = "%H:%M"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        order(self, "from_day", "to_day", _("The last day is before the first."))
        begin, end = cleaned.get("from_time"), cleaned.get("to_time")
        if begin is not None and begin == end:
            self.add_error("to_time", _("It begins and ends at the same time."))
        if not self.errors and not cleaned.get("DELETE") and all(cleaned.get(name) in (None, "") for name in WHEN):
            self.add_error("weekdays", _("Choose days, hours or dates: when it gives more."))
        return cleaned
