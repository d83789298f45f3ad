"""The forms that close a location for some days, and that undo it; and what a closure would do, in words."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.numbers import format_decimal
from django import forms
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from clients.admin_base import Confirm, actor
from clients.models import Business, Location
from loyalty import closures
from loyalty.admin.records import in_unit
from loyalty.closures import Closing, Example, Preview
from loyalty.explanations import show_day
from loyalty.models import Account

Unit = Account.Unit
UNITS: Mapping[str, Any] = {
    Unit.BONUS: gettext_lazy("Bonuses"),
    Unit.STAMP: gettext_lazy("Stamps"),
    Unit.SESSION: gettext_lazy("Sessions of memberships"),
    Unit.MONEY: gettext_lazy("Gift cards"),
}
WHAT = ("bonuses", "sessions", "money", "tiers")


class DayInput(forms.DateInput):
    """The browser's own calendar: this form stands outside the admin's, which brings its script."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": UnfoldAdminTextInputWidget().attrs["class"]}, format="%Y-%m-%d")


class ClosureForm(forms.Form):
    """Where, when, why, and what lives longer. What was looked at comes back as `seen`: nothing else is done."""

    location = forms.ModelChoiceField(
        label=gettext_lazy("Location"), queryset=Location.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    from_day = forms.DateField(
        label=gettext_lazy("Closed from"),
        widget=DayInput(),
        help_text=gettext_lazy("The first closed day. It may have been: at most 60 days back."),
    )
    days = forms.IntegerField(
        label=gettext_lazy("For how many days"),
        min_value=1,
        max_value=closures.LONGEST,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For example 5: closed from Monday to Friday, and everything lives 5 days longer."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("For example: a burst pipe. Clients see it in their history."),
    )
    bonuses = forms.BooleanField(
        label=gettext_lazy("Bonuses and stamps live longer"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    sessions = forms.BooleanField(
        label=gettext_lazy("Memberships and free services live longer"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    money = forms.BooleanField(
        label=gettext_lazy("Gift cards that were sold there live longer"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    tiers = forms.BooleanField(
        label=gettext_lazy("Tiers are kept longer"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    key = forms.CharField(widget=forms.HiddenInput(), max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput(), max_length=64, required=False)

    def __init__(self, *args: Any, places: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].queryset = places  # type: ignore[attr-defined]  # a field of choices
        self.fields["key"].initial = secrets.token_hex(8)
        for name in WHAT:
            self.fields[name].initial = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in WHAT):
            self.add_error("bonuses", _("Say what lives longer."))
        return cleaned

    def closing(self, business: Business, now: datetime) -> Closing:
        facts = self.cleaned_data
        return Closing(
            location=facts["location"].pk,
            from_day=facts["from_day"],
            days=facts["days"],
            made_at=now,
            zone=business.zone,
            **{name: facts[name] for name in WHAT},
        )

    def digest(self) -> str:
        """What was filled in, so that confirming can be told from changing."""
        facts = {name: str(self.cleaned_data.get(name)) for name in ("location", "from_day", "days", *WHAT)}
        return hashlib.sha256(repr(sorted(facts.items())).encode()).hexdigest()


class UndoForm(Confirm):
    """Nothing to fill in: the dialog's text says what happens."""

    def carry_out(self) -> None:
        self.closure = closures.undo(closure_id=int(self.object_id), by=actor(self.request), now=timezone.now())


# --- in words ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SumRow:
    """A line of the table: what, how many, of how many, what is left of it."""

    name: str
    count: str
    of: str
    left: str


@dataclass(frozen=True, slots=True)
class ExampleRow:
    whose: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """A preview as the page shows it."""

    sentences: Sequence[str]
    warnings: Sequence[str]
    rows: Sequence[SumRow]
    examples: Sequence[ExampleRow]


def told(seen: Preview, place: str) -> Told:
    rows = [
        SumRow(str(UNITS[one.unit]), counted(one.lots), _whose(one.unit, one.accounts), in_unit(one.left, one.unit))
        for one in sorted(seen.sums, key=lambda one: list(UNITS).index(one.unit))
    ]
    if seen.tiers:
        rows.append(SumRow(_("Terms of tiers"), counted(seen.tiers), _whose(Unit.BONUS, seen.tiers), ""))
    return Told(_sentences(seen, place), _warnings(seen), rows, [_example(one) for one in seen.examples])


def counted(count: int) -> str:
    return str(format_decimal(count, locale=get_language() or "en"))


def _whose(unit: str, count: int) -> str:
    if unit == Unit.MONEY:
        return ngettext("%(count)s card", "%(count)s cards", count) % {"count": counted(count)}
    return ngettext("%(count)s client", "%(count)s clients", count) % {"count": counted(count)}


def _sentences(seen: Preview, place: str) -> list[str]:
    closing = seen.closing
    facts = {
        "place": place,
        "from": show_day(closing.from_day),
        "to": show_day(closing.last_day),
        "days": closing.days,
    }
    closed = (
        _("%(place)s is closed on %(from)s.")
        if closing.days == 1
        else _("%(place)s is closed from %(from)s to %(to)s.")
    )
    if seen.is_empty:
        return [closed % facts, _("Nothing that anybody holds is affected.")]
    longer = ngettext(
        "What stands here lives %(days)d day longer.", "What stands here lives %(days)d days longer.", closing.days
    )
    whom = (
        _("It is the only open location, so it affects everybody.")
        if seen.everybody
        else _("It affects whoever registered there or was there in the last 90 days, and gift cards sold there.")
    )
    return [closed % facts, longer % facts, whom]


def _warnings(seen: Preview) -> list[str]:
    closing, found = seen.closing, []
    for other in seen.overlaps:
        last = show_day(Closing.of(other, closing.zone).last_day)
        facts = {"from": show_day(other.from_day), "to": last}
        found.append(_("It is closed already from %(from)s to %(to)s. The days add up.") % facts)
    if closing.from_day < closing.made_on:
        found.append(_("What ended before today has ended: a closure brings nothing back."))
    elif closing.from_day > closing.made_on:
        found.append(_("What clients get between now and then is not extended."))
    return found


def _example(one: Example) -> ExampleRow:
    what = f"{one.name}: {in_unit(one.left, one.unit)}" if one.name else in_unit(one.left, one.unit)
    whose = one.whose or str(UNITS[one.unit])
    return ExampleRow(whose, what, show_day(one.before), show_day(one.after))
