"""Classes of clients: where recent, often and much begin, how many are in each class, and a segment for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from clients.admin_base import SoleAdmin
from loyalty.admin.code_batches import counted
from loyalty.admin.currency import business, present_currency
from loyalty.admin.fields import MoneyFormField
from loyalty.admin.pages import Effect, ProgramAdmin, Rows
from loyalty.admin.sentences import amount, days, quoted
from loyalty.classes import CODE, called, class_counts, code_of, fit, make_segments
from loyalty.models import RfmScale, Segment
from loyalty.money import Currency
from loyalty.rfm import BEST, Class, Scale, grows
from loyalty.setup.shapes import MAX_COUNT, MAX_DAYS

KINDS = ("recency_days", "visits", "spent")
MEANING = {
    Class.CHAMPIONS: gettext_lazy("Came lately, come often, spend much."),
    Class.LOYAL: gettext_lazy("Come often or spend much, and have not been away for long."),
    Class.PROMISING: gettext_lazy("Came lately, and have begun to come again."),
    Class.NEW: gettext_lazy("Came lately, once or for little so far."),
    Class.AT_RISK: gettext_lazy("Came often or spent much, but have been away."),
    Class.SLEEPING: gettext_lazy("Came seldom, and have been away."),
    Class.LOST: gettext_lazy("Came seldom, and have been away for very long."),
}
FIT = "fit"
TITLES = {
    "recency_days": gettext_lazy("How lately they came"),
    "visits": gettext_lazy("How often"),
    "spent": gettext_lazy("For how much"),
}
LABELS = {
    "recency_days": gettext_lazy("%(score)d points: days ago, at most"),
    "visits": gettext_lazy("%(score)d points: visits, at least"),
    "spent": gettext_lazy("%(score)d points: spent, at least"),
}


def name_of(kind: str, index: int) -> str:
    """The field of a limit: `visits_5` is where five points begin."""
    return f"{kind}_{BEST - index}"


FIELDSETS = [(title, {"fields": [name_of(kind, i) for i in range(BEST - 1)]}) for kind, title in TITLES.items()]


class ScaleForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Twelve limits."""

    class Meta:
        model = RfmScale
        fields: Sequence[str] = ()

    proposed: ClassVar[Scale | None] = None
    """Limits that stand in the fields until somebody saves them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scale = self.proposed or Scale.of(self.instance)
        for kind in KINDS:
            for index, limit in enumerate(getattr(scale, kind)):
                self.fields[name_of(kind, index)] = field = _field(kind, BEST - index)
                field.initial = limit

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for kind in KINDS:
            said: list[Any] = [cleaned.get(name_of(kind, index)) for index in range(BEST - 1)]
            if None in said:
                continue
            if not grows(said if kind == "recency_days" else said[::-1]):
                rises = _("Each must be more days than the one before it.")
                falls = _("Each must be less than the one before it.")
                self.add_error(name_of(kind, BEST - 2), rises if kind == "recency_days" else falls)
            setattr(self.instance, kind, [int(limit) for limit in said])
        return cleaned


def _field(kind: str, score: int) -> forms.Field:
    label = str(LABELS[kind] % {"score": score})
    if kind == "spent":
        return MoneyFormField(label=label, least=0)
    low, high = (0, MAX_DAYS) if kind == "recency_days" else (1, MAX_COUNT)
    return forms.IntegerField(label=label, min_value=low, max_value=high, widget=UnfoldAdminIntegerFieldWidget())


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as the page shows it."""

    name: str
    meaning: str
    clients: str
    segment: int | None


