"""Prizes that were taken: what waits, and what became of the others. Handed over and taken back in dialogs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, ReadOnlyAdmin, actor, go_to
from clients.registration import search
from loyalty import prizes
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.admin.records import person
from loyalty.explanations import show_day
from loyalty.models import PrizeClaim
from loyalty.prizes import number_of

RIGHT = "loyalty.hand_over_prize"
State = PrizeClaim.State


class HandOverForm(Confirm):
    def carry_out(self) -> None:
        claim = PrizeClaim.objects.get(pk=self.object_id)
        prizes.hand_over(claim=claim, by=actor(self.request), now=timezone.now())


class TakeBackForm(Confirm):
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=250, widget=UnfoldAdminTextInputWidget())

    def carry_out(self) -> None:
        claim = PrizeClaim.objects.get(pk=self.object_id)
        reason = self.cleaned_data["reason"]
        prizes.cancel(claim=claim, reason=reason, by=actor(self.request), now=timezone.now())


@admin.register(PrizeClaim)
class TakenPrizeAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Newest first. Where a prize is handed over is not known before: everybody sees them all."""

    list_display = ("number", "prize", "client", "at", "state_shown", "until", column(PrizeClaim, "price"))
    list_display_links = ("number", "prize")
    list_filter = ("state", "prize")
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Number, phone, name or card")
    ordering = ("-id",)
    list_select_related = ("prize__service", "client", "location")
    actions_detail = ("hand_over", "take_back")
    fields = (
        "number",
        "prize",
        "client",
        column(PrizeClaim, "price"),
        "state_read",
        "at",
        "taken_by",
        "location",
        "until",
        "closed_at",
        "closed_by_shown",
        "reason",
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By the number that the client shows, or by whoever the desk's box would find."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(client__in=list(search(term).values_list("pk", flat=True)))
        digits = term.upper().removeprefix("P")
        if digits.isascii() and digits.isdigit() and len(digits) <= 12:
            found |= Q(pk=int(digits))
        return queryset.filter(found), False

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """Only what can still be done with it."""
        claim = self.get_object(request, str(object_id))
        if claim is None or claim.state == State.CANCELLED:
            return []
        is_waiting = claim.state == State.WAITING
        possible = {"hand_over": is_waiting, "take_back": is_waiting or claim.prize.service_id is not None}
        names = {f"loyalty_prizeclaim_{name}" for name, may in possible.items() if may}
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name in names]

    @action(
        description=gettext_lazy("Hand over"),
        permissions=["hand_over"],
        dialog={
            "title": gettext_lazy("Hand this prize over?"),
            "description": gettext_lazy("The client has it then. It cannot be taken back any more."),
            "form_class": HandOverForm,
            "form_submit_text": gettext_lazy("Hand over"),
        },
    )
    def hand_over(self, request: HttpRequest, form: HandOverForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The prize is handed over."))
        return go_to(request, reverse("admin:loyalty_prizeclaim_change", args=[object_id]))

    @action(
        description=gettext_lazy("Take back"),
        permissions=["hand_over"],
        dialog={
            "title": gettext_lazy("Take this prize back?"),
            "description": gettext_lazy("The bonuses return to where they came from, and the prize to the stock."),
            "form_class": TakeBackForm,
            "form_submit_text": gettext_lazy("Take back"),
        },
    )
    def take_back(self, request: HttpRequest, form: TakeBackForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The prize is taken back. Its bonuses have returned."))
        return go_to(request, reverse("admin:loyalty_prizeclaim_change", args=[object_id]))

    def has_hand_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, RIGHT, object_id)

    @display(description=gettext_lazy("number"), ordering="id")
    def number(self, claim: PrizeClaim) -> str:
        return number_of(claim)

    @display(
        description=gettext_lazy("state"),
        label={"waiting": "warning", "handed_over": "success", "cancelled": "danger"},
    )
    def state_shown(self, claim: PrizeClaim) -> tuple[str, str]:
        return str(claim.state), str(claim.get_state_display())

    @display(description=gettext_lazy("state"))
    def state_read(self, claim: PrizeClaim) -> str:
        return str(claim.get_state_display())

    @display(description=gettext_lazy("kept until"))
    def until(self, claim: PrizeClaim) -> str:
        return show_day(claim.last_day) if claim.last_day else _("for ever")

    @display(description=gettext_lazy("taken by"))
    def taken_by(self, claim: PrizeClaim) -> str:
        return person(claim.by)

    @display(description=gettext_lazy("handed over or taken back by"))
    def closed_by_shown(self, claim: PrizeClaim) -> str:
        return person(claim.closed_by) if claim.closed_by else ""
