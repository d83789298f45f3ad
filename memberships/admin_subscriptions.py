"""Periods of subscriptions in the admin: what is to be paid, what was paid, what was missed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from clients.admin_base import ReadOnlyAdmin
from clients.registration import search
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.admin.program_forms import TERMS_HELP
from loyalty.explanations import show_day
from memberships.admin_report import ReportButton
from memberships.models import Renewal

PLAN_PARTS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (gettext_lazy("Subscription"), {"fields": ("renews", "grace_days", "remind_days")}),
    (
        gettext_lazy("Privileges"),
        {"fields": ("discount_percent", "cashback_percent", "privileges", "priority_booking", "early_access")},
    ),
    (
        gettext_lazy("The bonuses of the extra cashback"),
        {"fields": ("lifetime_days", "lifetime_months", "limit_percent", "min_check", "pending_days")},
    ),
)
"""Of the page of a plan."""
PLAN_HELP: dict[str, Any] = {
    "renews": gettext_lazy("Its time is the period: each next one is a check of its own, which is paid at the desk."),
    "grace_days": gettext_lazy("For example 3: in these days nothing is covered, and its privileges stay."),
    "remind_days": gettext_lazy("For example 3: the client is written to, and the desk offers the next period."),
    "discount_percent": gettext_lazy("For example 10: off every service that it does not cover. Empty: none."),
    "cashback_percent": gettext_lazy("For example 5: so much more of each check comes back as bonuses. Empty: none."),
    "privileges": gettext_lazy("One a line, for example: A towel on the house."),
    "priority_booking": gettext_lazy("The desk sees “books first”."),
    "early_access": gettext_lazy("The desk sees “hears of offers first”."),
    **TERMS_HELP,
}


@admin.register(Renewal)
class RenewalAdmin(ReportButton, MoneyAdmin, ReadOnlyAdmin):
    """What is to be paid first comes first; written by the till and the night only."""

    list_display = ("client", "plan", "period", "due", "state_shown", column(Renewal, "price"))
    list_display_links = ("client", "plan")
    list_filter = ("state", "membership__plan")
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Phone, name or card")
    ordering = ("-pay_by", "-id")
    list_select_related = ("membership__client", "membership__plan", "line__visit")
    location_path = "membership__sold_on__visit__location"
    actions_list = ("see_report",)
    fields = (
        *("client", "plan", "number", "period", "due", "state_read"),
        *(column(Renewal, "price"), "paid_with", "made_at", "changed_at"),
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        found = list(search(search_term).values_list("pk", flat=True))
        return queryset.filter(Q(membership__client__in=found)), False

    @display(description=gettext_lazy("client"))
    def client(self, one: Renewal) -> str:
        return str(one.membership.client)

    @display(description=gettext_lazy("plan"))
    def plan(self, one: Renewal) -> str:
        return str(one.membership.plan)

    @display(description=gettext_lazy("period"), ordering="first_day")
    def period(self, one: Renewal) -> str:
        return f"{show_day(one.first_day)} – {show_day(one.last_day)}"

    @display(description=gettext_lazy("to be paid by"), ordering="pay_by")
    def due(self, one: Renewal) -> str:
        return show_day(one.pay_by)

    @display(
        description=gettext_lazy("state"),
        label={"due": "warning", "paid": "success", "missed": "danger", "cancelled": "info"},
    )
    def state_shown(self, one: Renewal) -> tuple[str, str]:
        return str(one.state), str(one.get_state_display())

    @display(description=gettext_lazy("state"))
    def state_read(self, one: Renewal) -> str:
        return str(one.get_state_display())

    @display(description=gettext_lazy("paid with the check"))
    def paid_with(self, one: Renewal) -> str:
        return f"{one.line.visit_id}" if one.line is not None else ""
