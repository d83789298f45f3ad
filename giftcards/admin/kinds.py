"""The kinds of gift cards on sale, and the batches that are made of them for the printer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet, Sum
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from clients.admin_base import Confirm, actor, go_to
from clients.admin_codes import CodeForm
from giftcards import batches, sentences
from giftcards.admin.report import ReportButton
from giftcards.models import Denomination, GiftCard, GiftCardType
from loyalty.admin.choosing import ListField, PlacesField, WaresField
from loyalty.admin.currency import present_currency, shown
from loyalty.admin.fields import MoneyFormField
from loyalty.admin.pages import MoneyInline, Rows
from loyalty.admin.programs import NamedProgramAdmin
from loyalty.admin.words import words
from loyalty.money import ZERO, Money


class KindForm(CodeForm):
    services = WaresField(
        label=gettext_lazy("Only for these services"), help_text=gettext_lazy("None ticked: for everything.")
    )
    locations = PlacesField(
        label=gettext_lazy("Only at these locations"), help_text=gettext_lazy("None ticked: everywhere.")
    )

    class Meta:
        model = GiftCardType
        fields = "__all__"
        help_texts = {
            "name": gettext_lazy("As clients read it, for example Gift card."),
            "min_amount": gettext_lazy("For example 10: then any amount from 10 is sold. Empty: only those below."),
            "max_amount": gettext_lazy("For example 500."),
            "valid_days": gettext_lazy("For example 180. Empty: for ever."),
            "valid_until": gettext_lazy(
                "One last day for all of them, for example 31 December. No more are sold after it."
            ),
            "single_use": gettext_lazy("On: what is left after the first check is lost. Off: until nothing is left."),
            "reloadable": gettext_lazy("Money can be put on it again and again."),
            "enabled": gettext_lazy("Off: no more are sold. Cards that were sold can still be used."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = words()
        for name, field in self.fields.items():
            if isinstance(field, ListField):
                field.offer(known, getattr(self.instance, name) or [])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        least, most = cleaned.get("min_amount"), cleaned.get("max_amount")
        if (least is None) != (most is None) and not {"min_amount", "max_amount"} & set(self.errors):
            self.add_error("min_amount" if least is None else "max_amount", _("Say both, or none of the two."))
        elif least is not None and most is not None and most < least:
            self.add_error("max_amount", _("It must not be less than the amount from which it is sold."))
        if cleaned.get("valid_days") and cleaned.get("valid_until"):
            self.add_error("valid_until", _("Either so many days or until a day, not both."))
        if cleaned.get("single_use") and cleaned.get("reloadable"):
            self.add_error("reloadable", _("A card for one check cannot be topped up."))
        return cleaned


class AmountFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if self.instance.min_amount is None and not any(form.cleaned_data.get("amount") for form in kept):
            raise ValidationError(_("A gift card needs at least one amount, for example 50."))


class AmountInline(MoneyInline):
    model = Denomination
    formset = AmountFormSet
    fields = ("amount",)
    verbose_name_plural = gettext_lazy("Amounts")


class MakeForm(Confirm):
    """How many cards, and for how much each."""

    count = forms.IntegerField(
        label=gettext_lazy("How many?"),
        min_value=1,
        max_value=batches.MOST,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For example 500. At most 10000 at once."),
    )

    field_order = ("amount", "count")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Here, not above: it reads the currency of the house.
        help_text = _("For example 50.")
        self.fields["amount"] = MoneyFormField(label=_("Amount of each"), help_text=help_text, least=Money(1))
        self.order_fields(self.field_order)

    def carry_out(self) -> None:
        self.batch = batches.make(
            kind=GiftCardType.objects.get(pk=self.object_id),
            amount=self.cleaned_data["amount"],
            count=self.cleaned_data["count"],
            by=actor(self.request),
            now=timezone.now(),
        )


@admin.register(GiftCardType)
class KindAdmin(ReportButton, NamedProgramAdmin):
    form = KindForm
    inlines = (AmountInline,)
    actions_list = ("see_report",)
    actions_detail = ("make_cards",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "min_amount", "max_amount")}),
        (gettext_lazy("How long, how often"), {"fields": ("valid_days", "valid_until", "single_use", "reloadable")}),
        (gettext_lazy("For what, and where"), {"fields": ("services", "locations")}),
        (gettext_lazy("How it looks"), {"fields": ("design",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (name, {**options, "fields": [field for field in options["fields"] if field != "priority"]})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GiftCardType]:
        rows: QuerySet[GiftCardType] = super().get_queryset(request).prefetch_related("denominations")
        return rows

    def rows(self, program: GiftCardType) -> Rows:
        return {Denomination: list(program.denominations.all())}

    def sentences(self, program: GiftCardType, rows: Rows) -> Sequence[str]:
        amounts = [row.amount for row in rows[Denomination] if row.amount]
        return sentences.gift_card(program, amounts, present_currency(), words())

    def now(self, program: GiftCardType) -> str:
        today = timezone.localdate()
        live = Q(account__lots__remaining__gt=0, voided_at=None) & (
            Q(account__lots__last_day=None) | Q(account__lots__last_day__gte=today)
        )
        held = program.cards.filter(live).aggregate(
            cards=Count("pk", distinct=True), left=Sum("account__lots__remaining")
        )
        text = ngettext(
            "Out now: %(count)d card with %(left)s on it.",
            "Out now: %(count)d cards with %(left)s on them.",
            held["cards"],
        )
        waiting = GiftCard.objects.filter(type=program, batch__isnull=False, sold_on=None, voided_at=None).count()
        said = text % {"count": held["cards"], "left": shown(held["left"] or ZERO)}
        if not waiting:
            return said
        printed = ngettext(
            "%(count)d printed card waits to be sold.", "%(count)d printed cards wait to be sold.", waiting
        )
        return f"{said} {printed % {'count': waiting}}"

    @action(
        description=gettext_lazy("Make cards for the printer"),
        permissions=["make"],
        dialog={
            "title": gettext_lazy("Make cards for the printer"),
            "description": gettext_lazy("Each is worth nothing until it is sold. Their codes can be exported once."),
            "form_class": MakeForm,
            "form_submit_text": gettext_lazy("Make"),
        },
    )
    def make_cards(self, request: HttpRequest, form: MakeForm, object_id: str) -> HttpResponse:
        text = ngettext("%(count)d card was made.", "%(count)d cards were made.", form.batch.count)
        messages.success(request, text % {"count": form.batch.count})
        return go_to(request, reverse("admin:giftcards_giftcardbatch_change", args=[form.batch.pk]))

    def has_make_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "giftcards.export_codes", object_id)
