"""The forms of discounts and promo codes: help with examples, and what contradicts itself is said where it stands.

They refuse what the setup document refuses (`loyalty.setup.discounts`). What a kind of discount has no use for is not
asked on the page and emptied here, so that nothing unseen is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from clients.models import Card
from clients.refusals import Refusal
from loyalty.admin.choosing import ClientField, ListField, PlacesField, WaresField, WeekdaysField, how_to_find
from loyalty.admin.fields import either
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, ProgramForm, refuse_namesake
from loyalty.admin.words import words
from loyalty.discounts import normal
from loyalty.models import (
    Discount,
    DiscountStep,
    IssuedCode,
    PromoCode,
)
from loyalty.promo_batches import refuse_limit

Kind = Discount.Kind

RULE_HELP = {
    **DATES_HELP,
    "percent": gettext_lazy("For example 10: what cost 60 costs 54."),
    "amount": gettext_lazy("For example 5, instead of a share: a check of 60 comes to 55."),
    "max_discount": gettext_lazy("For example 20. Empty: no limit."),
    "segment": gettext_lazy("Who belongs to it is looked up at each check."),
    "min_check": gettext_lazy(
        "For example 50: a check of exactly 50 is enough. The price before any discount counts. 0 means any check."
    ),
    "from_time": gettext_lazy("For example 09:00, by the clock of the location. Empty: from the morning."),
    "to_time": gettext_lazy("For example 12:00: at 12:00 it is over. Empty: until the night."),
    "combinable": gettext_lazy(
        "On: it is taken with the others that combine, one after another. "
        "Off: it is taken alone, if nothing else makes the check cheaper."
    ),
    "earns": gettext_lazy("Off: services that it makes cheaper give no cashback and no other bonuses on that check."),
    "priority": gettext_lazy("Of those that combine the lower number is taken first, for example 10 before 100."),
}


class WaresForm(ProgramForm):
    """A rule about some of the price list, and not about some."""

    services = WaresField(
        label=gettext_lazy("On these services"), help_text=gettext_lazy("None ticked: on everything.")
    )
    exclude = WaresField(
        label=gettext_lazy("But not on"), help_text=gettext_lazy("What is ticked here keeps its price.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = words()
        for name, field in self.fields.items():
            if isinstance(field, ListField):
                field.offer(known, getattr(self.instance, name) or [])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, field in self.fields.items():
            if isinstance(field, ListField) and name in cleaned:
                cleaned[name] = self._in_order(name, cleaned[name])
        both = set(cleaned.get("services", ())) & set(cleaned.get("exclude", ()))
        if both:
            named = words().all_called(sorted(both))
            self.add_error("exclude", _("It is ticked above, too: %(services)s.") % {"services": named})
        return cleaned

    def _in_order(self, name: str, chosen: Iterable[str]) -> list[str]:
        """What was stored keeps its place; what is new follows."""
        chosen = list(chosen)
        before = [code for code in getattr(self.instance, name) or [] if code in chosen]
        return [*before, *(code for code in chosen if code not in before)]


class CheckRuleForm(WaresForm):
    """What discounts and promo codes share: on which checks, of what, for whom."""

    locations = PlacesField(label=gettext_lazy("At the locations"), help_text=gettext_lazy("None ticked: everywhere."))
    weekdays = WeekdaysField(label=gettext_lazy("On these days"), help_text=gettext_lazy("None ticked: every day."))
    client = ClientField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["client"] = how_to_find(self.instance.client)
        for name in ("from_time", "to_time"):
            if name in self.fields:
                self.fields[name].widget.format = "%H:%M"
        if "segment" in self.fields:
            self.fields["segment"].empty_label = _("Everybody")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        begin, end = cleaned.get("from_time"), cleaned.get("to_time")
        if begin is not None and begin == end:
            self.add_error("to_time", _("It begins and ends at the same time."))
        return cleaned

    def _needs(self, name: str, message: str) -> None:
        if self.cleaned_data.get(name) in (None, "", []) and name not in self.errors:
            self.add_error(name, message)


# --- discounts -------------------------------------------------------------------------------------------------------

USES: dict[str, list[Kind]] = {
    "percent": [kind for kind in Kind if kind != Kind.CUMULATIVE],
    "amount": [kind for kind in Kind if kind not in (Kind.CUMULATIVE, Kind.CHEAPEST)],
    "days": [Kind.REPEAT],
    "buy": [Kind.CHEAPEST],
}
"""What only some kinds ask."""

FREE = (Kind.CHEAPEST, Kind.DELIVERY)
"""What gives something for nothing, if no share is given."""


class DiscountForm(CheckRuleForm):
    tier = forms.ChoiceField(
        label=gettext_lazy("On the tier"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Of cashback, as it was before the check."),
    )

    class Meta:
        model = Discount
        fields = "__all__"
        help_texts = {
            **RULE_HELP,
            "name": gettext_lazy("As clients read it on the receipt, for example Happy hours."),
            "days": gettext_lazy("For example 30: again within 30 days after the last time."),
            "buy": gettext_lazy("For example 3: of every three the cheapest."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tier" in self.fields:
            names = list(dict.fromkeys([*words().tiers, *filter(None, [self.instance.tier])]))
            self._offer("tier", [("", _("Any tier, or none")), *((name, name) for name in names)])
        if "card_kind" in self.fields:
            self._offer("card_kind", [("", _("Any card, or none")), *Card.KINDS])

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind = cleaned.get("kind")
        if kind not in Kind.values:
            return cleaned
        for name, kinds in USES.items():
            if kind not in kinds and name in self.fields:
                self.errors.pop(name, None)
                cleaned[name] = None
        self._check_reward(Kind(kind))
        self._check_kind(Kind(kind))
        return cleaned

    def _check_reward(self, kind: Kind) -> None:
        cleaned = self.cleaned_data
        wrong = {"percent", "amount"} & set(self.errors)
        if kind in FREE and not wrong and cleaned.get("percent") is None and cleaned.get("amount") is None:
            cleaned["percent"] = Decimal(100)
        if kind != Kind.CUMULATIVE:
            either(self, "percent", "amount", _("Either a share or an amount, one of the two."), needed=True)

    def _check_kind(self, kind: Kind) -> None:
        """What a kind cannot do without."""
        if kind == Kind.REPEAT:
            self._needs("days", _("This kind needs it."))
        if kind == Kind.CHEAPEST:
            self._needs("buy", _("This kind needs it."))
        if kind in (Kind.REPEAT, Kind.DELIVERY):
            self._needs("services", _("Choose at least one."))
        if kind == Kind.BUNDLE and len(self.cleaned_data.get("services") or ()) < 2 and "services" not in self.errors:
            self.add_error("services", _("Choose at least two: together they are the set."))
        said = any(self.cleaned_data.get(name) for name in ("weekdays", "from_time", "to_time"))
        if kind == Kind.HOURS and not said and not {"weekdays", "from_time", "to_time"} & set(self.errors):
            self.add_error("weekdays", _("Choose the days or the hours."))


class StepFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    """Steps: each begins somewhere else. One that is taken away is switched off; checks of the past name it.

    Only a cumulative discount has them. Of any other what the rows hold is neither read nor written.
    """

    @property
    def is_asked(self) -> bool:
        return bool(self.instance.kind == Kind.CUMULATIVE)

    def is_valid(self) -> bool:
        return super().is_valid() or not self.is_asked

    def clean(self) -> None:
        super().clean()
        if not self.is_asked:
            return
        seen: set[int] = set()
        for form in self._kept():
            start = form.cleaned_data.get("from_spent")
            if start in seen:
                text = form.fields["from_spent"].prepare_value(start)
                form.add_error("from_spent", _("Another step begins at %(start)s too.") % {"start": text})
            elif start is not None:
                seen.add(start)
        if any(form.errors for form in self.forms):
            raise ValidationError(_("Please look at the steps again."))
        if not seen:
            # xgettext:no-python-format
            raise ValidationError(_("A discount by total spent needs a step, for example 3 % from 1000."))

    def _kept(self) -> list[Any]:
        return [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]

    def delete_existing(self, obj: DiscountStep, commit: bool = True) -> None:
        obj.enabled = False
        obj.save()

    def save(self, commit: bool = True) -> Any:
        if self.is_asked:
            return super().save(commit)
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []

    def save_existing_objects(self, commit: bool = True) -> Any:
        """Two steps may swap their sums: step aside before saving, a sum is unique among those in use."""
        moving = [form.instance.pk for form in self.initial_forms if form.has_changed()]
        DiscountStep.objects.filter(pk__in=moving).update(enabled=False)
        return super().save_existing_objects(commit)


# --- promo codes -----------------------------------------------------------------------------------------------------


class PromoCodeForm(CheckRuleForm):
    class Meta:
        model = PromoCode
        fields = "__all__"
        help_texts = {
            **RULE_HELP,
            "name": gettext_lazy("As clients read it on the receipt, for example Spring offer."),
            "percent": gettext_lazy("For example 10: what cost 60 costs 54. Give one of the three."),
            "bonus_amount": gettext_lazy("For example 50, instead of a discount: they come when the check is paid."),
            "bonus_lifetime_days": TERMS_HELP["lifetime_days"],
            "bonus_lifetime_months": TERMS_HELP["lifetime_months"],
            "bonus_limit_percent": TERMS_HELP["limit_percent"],
            "bonus_min_check": TERMS_HELP["min_check"],
            "bonus_pending_days": TERMS_HELP["pending_days"],
            "is_batch": gettext_lazy(
                "On: for each client a code of its own, made on this page after saving. "
                "Off: all clients use this one. It cannot be changed later."
            ),
            "max_uses": gettext_lazy("For example 500. Empty: any number. Of unique codes each: empty is once."),
            "max_uses_per_client": gettext_lazy("For example 1. Empty: any number."),
            "valid_hours": gettext_lazy("For example 48: two days from the moment somebody gets the code."),
            "new_clients_only": gettext_lazy("Who has not paid for a service yet."),
            "staff_only": gettext_lazy(
                "It works at the desk and at tills; a key that may only read, as of a web page, is refused."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].required = True
            self.fields["code"].help_text = _(
                "As clients are told it, for example SPRING; it is read in any case. It cannot be changed later."
            )
        if self.instance.is_batch and "max_uses" in self.fields:
            self.fields["max_uses"].label = _("Uses of each code")
            self.fields["max_uses"].help_text = _("Empty: once. Codes that are made already follow.")

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        same = PromoCode.objects.filter(code__iexact=code).exclude(pk=self.instance.pk).first()
        if same is not None:
            raise ValidationError(_("There is the promo code %(code)s already."), params={"code": same.code})
        others = IssuedCode.objects.filter(code=normal(code)).exclude(promo=self.instance.pk)
        made = others.select_related("promo").first()
        if made is not None:
            raise ValidationError(
                _("It is one of the unique codes that were made for %(code)s."), params={"code": made.promo.code}
            )
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._check_gift()
        self._check_bonus_name()
        if not self._is_batch() and "valid_hours" in self.fields:
            self.errors.pop("valid_hours", None)
            cleaned["valid_hours"] = None
        if "max_uses" in cleaned:
            try:
                refuse_limit(self.instance, cleaned["max_uses"])
            except Refusal as refusal:
                self.add_error("max_uses", str(refusal))
        return cleaned

    def _is_batch(self) -> bool:
        return bool(self.cleaned_data.get("is_batch", self.instance.is_batch))

    def _check_gift(self) -> None:
        """A share, an amount or bonuses: one of the three."""
        names = ("percent", "amount", "bonus_amount")
        if set(names) & set(self.errors):
            return
        given = [name for name in names if self.cleaned_data.get(name) is not None]
        if not given:
            self.add_error("percent", _("Say what it gives: a share, an amount or bonuses."))
        for name in given[1:]:
            self.add_error(name, _("Only one of the three: a share, an amount or bonuses."))
        if given == ["bonus_amount"]:
            either(self, "bonus_lifetime_days", "bonus_lifetime_months", _("Either days or months, not both."))
            for name in ("bonus_lifetime_days", "bonus_lifetime_months"):
                if self.cleaned_data.get(name) == 0:
                    self.add_error(name, _("At least 1. Leave it empty for bonuses that never end."))

    def _check_bonus_name(self) -> None:
        """The ledger names who gave bonuses by the program's code: two of one name could not be told apart."""
        code = self.cleaned_data.get("code") or self.instance.code
        if self.cleaned_data.get("bonus_amount") is None or not code:
            return
        try:
            refuse_namesake(PromoCode, code)
        except ValidationError as error:
            self.add_error("code" if "code" in self.fields else "bonus_amount", error)
