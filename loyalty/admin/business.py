"""The business and its house rules: two rows, one page."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from clients.admin_base import SoleAdmin
from clients.admin_changes import Change, changes_of
from clients.models import Business
from loyalty.admin.currency import shown, shown_percent
from loyalty.admin.fields import amount_form_field
from loyalty.admin.pages import MoneyAdmin
from loyalty.models import Account, HouseRules, Visit
from loyalty.money import BadAmount, Currency

RULES = ("bonus_step", "bonus_limit_percent", "refund_min_days", "allow_debt")


def rule(name: str) -> Any:
    return HouseRules._meta.get_field(name)


class BusinessForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The business, with the rules of the house beside it."""

    refund_min_days = forms.IntegerField(
        label=_("Returned bonuses live at least, days"),
        help_text=rule("refund_min_days").help_text,
        min_value=0,
        max_value=3650,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    allow_debt = forms.BooleanField(
        label=_("Bonuses that were already spent become a debt"),
        help_text=rule("allow_debt").help_text,
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = Business
        fields = ("name", "currency", "timezone", "language", "accent", "terms")
        widgets = {
            "accent": UnfoldAdminColorInputWidget(attrs={"type": "color"}),
            "terms": UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.fields or "currency" not in self.fields:
            return
        rules = HouseRules.objects.filter(business_id=self.instance.pk).first() or HouseRules()
        self.rules = rules
        for name in ("bonus_step", "bonus_limit_percent"):
            self.fields[name] = amount_form_field(rule(name))
        for name in RULES:
            self.fields[name].initial = getattr(rules, name)

    def clean_currency(self) -> str:
        """Amounts are stored in the currency's smallest unit: once there are some, it stays."""
        code = str(self.cleaned_data["currency"]).upper()
        try:
            Currency.of(code)
        except BadAmount as error:
            raise ValidationError(str(error)) from error
        used = Visit.objects.exists() or Account.objects.filter(lots__isnull=False).exists()
        if self.instance.pk and code != self.initial.get("currency") and used:
            raise ValidationError(_("There are amounts in this currency already. It cannot be changed."))
        return code

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"])
        if name not in available_timezones():
            raise ValidationError(_("%(name)s is not a time zone like Europe/Moscow."), params={"name": name})
        return name

    def save_rules(self) -> None:
        for name in RULES:
            setattr(self.rules, name, self.cleaned_data[name])
        self.rules.business = self.instance
        self.rules.save()


@admin.register(Business)
class BusinessAdmin(SoleAdmin, MoneyAdmin):
    form = BusinessForm
    fieldsets = (
        (None, {"fields": ("name", "currency", "timezone", "language")}),
        (_("What clients see"), {"fields": ("accent", "terms")}),
        (_("Bonuses, whatever the program"), {"fields": RULES}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if self.the_one() is None and self.has_view_or_change_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A business begins with a preset, on the first page."""
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The rules' fields are not columns of the business."""
        kwargs["fields"] = BusinessForm.Meta.fields if self.has_change_permission(request, obj) else ()
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [*fieldsets[:2], (fieldsets[2][0], {"fields": [f"{name}_shown" for name in RULES]})]

    def save_model(self, request: HttpRequest, obj: Business, form: Any, change: Any) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            form.save_rules()

    def changes(self, row: Any) -> list[Change]:
        return changes_of(row, inlines=[HouseRules], shown=self.shown_value)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(f"{name}_shown" for name in RULES)

    @admin.display(description=rule("bonus_step").verbose_name)
    def bonus_step_shown(self, one: Business) -> str:
        return shown(one.house_rules.bonus_step)

    @admin.display(description=rule("bonus_limit_percent").verbose_name)
    def bonus_limit_percent_shown(self, one: Business) -> str:
        return shown_percent(one.house_rules.bonus_limit_percent)

    @admin.display(description=rule("refund_min_days").verbose_name)
    def refund_min_days_shown(self, one: Business) -> int:
        return one.house_rules.refund_min_days

    @admin.display(description=rule("allow_debt").verbose_name, boolean=True)
    def allow_debt_shown(self, one: Business) -> bool:
        return one.house_rules.allow_debt