@admin.register(RfmScale)
class RfmAdmin(SoleAdmin, ProgramAdmin):
    """The scale: one page. A house that has never saved one works by the usual limits."""

    form = ScaleForm
    change_form_outer_before_template = "admin/rfm_before.html"
    fieldsets = FIELDSETS

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def there_is_none(self, request: HttpRequest) -> HttpResponseBase:
        """Whoever may only look sees the limits that the house works by all the same."""
        if self.has_add_permission(request):
            return super().there_is_none(request)
        return HttpResponseRedirect(reverse("admin:loyalty_rfmscale_change", args=[RfmScale().pk]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> RfmScale | None:
        row: RfmScale | None = super().get_object(request, object_id, from_field)
        is_usual = row is None and object_id == str(RfmScale().pk) and not self.has_add_permission(request)
        return RfmScale() if is_usual else row

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The limits are no columns of their own."""
        kwargs["fields"] = ()
        if not self._only_looks(request, obj):
            proposed = fit(now=timezone.now()) if FIT in request.GET and request.method == "GET" else None
            kwargs["form"] = type("ScaleForm", (ScaleForm,), {"__module__": __name__, "proposed": proposed})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if not self._only_looks(request, obj):
            return FIELDSETS
        return [(None, {"fields": list(READERS)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return READERS if self._only_looks(request, obj) else ()

    def sentences(self, program: RfmScale, rows: Rows) -> Sequence[str]:
        return _told(Scale.of(program), present_currency())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        if business() is not None and request.method == "GET" and self.has_view_or_change_permission(request):
            context |= {"classes": _classes(), "may_make": self._may_make(request), "fits": FIT in request.GET}
            context["too_few"] = context["fits"] and fit(now=timezone.now()) is None
        return super().changeform_view(request, object_id, form_url, context)

    def _effect(self, request: HttpRequest, object_id: str | None) -> Effect | None:
        """Before anybody has saved a scale the usual one is told."""
        effect = super()._effect(request, object_id)
        if object_id is not None or effect is None:
            return effect
        return Effect(self.sentences(RfmScale(), {}), "", effect.preview)

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        """ "[100000, 50000]" in the record of changes → "1,000.00, 500.00"."""
        limits = [int(limit) for limit in text.strip("[]").split(",") if limit.strip().isdigit()]
        is_money = field is not None and field.name == "spent"
        return " · ".join(amount(limit, present_currency()) if is_money else counted(limit) for limit in limits)

    # --- a segment for each ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.make_view)
        return [path("segments/", view, name="loyalty_rfmscale_make"), *super().get_urls()]

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Asks; the answer to its form makes the segments that are missing."""
        if not self._may_make(request):
            raise PermissionDenied
        page = HttpResponseRedirect(reverse("admin:loyalty_rfmscale_changelist"))
        if business() is None:
            return page
        if request.method == "POST":
            made = len(make_segments())
            text = ngettext("%(count)d segment was made.", "%(count)d segments were made.", made)
            messages.success(request, text % {"count": made} if made else _("All of them are there already."))
            return page
        title, missing = _("A segment for each class"), [row.name for row in _classes() if row.segment is None]
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "missing": missing}
        return TemplateResponse(request, "admin/make_classes.html", context)

    def _may_make(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.add_segment"))


def _classes() -> list[ClassRow]:
    """The classes with their clients; two queries."""
    counts = class_counts(now=timezone.now())
    segments = dict(Segment.objects.filter(code__startswith=CODE % "").values_list("code", "pk"))
    return [ClassRow(called(one), str(MEANING[one]), counted(counts[one]), segments.get(code_of(one))) for one in Class]


def _told(scale: Scale, currency: Currency) -> list[str]:
    """What the limits mean, with an example."""
    steps = {
        "days": " · ".join(str(limit) for limit in scale.recency_days),
        "visits": " · ".join(str(limit) for limit in scale.visits),
        "spent": " · ".join(amount(limit, currency) for limit in scale.spent),
    }
    last, often, much = scale.recency_days[1], scale.visits[1], scale.spent[2]
    facts = {
        "days": days(last),
        "visits": ngettext("%(count)d visit", "%(count)d visits", often) % {"count": often},
        "spent": amount(much, currency),
        "name": quoted(called(scale.class_of(last, often, much))),
    }
    return [
        _("5, 4, 3 or 2 points for the last visit within %(days)s days; for %(visits)s visits; for %(spent)s spent.")
        % steps,
        _("Example: last here %(days)s ago, %(visits)s, %(spent)s spent → %(name)s.") % facts,
    ]


def _reader(kind: str, title: Any) -> Callable[[RfmScale], str]:
    def read(row: RfmScale) -> str:
        limits = getattr(row, kind)
        return " · ".join(amount(one, present_currency()) if kind == "spent" else counted(one) for one in limits)

    read.short_description, read.__name__ = title, f"{kind}_shown"  # type: ignore[attr-defined]
    return read


READERS = tuple(_reader(kind, title) for kind, title in TITLES.items())
