"""Memberships: who holds what. The plans on sale are in `admin_plans`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from clients.admin_base import ReadOnlyAdmin
from clients.registration import search
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.explanations import show_day
from loyalty.rulebook import rulebook
from memberships.admin_life import ACTIONS, LifeActions
from memberships.admin_plans import PlanAdmin
from memberships.admin_report import ReportButton, ReportPages
from memberships.holding import MembershipState, Status, states_of
from memberships.models import Membership

__all__ = ["MembershipAdmin", "PlanAdmin"]

STATUS_NAMES = {
    Status.ACTIVE: gettext_lazy("can be used"),
    Status.FROZEN: gettext_lazy("frozen"),
    Status.PENDING: gettext_lazy("has not begun"),
    Status.SUSPENDED: gettext_lazy("suspended"),
    Status.USED_UP: gettext_lazy("used up"),
    Status.ENDED: gettext_lazy("ended"),
    Status.VOID: gettext_lazy("void"),
}
COLOURS: dict[str, str | None] = {
    **dict.fromkeys(map(str, Status)),
    "active": "success",
    "frozen": "info",
    "suspended": "danger",
    "void": "warning",
}


@admin.register(Membership)
class MembershipAdmin(ReportPages, ReportButton, LifeActions, MoneyAdmin, ReadOnlyAdmin):
    """Who holds what, newest first."""

    list_display = ("client", "plan", "created_at", "status", "ends", "left")
    list_filter = ("plan",)
    search_fields = ("client",)
    search_help_text = gettext_lazy("Phone, name or card")
    ordering = ("-pk",)
    list_select_related = ("client", "plan")
    location_path = "sold_on__visit__location"
    actions_list = ("see_report",)
    actions_detail = ACTIONS
    fields = (
        *("client", "plan", "created_at", "state", "begins", "ends", "left", "others"),
        *(column(Membership, "session_price"), column(Membership, "paid"), "refund", "story", "paper"),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The states of the memberships on the page, in a few queries."""
        page = super().get_changelist_instance(request)
        found = _states(page.result_list)
        for one in page.result_list:
            one.known_state = found.get(one.pk)
        return page

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(client__in=list(search(search_term).values_list("pk", flat=True))), False

    @display(
        description=gettext_lazy("state"),
        label=COLOURS,
    )
    def status(self, one: Membership) -> tuple[str, str]:
        status = Status.VOID if one.voided_at is not None else _state(one).status
        return str(status), str(STATUS_NAMES[status])

    @display(description=gettext_lazy("state"))
    def state(self, one: Membership) -> str:
        return str(self.status(one)[1])

    @display(description=gettext_lazy("first day"))
    def begins(self, one: Membership) -> str:
        return show_day(_state(one).first_day)

    @display(description=gettext_lazy("last day"))
    def ends(self, one: Membership) -> str:
        last_day = _state(one).last_day
        return show_day(last_day) if last_day else _("never ends")

    @display(description=gettext_lazy("sessions left"))
    def left(self, one: Membership) -> str:
        left = _state(one).remaining
        if one.sessions is None:
            return _("any number") if left is None else "—"
        return _("%(left)d of %(all)d") % {"left": left, "all": one.sessions}

    @display(description=gettext_lazy("people who may use it too"))
    def others(self, one: Membership) -> str:
        return ", ".join(name for _pk, name in _state(one).people) or "–"


def _states(memberships: Iterable[Membership]) -> dict[int, MembershipState]:
    return {state.id: state for state in states_of(memberships, rulebook().house, timezone.now())}


def _state(one: Membership) -> MembershipState:
    """The state of a row, read once."""
    kept = one.__dict__
    if kept.get("known_state") is None:
        kept["known_state"] = _states([one])[one.pk]
    state: MembershipState = kept["known_state"]
    return state
