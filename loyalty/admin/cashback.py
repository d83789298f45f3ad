"""Cashback: its rungs, what it counts, when it gives more and how much at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Field, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import StackedInline

from clients.admin_base import actor
from loyalty import thresholds
from loyalty.admin import sentences
from loyalty.admin.cashback_forms import AT_ONCE, CashbackForm, MultiplierForm, TierForm, TierFormSet, movers
from loyalty.admin.check_rules import READERS
from loyalty.admin.currency import bonus_step, business, present_currency
from loyalty.admin.pages import MoneyInline, Rows
from loyalty.admin.programs import DATES, TERMS, NamedProgramAdmin
from loyalty.admin.sentences_cashback import factor, kept, limits
from loyalty.admin.words import told, words
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier, TierStanding

WARES = ("services", "exclude")


class TierInline(MoneyInline, StackedInline):  # type: ignore[misc]  # unfold has no types
    """One below the other: what a tier takes, gives and keeps does not fit beside one another."""

    model = CashbackTier
    form = TierForm
    formset = TierFormSet
    template = StackedInline.template
    fields = (
        ("name", "percent"),
        "from_spent",
        ("min_days", "grace_days"),
        "privileges",
        ("priority_booking", "early_access"),
    )
    verbose_name_plural = gettext_lazy("Tiers")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashbackTier]:
        rows: QuerySet[CashbackTier] = super().get_queryset(request).filter(enabled=True).order_by("from_spent")
        return rows

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Django refuses to take away what others point to; ours is switched off, so nothing stands in its way."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.hand_clean_DELETE = lambda _form: None
        return formset


@admin.display(description=gettext_lazy("times"))
def times(multiplier: CashbackMultiplier) -> str:
    return factor(multiplier.factor)


class MultiplierInline(MoneyInline, StackedInline):  # type: ignore[misc]  # unfold has no types
    """One below the other: days, hours and dates do not fit beside one another."""

    model = CashbackMultiplier
    form = MultiplierForm
    template = StackedInline.template
    fields = ("factor", "weekdays", "from_time", "to_time", "from_day", "to_day")
    verbose_name = gettext_lazy("time when it gives more")
    verbose_name_plural = gettext_lazy("When it gives more")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """How many times is no percentage, although it is stored like one."""
        if db_field.name == "factor":
            return MultiplierForm.base_fields["factor"]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if not self._only_looks(request, obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": (times, READERS["weekdays"], *self.fields[2:])})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (times, READERS["weekdays"]) if self._only_looks(request, obj) else ()


@admin.register(CashbackProgram)
class CashbackAdmin(NamedProgramAdmin):
    form = CashbackForm
    inlines = (TierInline, MultiplierInline)
    list_select_related = ("segment",)
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        (gettext_lazy("What a client has spent"), {"fields": ("window_days", "falls", "counted")}),
        (gettext_lazy("For whom and on what"), {"fields": ("segment", *WARES)}),
        (gettext_lazy("At most"), {"fields": ("max_per_check", "max_per_day", "max_per_month")}),
        TERMS,
        DATES,
    )

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashbackProgram]:
        rows: QuerySet[CashbackProgram] = super().get_queryset(request).prefetch_related("tiers", "multipliers")
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see names in place of boxes. Whether clients move is asked of a program that has some."""
        fieldsets = super().get_fieldsets(request, obj)
        looks = self._only_looks(request, obj)
        hidden = ("counted",) if looks or obj is None else ()
        return [
            (
                name,
                {
                    **options,
                    "fields": [
                        READERS[one] if looks and one in WARES else one
                        for one in options["fields"]
                        if one not in hidden
                    ],
                },
            )
            for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *(READERS[name] for name in WARES)) if self._only_looks(request, obj) else fields

    def save_model(self, request: HttpRequest, obj: CashbackProgram, form: Any, change: bool) -> None:
        """Remember what held before: the tiers are stored after the program."""
        form.before = thresholds.present().get(obj.pk) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        where = business()
        if where is None:
            return
        moved = thresholds.count(
            form.before,
            thresholds.present().get(form.instance.pk),
            at_once=form.cleaned_data.get("counted") == AT_ONCE,
            by=actor(request),
            now=timezone.now(),
            zone=where.zone,
        )
        if moved is not None:
            text = ngettext("%(n)d client has another tier now.", "%(n)d clients have another tier now.", moved)
            messages.info(request, text % {"n": moved})

    def preview(self, request: HttpRequest, object_id: int | None = None) -> HttpResponseBase:
        """While one types nothing is asked: how many would move stands among the sentences."""
        if request.method == "POST":
            typed = request.POST.copy()
            typed["counted"] = AT_ONCE
            request.POST = typed  # type: ignore[assignment]  # as good as what was sent
        return super().preview(request, object_id)

    def rows(self, program: CashbackProgram) -> Rows:
        return {
            CashbackTier: [tier for tier in program.tiers.all() if tier.enabled],
            CashbackMultiplier: list(program.multipliers.all()),
        }

    def chosen(self, form: Any) -> Rows:
        """The program as it is typed. What is stored moves nobody, so nothing is asked for it."""
        return {CashbackProgram: [form.instance]}

    def sentences(self, program: CashbackProgram, rows: Rows) -> Sequence[str]:
        more: Sequence[CashbackMultiplier] = rows.get(CashbackMultiplier, ())
        said = sentences.cashback(
            program,
            rows[CashbackTier],
            present_currency(),
            bonus_step(),
            limits=[*kept(program, rows[CashbackTier]), *limits(program, more, words(), present_currency())],
            times=max((one.factor for one in more), default=None),
        )
        moved = movers(program, rows[CashbackTier]) if CashbackProgram in rows else ""
        return [moved, *said] if moved else said

    def now(self, program: CashbackProgram) -> str:
        counts = TierStanding.objects.filter(program=program, tier__enabled=True).values_list("tier__name")
        found = list(counts.annotate(Count("pk")).order_by("tier__from_spent"))
        parts = ", ".join(f"{name} {count}" for name, count in found)
        return _("Clients now: %(parts)s.") % {"parts": parts} if parts else _("No client has a tier yet.")

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)
