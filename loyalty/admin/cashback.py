"""Cashback: its rungs, what it counts, when it gives more and how much at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Field, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import StackedInline

from loyalty.admin import sentences
from loyalty.admin.cashback_forms import CashbackForm, MultiplierForm, TierFormSet
from loyalty.admin.check_rules import READERS
from loyalty.admin.currency import bonus_step, present_currency
from loyalty.admin.pages import MoneyInline, Rows
from loyalty.admin.programs import DATES, TERMS, NamedProgramAdmin
from loyalty.admin.sentences_cashback import factor, limits
from loyalty.admin.words import told, words
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier, TierStanding

WARES = ("services", "exclude")


class TierInline(MoneyInline):
    model = CashbackTier
    formset = TierFormSet
    fields = ("name", "from_spent", "percent")
    verbose_name_plural = gettext_lazy("Tiers")
    hide_title = True

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
        (gettext_lazy("What a client has spent"), {"fields": ("window_days",)}),
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
        """Readers see names in place of boxes."""
        fieldsets = super().get_fieldsets(request, obj)
        if not self._only_looks(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [READERS[one] if one in WARES else one for one in options["fields"]]})
            for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *(READERS[name] for name in WARES)) if self._only_looks(request, obj) else fields

    def rows(self, program: CashbackProgram) -> Rows:
        return {
            CashbackTier: [tier for tier in program.tiers.all() if tier.enabled],
            CashbackMultiplier: list(program.multipliers.all()),
        }

    def sentences(self, program: CashbackProgram, rows: Rows) -> Sequence[str]:
        more: Sequence[CashbackMultiplier] = rows.get(CashbackMultiplier, ())
        return sentences.cashback(
            program,
            rows[CashbackTier],
            present_currency(),
            bonus_step(),
            limits=limits(program, more, words(), present_currency()),
            times=max((one.factor for one in more), default=None),
        )

    def now(self, program: CashbackProgram) -> str:
        counts = TierStanding.objects.filter(program=program, tier__enabled=True).values_list("tier__name")
        found = list(counts.annotate(Count("pk")).order_by("tier__from_spent"))
        parts = ", ".join(f"{name} {count}" for name, count in found)
        return _("Clients now: %(parts)s.") % {"parts": parts} if parts else _("No client has a tier yet.")

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)
