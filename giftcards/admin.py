"""Gift cards: the kinds on sale, and the cards that were sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q, QuerySet, Sum
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, ReadOnlyAdmin, actor, go_to, own_locations
from clients.admin_codes import CodeForm
from giftcards import cards, sentences
from giftcards.models import Denomination, GiftCard, GiftCardType
from loyalty.admin.currency import present_currency, shown
from loyalty.admin.pages import MoneyAdmin, MoneyInline, Rows, column
from loyalty.admin.programs import NamedProgramAdmin
from loyalty.explanations import show_day
from loyalty.money import ZERO


class KindForm(CodeForm):
    class Meta:
        model = GiftCardType
        fields = "__all__"
        help_texts = {
            "name": gettext_lazy("As clients read it, for example Gift card."),
            "valid_days": gettext_lazy("For example 180. Empty: for ever."),
            "single_use": gettext_lazy("On: what is left after the first check is lost. Off: until nothing is left."),
            "enabled": gettext_lazy("Off: no more are sold. Cards that were sold can still be used."),
        }


class AmountFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not any(form.cleaned_data.get("amount") for form in kept):
            raise ValidationError(_("A gift card needs at least one amount, for example 50."))


class AmountInline(MoneyInline):
    model = Denomination
    formset = AmountFormSet
    fields = ("amount",)
    verbose_name_plural = gettext_lazy("Amounts")


@admin.register(GiftCardType)
class KindAdmin(NamedProgramAdmin):
    form = KindForm
    inlines = (AmountInline,)
    fieldsets = ((None, {"fields": ("name", "enabled", "valid_days", "single_use")}),)

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
        return sentences.gift_card(program, amounts, present_currency())

    def now(self, program: GiftCardType) -> str:
        today = timezone.localdate()
        live = Q(account__lots__remaining__gt=0, voided_at=None) & (
            Q(account__lots__last_day=None) | Q(account__lots__last_day__gte=today)
        )
        held = program.cards.filter(live).aggregate(cards=Count("pk"), left=Sum("account__lots__remaining"))
        text = ngettext(
            "Out now: %(count)d card with %(left)s on it.",
            "Out now: %(count)d cards with %(left)s on them.",
            held["cards"],
        )
        return text % {"count": held["cards"], "left": shown(held["left"] or ZERO)}


class ReasonForm(Confirm):
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=250, widget=UnfoldAdminTextInputWidget())

    def card(self) -> GiftCard:
        return GiftCard.objects.get(pk=self.object_id)


class BlockForm(ReasonForm):
    def carry_out(self) -> None:
        cards.block(self.card(), reason=self.cleaned_data["reason"], by=actor(self.request), now=timezone.now())


class UnblockForm(ReasonForm):
    def carry_out(self) -> None:
        cards.unblock(self.card(), reason=self.cleaned_data["reason"], by=actor(self.request))


STATUS_NAMES = {
    cards.Status.ACTIVE: gettext_lazy("can be used"),
    cards.Status.EMPTY: gettext_lazy("empty"),
    cards.Status.EXPIRED: gettext_lazy("ended"),
    cards.Status.BLOCKED: gettext_lazy("blocked"),
    cards.Status.VOID: gettext_lazy("returned"),
}


class BlockedFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(cards.Status.BLOCKED, STATUS_NAMES[cards.Status.BLOCKED])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(blocked_at=None) if self.value() == cards.Status.BLOCKED else queryset


@admin.register(GiftCard)
class GiftCardAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Cards that were sold. The code is known to nobody; the last four characters tell them apart."""

    list_display = ("name", "type", "buyer", "created_at", "status", "ends", column(GiftCard, "amount"), "left")
    list_filter = ("type", BlockedFilter)
    search_fields = ("last_four",)
    search_help_text = gettext_lazy("Last four characters")
    ordering = ("-id",)
    list_select_related = ("type", "buyer")
    actions_detail = ("block", "unblock")
    location_path = "sold_on__visit__location"
    fields = (
        "name",
        "type",
        "buyer",
        "created_at",
        "state",
        "ends",
        column(GiftCard, "amount"),
        "left",
        "block_reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[GiftCard]:
        rows: QuerySet[GiftCard] = super().get_queryset(request)
        return rows.annotate(remaining=Sum("account__lots__remaining"), last_day=F("account__lots__last_day"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        return (queryset.filter(last_four=term[-4:]) if term else queryset), False

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if own_locations(request.user) is None else self.list_filter[1:]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        card = self.get_object(request, str(object_id))
        if card is None or card.voided_at is not None:
            return []
        name = f"giftcards_giftcard_{'block' if card.blocked_at is None else 'unblock'}"
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name == name]

    @action(
        description=gettext_lazy("Block"),
        permissions=["block"],
        dialog={
            "title": gettext_lazy("Block this gift card?"),
            "description": gettext_lazy("Nobody can pay with it until it is unblocked."),
            "form_class": BlockForm,
            "form_submit_text": gettext_lazy("Block"),
        },
    )
    def block(self, request: HttpRequest, form: BlockForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card is blocked."))
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[object_id]))

    @action(
        description=gettext_lazy("Unblock"),
        permissions=["block"],
        dialog={
            "title": gettext_lazy("Unblock this gift card?"),
            "description": gettext_lazy("It can pay again. Its last day has not moved."),
            "form_class": UnblockForm,
            "form_submit_text": gettext_lazy("Unblock"),
        },
    )
    def unblock(self, request: HttpRequest, form: UnblockForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card can be used again."))
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[object_id]))

    def has_block_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "giftcards.block_giftcard", object_id)

    @display(description=gettext_lazy("card"), ordering="id")
    def name(self, card: GiftCard) -> str:
        return str(card)

    @display(
        description=gettext_lazy("state"),
        label={"blocked": "danger", "void": "warning", "active": "success"},
    )
    def status(self, card: Any) -> tuple[str, str]:
        status = self._status(card)
        return (str(status), str(STATUS_NAMES[status]))

    @display(description=gettext_lazy("state"))
    def state(self, card: Any) -> str:
        return str(self.status(card)[1])

    def _status(self, card: Any) -> cards.Status:
        if card.voided_at is not None:
            return cards.Status.VOID
        if card.blocked_at is not None:
            return cards.Status.BLOCKED
        if card.last_day is not None and card.last_day < timezone.localdate():
            return cards.Status.EXPIRED
        return cards.Status.ACTIVE if card.remaining else cards.Status.EMPTY

    @display(description=gettext_lazy("last day"))
    def ends(self, card: Any) -> str:
        return show_day(card.last_day) if card.last_day else _("never ends")

    @display(description=gettext_lazy("left"))
    def left(self, card: Any) -> str:
        gone = self._status(card) in (cards.Status.EXPIRED, cards.Status.VOID)
        return shown(ZERO if gone else card.remaining or ZERO)
