"""The dialog that adds bonuses to a client by hand, or takes some."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, actor, is_owner
from clients.models import Client
from clients.refusals import Refusal
from loyalty.admin.currency import present_currency
from loyalty.admin.fields import MoneyFormField
from loyalty.money import Currency, Money
from loyalty.terms import Terms
from loyalty.wallet import adjust


class OverTheLimit(Refusal):
    """More than this person may change at once."""

    code = "permission_denied"


class AdjustForm(Confirm):
    """How much, why, and how long it lives. An owner may do any amount, a manager up to `settings.ADJUST_LIMIT`."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=250,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("The client sees it in the history."),
    )
    lifetime_days = forms.IntegerField(
        label=gettext_lazy("Live, days"),
        required=False,
        min_value=1,
        max_value=36500,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For what is added. Empty: for ever."),
    )
    # One form, one adjustment: it travels with the form, so that a second press counts once.
    key = forms.CharField(widget=forms.HiddenInput(), max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = secrets.token_hex(8)
        self.fields["amount"] = MoneyFormField(
            label=_("Bonuses"), help_text=_("For example 10, or -10 to take them away.")
        )
        self.order_fields(["_form_submitted", "amount", "reason", "lifetime_days", "key"])

    def carry_out(self) -> None:
        amount = self.cleaned_data["amount"]
        if not is_owner(self.request.user):
            refuse_over(limit(present_currency()), amount, present_currency())
        adjust(
            client=Client.objects.get(pk=self.object_id),
            amount=amount,
            reason=self.cleaned_data["reason"],
            by=actor(self.request),
            now=timezone.now(),
            key=f"adjust:{self.object_id}:admin:{self.cleaned_data['key']}",
            terms=Terms(lifetime_days=self.cleaned_data["lifetime_days"]),
        )


def limit(currency: Currency) -> Money:
    """What a manager may add or take at once."""
    return currency.parse(settings.ADJUST_LIMIT)


def refuse_over(most: Money, amount: Money, currency: Currency) -> None:
    """Raises `OverTheLimit`."""
    if abs(int(amount)) > most:
        text = _("You may add or take at most %(most)s at once. Ask the owner for more.")
        raise OverTheLimit(text % {"most": currency.text(most)}, field="amount")
