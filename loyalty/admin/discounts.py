"""Discounts that act by themselves: one kind, one page, fields in the order in which a person explains them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from loyalty.admin import sentences_discounts
from loyalty.admin.check_rules import ON_WHAT, TOGETHER, WHEN, CheckRuleAdmin, while_is
from loyalty.admin.currency import present_currency
from loyalty.admin.discount_forms import USES, DiscountForm, StepFormSet
from loyalty.admin.pages import MoneyInline, Rows
from loyalty.admin.words import words
from loyalty.models import Discount, DiscountStep

Kind = Discount.Kind


class StepInline(MoneyInline):
    model = DiscountStep
    formset = StepFormSet
    fields = ("from_spent", "percent")
    verbose_name_plural = gettext_lazy("Steps")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[DiscountStep]:
        rows: QuerySet[DiscountStep] = super().get_queryset(request).filter(enabled=True).order_by("from_spent")
        return rows

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Django refuses to take away what others point to; ours is switched off, so nothing stands in its way."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.hand_clean_DELETE = lambda _form: None
        return formset


@admin.register(Discount)
class DiscountAdmin(CheckRuleAdmin):
    form = DiscountForm
    inlines = (StepInline,)
    radio_fields = {"kind": admin.VERTICAL}
    list_display = ("name", "kind_shown", "does", "is_on")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": ("name", "enabled", "kind")}),
        (gettext_lazy("It gives"), {"fields": ("percent", "amount", "days", "buy", "max_discount")}),
        ON_WHAT,
        (gettext_lazy("For whom"), {"fields": ("segment", "tier", "card_kind", "client")}),
        WHEN,
        TOGETHER,
        (gettext_lazy("For the setup document"), {"fields": ("code",)}),
    )
    # Only what the kind needs is asked.
    conditional_fields = {name: while_is("kind", [str(kind) for kind in kinds]) for name, kinds in USES.items()}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Discount]:
        steps = Prefetch("steps", DiscountStep.objects.filter(enabled=True).order_by("from_spent"))
        rows: QuerySet[Discount] = super().get_queryset(request).prefetch_related(steps)
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """To readers only what this kind uses."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self._only_looks(request, obj):
            return fieldsets
        idle = {name for name, kinds in USES.items() if obj.kind not in kinds}
        idle |= {f"{name}_shown" for name in idle}
        kept = [
            (name, {**options, "fields": [field for field in options["fields"] if _name(field) not in idle]})
            for name, options in fieldsets
        ]
        return [(name, options) for name, options in kept if options["fields"]]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one begins as the simplest kind."""
        return {"kind": Kind.PERMANENT.value, **super().get_changeform_initial_data(request)}

    def rows(self, program: Discount) -> Rows:
        return {DiscountStep: list(program.steps.all())}

    def sentences(self, program: Discount, rows: Rows) -> Sequence[str]:
        steps, client = rows.get(DiscountStep, ()), self.client_of(program)
        return sentences_discounts.discount(program, steps, words(), present_currency(), client)

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, discount: Discount) -> str:
        return discount.get_kind_display()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"steps_while": while_is("kind", [Kind.CUMULATIVE.value]), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


def _name(field: Any) -> str:
    return field if isinstance(field, str) else field.__name__
