"""Gift cards on their way to somebody: what waits, what went, what failed and why, and what to do about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, ReadOnlyAdmin, actor, go_to
from giftcards import delivery
from giftcards.delivery import MOST_TRIES, STATE_NAMES, State, state_of
from giftcards.models import GiftCardDelivery
from loyalty.admin.pages import MoneyAdmin
from loyalty.explanations import show_day

RIGHT = "giftcards.block_giftcard"
COLOURS: dict[str, str | None] = {
    **dict.fromkeys(map(str, State)),
    "sent": "success",
    "failed": "danger",
    "in_doubt": "warning",
    "held": "warning",
}
STUCK = (State.FAILED, State.IN_DOUBT, State.CANCELLED)


class SendForm(Confirm):
    email = forms.EmailField(
        label=gettext_lazy("To another address"),
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Empty: to the same one."),
    )

    def carry_out(self) -> None:
        delivery.send_again(
            delivery=int(self.object_id), email=self.cleaned_data["email"], by=actor(self.request), now=timezone.now()
        )


class StopForm(Confirm):
    def carry_out(self) -> None:
        delivery.cancel(delivery=int(self.object_id), by=actor(self.request), now=timezone.now())


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        shown = (State.WAITING, State.SENT, State.FAILED, State.IN_DOUBT, State.CANCELLED)
        return [(str(state), STATE_NAMES[state]) for state in shown]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            State.WAITING: Q(sent_at=None, cancelled_at=None, tries__lt=MOST_TRIES),
            State.SENT: Q(sent_at__isnull=False, card__sealed_code=""),
            State.IN_DOUBT: Q(sent_at__isnull=False, cancelled_at=None, due_at__lte=timezone.now())
            & ~Q(card__sealed_code=""),
            State.FAILED: Q(sent_at=None, cancelled_at=None, tries__gte=MOST_TRIES),
            State.CANCELLED: Q(cancelled_at__isnull=False),
        }
        chosen = self.value() or ""
        return queryset.filter(wanted[State(chosen)]) if chosen in set(wanted) else queryset


@admin.register(GiftCardDelivery)
class DeliveryAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Letters with gift cards. What is in them is known to nobody once they have gone."""

    list_display = ("name_shown", "email", "card", "day", "state", "trouble")
    list_filter = (StateFilter,)
    search_fields = ("email", "name", "card__last_four")
    search_help_text = gettext_lazy("Address, name, or last four characters")
    ordering = ("-id",)
    list_select_related = ("card",)
    location_path = "card__sold_on__visit__location"
    actions_detail = ("send_again", "stop")
    fields = ("name", "email", "giver", "message", "language", "card", "day", "state", "trouble", "tries", "sent_at")

    @action(
        description=gettext_lazy("Send again"),
        permissions=["send"],
        dialog={
            "title": gettext_lazy("Send the gift card again?"),
            "description": gettext_lazy("It goes at once. If the first letter arrived after all, both bring one code."),
            "form_class": SendForm,
            "form_submit_text": gettext_lazy("Send"),
        },
    )
    def send_again(self, request: HttpRequest, form: SendForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card is on its way."))
        return self._back(request, object_id)

    @action(
        description=gettext_lazy("Do not send"),
        permissions=["send"],
        dialog={
            "title": gettext_lazy("Stop this letter?"),
            "description": gettext_lazy("The card stays as it is. The letter can be sent later after all."),
            "form_class": StopForm,
            "form_submit_text": gettext_lazy("Stop"),
        },
    )
    def stop(self, request: HttpRequest, form: StopForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card is not sent."))
        return self._back(request, object_id)

    def has_send_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, RIGHT, object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        row = self.get_object(request, str(object_id))
        if row is None:
            return []
        state = state_of(row, timezone.now())
        may_stop = state in (State.WAITING, State.HELD) and row.sent_at is None
        wanted = {"send_again": state in STUCK and bool(row.card.sealed_code), "stop": may_stop}
        names = {f"giftcards_giftcarddelivery_{name}" for name, is_fit in wanted.items() if is_fit}
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name in names]

    def _back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return go_to(request, reverse("admin:giftcards_giftcarddelivery_change", args=[object_id]))

    @display(description=pgettext_lazy("somebody", "for"), ordering="name")
    def name_shown(self, row: GiftCardDelivery) -> str:
        return row.name or row.email

    @display(description=pgettext_lazy("a day", "on"), ordering="due_at")
    def day(self, row: GiftCardDelivery) -> str:
        return show_day(row.on_day)

    @display(
        description=gettext_lazy("state"),
        label=COLOURS,
    )
    def state(self, row: GiftCardDelivery) -> tuple[str, str]:
        state = state_of(row, timezone.now())
        return str(state), str(STATE_NAMES[state])

    @display(description=gettext_lazy("what went wrong"))
    def trouble(self, row: GiftCardDelivery) -> str:
        return delivery.failure_text(row)
