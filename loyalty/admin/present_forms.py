"""The forms of stamps, gifts and prizes: help with examples, and what contradicts itself is said where it stands.

They refuse what the setup document refuses (`loyalty.setup.presents`). What a kind has no use for is emptied here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from clients.admin_codes import CodeForm
from loyalty.admin.choosing import ListField, PlacesField, WaresField
from loyalty.admin.discount_forms import WaresForm
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from loyalty.admin.words import words
from loyalty.mechanics import mechanics
from loyalty.models import GiftProgram, Prize, Service, StampProgram

PLACES = {
    "label": gettext_lazy("At the locations"),
    "help_text": gettext_lazy("None ticked: everywhere."),
}
SEGMENT_HELP = gettext_lazy("Who belongs to it is looked up at each check.")


def _everybody(form: Any) -> None:
    if "segment" in form.fields:
        form.fields["segment"].empty_label = _("Everybody")


def given_names() -> dict[str, str]:
    """Code → name of what mechanics give as a present of an amount: types of gift cards."""
    givers = (mechanic for mechanic in mechanics() if mechanic.presents_an_amount)
    return {code: name for mechanic in givers for code, name in mechanic.gives().items()}


class StampForm(WaresForm):
    services = WaresField(
        label=gettext_lazy("For these services"), help_text=gettext_lazy("None ticked: for every service.")
    )
    exclude = WaresField(
        label=gettext_lazy("But not for"), help_text=gettext_lazy("What is ticked here counts for nothing.")
    )
    free = WaresField(
        label=gettext_lazy("The free one is"),
        help_text=gettext_lazy("None ticked: one of what is collected for. Of several the dearest on the check."),
    )
    locations = PlacesField(**PLACES)

    class Meta:
        model = StampProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            "name": gettext_lazy("As clients read it, for example Ten coffees."),
            "per_amount": gettext_lazy("For example 10: a check of 60 gives 6."),
            "needed": gettext_lazy("For example 10."),
            "stamp_days": gettext_lazy("For example 365. Empty: for ever."),
            "free_days": gettext_lazy("For example 90, from the day on which it comes. Empty: for ever."),
            "segment": SEGMENT_HELP,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _everybody(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_miles = cleaned.get("kind") == StampProgram.Kind.MILES
        if is_miles and cleaned.get("per_amount") is None and "per_amount" not in self.errors:
            self.add_error("per_amount", _("Say for which sum one is given."))
        if not is_miles and "per_amount" in self.fields:
            self.errors.pop("per_amount", None)
            cleaned["per_amount"] = None
        return cleaned


class GiftForm(TermsForm):
    good = forms.ChoiceField(
        label=gettext_lazy("Or a gift card of the type"), required=False, widget=UnfoldAdminSelectWidget()
    )
    locations = PlacesField(**PLACES)

    class Meta:
        model = GiftProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "name": gettext_lazy("As clients read it, for example A coffee for you."),
            "from_sum": gettext_lazy("For example 100: a check of exactly 100 is enough."),
            "amount": gettext_lazy("For example 10. With a gift card chosen: what is on it. Alone: so many bonuses."),
            "once": gettext_lazy("For checks. A gift for the total spent comes once anyway."),
            "segment": SEGMENT_HELP,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _everybody(self)
        known = words()
        for name, field in self.fields.items():
            if isinstance(field, ListField):
                field.offer(known, getattr(self.instance, name) or [])
        if "good" in self.fields:
            self.fields["good"].choices = self._goods()  # type: ignore[attr-defined]
        if "service" in self.fields:
            offered = Service.objects.filter(enabled=True) | Service.objects.filter(pk=self.instance.service_id)
            self.fields["service"].queryset = offered  # type: ignore[attr-defined]
            self.fields["service"].empty_label = _("None")  # type: ignore[attr-defined]

    def _goods(self) -> list[tuple[str, str]]:
        goods = given_names()
        kept = {self.instance.good: self.instance.good} if self.instance.good else {}
        return [("", _("None")), *{**kept, **goods}.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if {"service", "good", "amount"} & set(self.errors):
            return cleaned
        service, good, amount = (cleaned.get(name) for name in ("service", "good", "amount"))
        if service and (good or amount is not None):
            self.add_error("service", _("Only one gift: a service, a gift card or bonuses."))
        elif good and amount is None:
            self.add_error("amount", _("Say how much is on the gift card."))
        elif not service and amount is None:
            self.add_error("service", _("Say what the gift is: a service, a gift card or bonuses."))
        return cleaned


class PrizeForm(CodeForm):
    class Meta:
        model = Prize
        fields = "__all__"
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "name": gettext_lazy("As clients read it, for example Bottle."),
            "description": gettext_lazy("Shown below the name, for example its size and colour."),
            "price": gettext_lazy("For example 50. Bonuses of every program pay, whatever their limit of a check."),
            "stock": gettext_lazy(
                "All there ever were, those taken included: ten more are ten more than stands here. Empty: any number."
            ),
            "per_client": gettext_lazy("For example 1. Empty: as many as their bonuses pay."),
            "free_days": gettext_lazy("For example 30. A service can be used so long. Empty: for ever."),
            "segment": gettext_lazy("Others do not see it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _everybody(self)
        if "service" in self.fields:
            offered = Service.objects.filter(enabled=True) | Service.objects.filter(pk=self.instance.service_id)
            self.fields["service"].queryset = offered  # type: ignore[attr-defined]
            self.fields["service"].empty_label = _("A thing that is handed over")  # type: ignore[attr-defined]
