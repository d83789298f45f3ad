"""The forms of a segment: its rule with what mechanics bring to it, and lines that are pasted into a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from clients.admin_codes import CodeForm
from clients.refusals import Invalid
from clients.tags import clean_tags
from loyalty.admin.sentences import days, listed, quoted
from loyalty.admin.sentences_segments import choices
from loyalty.admin.words import words
from loyalty.lists import MOST
from loyalty.mechanics import Condition, conditions
from loyalty.models import CashbackTier, Segment
from loyalty.segment_users import users_of
from loyalty.setup.shapes import MAX_COUNT

FURTHER = "further_"
ASKS = (
    *("visits_min", "visits_max", "spent_min", "spent_max", "balance_min", "last_visit_days_max"),
    *("last_visit_days_min", "service", "location", "tier", "rfm", "tag", "birthday_month"),
)
"""Columns that a list leaves empty."""
RANGES = (("visits_min", "visits_max"), ("spent_min", "spent_max"))
ANY = ("", gettext_lazy("any"))


class SegmentForm(CodeForm):
    tier = forms.ChoiceField(
        label=gettext_lazy("Stands on the tier"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Of one of your cashback programs."),
    )
    service = forms.ChoiceField(
        label=gettext_lazy("Has had the service"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("At least once; what was wholly refunded does not count."),
    )
    rfm = forms.ChoiceField(
        label=gettext_lazy("Is in the class"),
        required=False,
        choices=[ANY, *Segment.Rfm.choices],
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("By how lately, how often and for how much they come; see Classes of clients."),
    )
    birthday_month = forms.TypedChoiceField(
        label=gettext_lazy("Birthday in the month"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[ANY, *MONTHS.items()],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Segment
        exclude = ("further",)
        help_texts = {
            "name": gettext_lazy("As you speak of them, for example Regulars."),
            "visits_min": gettext_lazy("For example 5. Empty: any number."),
            "visits_max": gettext_lazy("For example 1: they have come once at most."),
            "spent_min": gettext_lazy("For example 500: since the first visit, refunds taken off."),
            "spent_max": gettext_lazy("For example 100: whoever has spent 100.01 does not belong."),
            "balance_min": gettext_lazy("For example 10: so many bonuses they could spend today."),
            "last_visit_days_max": gettext_lazy("For example 30: they came within the last 30 days."),
            "last_visit_days_min": gettext_lazy("For example 60: they have not come for 60 days."),
            "tag": gettext_lazy("Letter by letter as it stands on the client's page, for example VIP."),
            "location": gettext_lazy("They registered there or have been there."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("tier", self._tiers)
        self._offer("service", self._services)
        for key, field in self._further().items():
            value = self.instance.further.get(key)
            field.initial = value
            if isinstance(field, forms.ChoiceField):
                known = choices(key)
                gone = [(value, value)] if value is not None and value not in known else []
                field.choices = [ANY, *known.items(), *gone]

    def _offer(self, name: str, offered: Any) -> None:
        if name in self.fields:
            self.fields[name].choices = [ANY, *offered()]  # type: ignore[attr-defined]

    def _tiers(self) -> list[tuple[str, Any]]:
        """The tiers of today; one that is no longer there stays chosen until another is."""
        names = CashbackTier.objects.filter(enabled=True).order_by("from_spent").values_list("name", flat=True)
        return [(name, name) for name in dict.fromkeys([*names, *filter(None, [self.instance.tier])])]

    def _services(self) -> Sequence[tuple[Any, Any]]:
        """The price list under its categories, which can be chosen themselves."""
        wares, groups = words().wares, dict[str, list[tuple[str, str]]]()
        for ware in wares.values():
            groups.setdefault(ware.category, []).append((ware.code, ware.name))
        known = {*wares, *groups}
        for category in filter(None, groups):
            if category not in wares:
                groups[category].insert(0, (category, _("Something of “%(name)s”") % {"name": category}))
        chosen = self.instance.service
        gone = [(chosen, chosen)] if chosen and chosen not in known else []
        return [*((category or _("Without a category"), rows) for category, rows in groups.items()), *gone]

    def _further(self) -> Mapping[str, forms.Field]:
        return {key: self.fields[FURTHER + key] for key in conditions() if FURTHER + key in self.fields}

    # --- what was said ---

    def clean_tag(self) -> str:
        said = self.cleaned_data.get("tag") or ""
        try:
            return "".join(clean_tags([said] if said.strip() else []))
        except Invalid as refusal:
            raise forms.ValidationError(f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.") from refusal

    def clean_enabled(self) -> bool:
        """Whoever switches a segment off that programs are for takes them from everybody: that is said first."""
        enabled = bool(self.cleaned_data["enabled"])
        if not enabled and self.instance.pk and self.initial.get("enabled"):
            users = [quoted(user.name) for user in users_of(self.instance) if user.is_on]
            if users:
                text = _("%(names)s would then be for nobody. Choose another segment there first, or switch them off.")
                raise forms.ValidationError(text % {"names": listed(users)})
        return enabled

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_static", self.instance.is_static):
            self.instance.further = {}
            return {**cleaned, **{name: self._nothing(name) for name in ASKS if name in cleaned}}
        self._check_ranges(cleaned)
        self.instance.further = {**self.instance.further, **self._said_further(cleaned)}
        self.instance.further = {key: value for key, value in self.instance.further.items() if value is not None}
        return cleaned

    def _nothing(self, name: str) -> Any:
        return None if Segment._meta.get_field(name).null else ""

    def _said_further(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: cleaned.get(FURTHER + key) or None for key in self._further()}

    def _check_ranges(self, cleaned: Mapping[str, Any]) -> None:
        least, most = cleaned.get("last_visit_days_min"), cleaned.get("last_visit_days_max")
        if least is not None and most is not None and least > most:
            text = _("Nobody came last at least %(least)s and at most %(most)s ago.")
            self.add_error("last_visit_days_min", text % {"least": days(least), "most": days(most)})
        for low, high in RANGES:
            if None not in (cleaned.get(low), cleaned.get(high)) and cleaned[low] > cleaned[high]:
                self.add_error(low, _("This is more than the most: nobody would belong."))


def with_conditions() -> type[SegmentForm]:
    """The form with a field for each condition that a mechanic brings."""
    fields = {FURTHER + key: _field(condition) for key, condition in conditions().items()}
    return type("SegmentForm", (SegmentForm,), {"__module__": __name__, **fields})


def _field(condition: Condition) -> forms.Field:
    said: dict[str, Any] = {"label": condition.label, "help_text": condition.help_text, "required": False}
    if condition.choices is not None:
        return forms.ChoiceField(widget=UnfoldAdminSelectWidget(), **said)
    return forms.IntegerField(min_value=1, max_value=MAX_COUNT, widget=UnfoldAdminIntegerFieldWidget(), **said)


class PasteForm(forms.Form):
    """Whom to put on a list, one a line."""

    lines = forms.CharField(
        label=gettext_lazy("One a line"),
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("Phones, cards, e-mails or numbers of clients, as they stand in your table."),
    )

    def clean_lines(self) -> str:
        said: str = self.cleaned_data["lines"]
        if not said.strip():
            raise forms.ValidationError(_("Nothing stands here yet."))
        if len(said.splitlines()) > 2 * MOST:
            raise forms.ValidationError(_("At most %(count)d lines at once.") % {"count": MOST})
        return said.replace("\x00", "")
