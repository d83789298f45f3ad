"""The business and its house rules: two rows, one page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BooleanField
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
from loyalty.admin.fields import amount_form_field, is_amount
from loyalty.admin.findings import warn_about
from loyalty.admin.pages import MoneyAdmin
from loyalty.fields import PercentField
from loyalty.models import Account, HouseRules, Visit
from loyalty.money import BadAmount, Currency

BONUSES = ("bonus_step", "bonus_limit_percent", "refund_min_days", "allow_debt")
EARNING = ("earns_before_discounts", "gift_cards_earn", "memberships_earn")
REFUNDS = ("desk_refund_hours", "manager_refund_days")
RULES = (*BONUSES, *EARNING, *REFUNDS)
MOST = {"refund_min_days": 3650, "desk_refund_hours": 24 * 3650, "manager_refund_days": 3650}
HELP = {
    "earns_before_discounts": _(
        "On: of a check of 100 with 20 off, cashback counts 100. Off: what is paid counts, so 80. "
        "Bonuses that pay never count."
    ),
    "gift_cards_earn": _(
        "On: a client who pays 60 with a gift card earns as with money. Selling a gift card earns nothing either way."
    ),
    "memberships_earn": _("On: what a client pays for a membership earns. The sessions themselves never do."),
    "desk_refund_hours": _("For example 24: the front desk refunds the checks of the last day. 0: it asks a manager."),
    "manager_refund_days": _(
        "For example 30; for tills that call the API too. Empty: of any age. The owner may always."
    ),
}


def rule(name: str) -> Any:
    return HouseRules._meta.get_field(name)


def rule_field(name: str) -> forms.Field:
    """The form field of a rule of the house."""
    column = rule(name)
    label = str(column.verbose_name)[:1].upper() + str(column.verbose_name)[1:]
    said: dict[str, Any] = {"label": label, "help_text": HELP.get(name, column.help_text)}
    if is_amount(column):
        return amount_form_field(column)
    if isinstance(column, BooleanField):
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget(), **said)
    return forms.IntegerField(
        min_value=0, max_value=MOST[name], required=not column.null, widget=UnfoldAdminIntegerFieldWidget(), **said
    )


@cache
def reading_rule(name: str) -> Callable[[Business], Any]:
    """The rule as those read it who may only look."""
    column = rule(name)

    def read(one: Business) -> Any:
        value = getattr(one.house_rules, name)
        if isinstance(column, PercentField):
            return shown_percent(value)
        return shown(value) if is_amount(column) else value

    read.short_description = column.verbose_name  # type: ignore[attr-defined]
    read.boolean = isinstance(column, BooleanField)  # type: ignore[attr-defined]
    read.__name__ = f"{name}_shown"
    return read


class BusinessForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The business, with the rules of the house beside it."""

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
        for name in RULES:
            self.fields[name] = rule_field(name)
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
        (_("Bonuses, whatever the program"), {"fields": BONUSES}),
        (_("What earns"), {"fields": EARNING}),
        (_("Who refunds which checks"), {"fields": REFUNDS}),
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
        return [
            (name, {"fields": [reading_rule(field) if field in RULES else field for field in options["fields"]]})
            for name, options in fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Business, form: Any, change: Any) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            form.save_rules()

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponseBase:
        answer: HttpResponseBase = super().response_change(request, obj)
        warn_about(request, obj)
        return answer

    def changes(self, row: Any) -> list[Change]:
        return changes_of(row, inlines=[HouseRules], shown=self.shown_value)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Callable[[Business], Any], ...]:
        return () if self.has_change_permission(request, obj) else tuple(map(reading_rule, RULES))
