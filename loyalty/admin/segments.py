"""Segments: the rule of each in words, and who belongs to it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from clients.admin_codes import CodeForm
from clients.refusals import Invalid
from clients.tags import clean_tags
from loyalty.admin.currency import present_currency
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.sentences import amount, days, listed, quoted
from loyalty.explanations import show_month
from loyalty.models import CashbackProgram, CashbackTier, Discount, PromoCode, Segment
from loyalty.money import Currency
from loyalty.segments import crowd

USERS = (CashbackProgram, Discount, PromoCode)


class SegmentForm(CodeForm):
    tier = forms.ChoiceField(
        label=gettext_lazy("Stands on the tier"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Of one of your cashback programs."),
    )
    birthday_month = forms.TypedChoiceField(
        label=gettext_lazy("Birthday in the month"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("any")), *MONTHS.items()],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Segment
        fields = "__all__"
        help_texts = {
            "name": gettext_lazy("As you speak of them, for example Regulars."),
            "visits_min": gettext_lazy("For example 5. Empty: any number."),
            "spent_min": gettext_lazy("For example 500: since the first visit, refunds taken off."),
            "last_visit_days_max": gettext_lazy("For example 30: they came within the last 30 days."),
            "last_visit_days_min": gettext_lazy("For example 60: they have not come for 60 days."),
            "tag": gettext_lazy("Letter by letter as it stands on the client's page, for example VIP."),
            "location": gettext_lazy("They registered there or have been there."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tier" in self.fields:
            self.fields["tier"].choices = self._tiers()  # type: ignore[attr-defined]

    def _tiers(self) -> list[tuple[str, Any]]:
        """The tiers of today; one that is no longer there stays chosen until another is."""
        names = CashbackTier.objects.filter(enabled=True).order_by("from_spent").values_list("name", flat=True)
        known = list(dict.fromkeys([*names, *([self.instance.tier] if self.instance.tier else [])]))
        return [("", _("any")), *((name, name) for name in known)]

    def clean_tag(self) -> str:
        said = self.cleaned_data.get("tag") or ""
        try:
            return "".join(clean_tags([said] if said.strip() else []))
        except Invalid as refusal:
            raise forms.ValidationError(f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.") from refusal

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        least, most = cleaned.get("last_visit_days_min"), cleaned.get("last_visit_days_max")
        if least is not None and most is not None and least > most:
            text = _("Nobody came last at least %(least)s and at most %(most)s ago.")
            self.add_error("last_visit_days_min", text % {"least": days(least), "most": days(most)})
        return cleaned


@admin.register(Segment)
class SegmentAdmin(ProgramAdmin):
    """One segment, one page."""

    form = SegmentForm
    list_display = ("name", "rule", "is_on")
    list_display_links = ("name",)
    ordering = ("name", "code")
    list_select_related = ("location",)
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        (gettext_lazy("How often and for how much"), {"fields": ("visits_min", "spent_min")}),
        (gettext_lazy("When they last came"), {"fields": ("last_visit_days_max", "last_visit_days_min")}),
        (gettext_lazy("Who they are"), {"fields": ("tier", "tag", "birthday_month", "location")}),
        (gettext_lazy("For the setup document and the API"), {"fields": ("code",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))

    def sentences(self, program: Segment, rows: Rows) -> Sequence[str]:
        return [*told(program, present_currency()), belonging(program)]

    def now(self, program: Segment) -> str:
        found = [str(row) for model in USERS for row in model._default_manager.filter(segment=program)]
        if not found:
            return _("No program is for this segment yet.")
        return _("Programs for this segment: %(names)s.") % {"names": listed([quoted(name) for name in found])}

    @display(description=gettext_lazy("who belongs"))
    def rule(self, segment: Segment) -> str:
        return " ".join(told(segment, present_currency()))

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, segment: Segment) -> bool:
        return segment.enabled


def told(segment: Segment, currency: Currency) -> list[str]:
    """The rule in words."""
    if not segment.enabled:
        return [_("Switched off: nobody belongs to it.")]
    found = [*_habits(segment, currency), *_traits(segment)]
    if not found:
        return [_("No condition: every client belongs.")]
    return [_("A client belongs who has %(conditions)s.") % {"conditions": listed(found)}]


def _habits(segment: Segment, currency: Currency) -> list[str]:
    said = []
    if segment.visits_min is not None:
        text = ngettext("at least %(count)d visit", "at least %(count)d visits", segment.visits_min)
        said.append(text % {"count": segment.visits_min})
    if segment.spent_min is not None:
        said.append(_("spent at least %(amount)s") % {"amount": amount(segment.spent_min, currency)})
    return [*said, *_last_visit(segment)]


def _last_visit(segment: Segment) -> list[str]:
    most, least = segment.last_visit_days_max, segment.last_visit_days_min
    if most == 0:
        return [_("been here today")]
    if most is not None and most == least:
        return [_("last come %(most)s ago, to the day") % {"most": days(most)}]
    if most is not None and least is not None:
        return [_("last come between %(least)s and %(most)s ago") % {"least": days(least), "most": days(most)}]
    if most is not None:
        return [_("come within the last %(most)s") % {"most": days(most)}]
    return [] if least is None else [_("been away for at least %(least)s") % {"least": days(least)}]


def _traits(segment: Segment) -> list[str]:
    said = []
    if segment.tier:
        said.append(_("the tier %(tier)s") % {"tier": quoted(segment.tier)})
    if segment.tag:
        said.append(_("the tag %(tag)s") % {"tag": quoted(segment.tag)})
    if segment.birthday_month:
        said.append(_("a birthday in %(month)s") % {"month": show_month(segment.birthday_month)})
    if segment.location is not None:
        said.append(_("registered at %(place)s or been there") % {"place": quoted(str(segment.location))})
    return said


def belonging(segment: Segment) -> str:
    """ "Now 2 clients belong, for example Boris Petrov and Alice Ivanova." """
    found = crowd(segment, now=timezone.now())
    if not found.count:
        return _("Nobody belongs now.")
    all_of_them = ngettext(
        "Now %(count)d client belongs: %(names)s.", "Now %(count)d clients belong: %(names)s.", found.count
    )
    some = ngettext(
        "Now %(count)d client belongs, for example %(names)s.",
        "Now %(count)d clients belong, for example %(names)s.",
        found.count,
    )
    text = all_of_them if found.count == len(found.examples) else some
    return text % {"count": found.count, "names": listed(found.examples)}
