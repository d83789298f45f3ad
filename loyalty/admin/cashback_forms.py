"""The forms of cashback: its rungs, and when it gives more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from loyalty import thresholds
from loyalty.admin.choosing import WaresField, WeekdaysField
from loyalty.admin.currency import business
from loyalty.admin.discount_forms import WaresForm
from loyalty.admin.fields import FactorFormField, order
from loyalty.admin.pages import kept
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from loyalty.admin.sentences import listed
from loyalty.falling import Stairs, stairs_of
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier
from loyalty.setup.tiers import LONGEST_TEXT
from loyalty.tiers import Rung

AT_ONCE, BY_NIGHT = "now", "night"
COUNTED = ((AT_ONCE, gettext_lazy("at once")), (BY_NIGHT, gettext_lazy("with the next night")))
WHEN = ("weekdays", "from_time", "to_time", "from_day", "to_day")


class CashbackForm(WaresForm, TermsForm):
    services = WaresField(
        label=gettext_lazy("On these services"), help_text=gettext_lazy("None ticked: on everything that earns.")
    )
    exclude = WaresField(
        label=gettext_lazy("But not on"), help_text=gettext_lazy("What is ticked here earns nothing by this program.")
    )

    counted = forms.ChoiceField(
        label=gettext_lazy("If clients move to another tier by what you change"),
        required=False,
        choices=COUNTED,
        widget=UnfoldAdminRadioSelectWidget(),
        help_text=gettext_lazy(
            "Above you read how many would. “At once” moves everybody now, down too, whatever the tiers say of how long"
            " they are kept. Until the night everybody keeps the tier they have; the night then moves them, and who is"
            " to fall is still kept as long as the tiers say. The setup document does as the night."
        ),
    )

    class Meta:
        model = CashbackProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "falls": gettext_lazy(
                "For example from Gold: to Start, if that is what they have earned, or first to Silver."
            ),
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
        if "falls" in self.fields:
            self.fields["falls"].required = False

    def clean_falls(self) -> str:
        """Not answered: as it was."""
        return str(self.cleaned_data["falls"] or self.instance.falls)


class TierFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    """Rungs: each begins somewhere else. One that is taken away is switched off: clients may stand on it tonight."""

    def clean(self) -> None:
        super().clean()
        self._check_thresholds()
        self._ask()

    def _ask(self) -> None:
        """Where clients would move the owner says when: at once, or with the next night."""
        if any(form.errors for form in self.forms) or self.data.get("counted") in (AT_ONCE, BY_NIGHT):
            return
        text = movers(self.instance, kept(self))
        if text:
            raise ValidationError(_("%(movers)s Say below when that counts.") % {"movers": text})

    def _check_thresholds(self) -> None:
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


def stairs_as_typed(program: CashbackProgram, tiers: Sequence[CashbackTier]) -> Stairs:
    """What the form would store; a tier that is not stored yet has an id of nobody's."""
    rows = sorted(tiers, key=lambda tier: tier.from_spent)
    rungs = [replace(Rung.of(row), id=row.pk or -number) for number, row in enumerate(rows, start=1)]
    return Stairs(program.pk, program.window_days, program.falls == CashbackProgram.Falls.ONE_STEP, tuple(rungs))


def movers(program: CashbackProgram, tiers: Sequence[CashbackTier]) -> str:
    """How many clients would move by what is typed: "By this 2 clients move up and 5 clients move down."; or ""."""
    before = stairs_of(CashbackProgram.objects.filter(pk=program.pk, enabled=True)).get(program.pk or 0)
    after, where = stairs_as_typed(program, tiers), business()
    if before is None or not after.rungs or not program.enabled or where is None:
        return ""
    if not thresholds.thresholds_differ(before, after):
        return ""
    found = thresholds.moves(before, after, today=timezone.localdate(timezone=where.zone), zone=where.zone)
    if not found.up and not found.down:
        return ""
    up = ngettext("%(n)d client moves up", "%(n)d clients move up", found.up) % {"n": found.up}
    down = ngettext("%(n)d client moves down", "%(n)d clients move down", found.down) % {"n": found.down}
    parts = [text for text, number in ((up, found.up), (down, found.down)) if number]
    return _("By this %(moves)s.") % {"moves": listed(parts)}


class TierForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A tier: what it takes, what it gives, how long it is kept."""

    class Meta:
        model = CashbackTier
        fields = (
            *("name", "from_spent", "percent", "min_days", "grace_days"),
            *("privileges", "priority_booking", "early_access"),
        )
        help_texts = {
            "min_days": gettext_lazy("For example 90. 0: the night after the spending no longer reaches it."),
            "grace_days": gettext_lazy("For example 30: clients are told what keeps the tier, and until when."),
            "privileges": gettext_lazy("A line each, for example: A towel at every visit. The client reads it."),
            "priority_booking": gettext_lazy("The desk sees “books first”."),
        }
        widgets = {"privileges": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("min_days", "grace_days"):
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("min_days", "grace_days"):
            if name in cleaned and cleaned[name] is None:
                cleaned[name] = 0
        if "privileges" in cleaned:
            cleaned["privileges"] = "\n".join(line.rstrip() for line in cleaned["privileges"].strip().splitlines())
            if len(cleaned["privileges"]) > LONGEST_TEXT:
                self.add_error("privileges", _("At most %(limit)d characters.") % {"limit": LONGEST_TEXT})
        return cleaned


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
