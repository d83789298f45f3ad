"""Memberships: the plans on sale, and who holds what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from clients.admin_base import ReadOnlyAdmin
from clients.admin_changes import Change, changes_of
from clients.admin_codes import CodeForm
from clients.registration import search
from loyalty.admin.currency import present_currency
from loyalty.admin.fields import CoversForm, either
from loyalty.admin.pages import MoneyAdmin, Rows, column
from loyalty.admin.programs import NamedProgramAdmin, readable_covers
from loyalty.explanations import show_day
from loyalty.models import Service
from memberships import sentences
from memberships.models import Membership, Plan, PlanService


class PlanForm(CoversForm, CodeForm):
    through = PlanService
    through_field = "plan"

    class Meta:
        model = Plan
        fields = "__all__"
        help_texts = {
            "name": gettext_lazy("As clients read it, for example 5 sessions."),
            "sessions": gettext_lazy("For example 5."),
            "price": gettext_lazy("For all sessions together, for example 90."),
            "valid_days": gettext_lazy("From the sale, for example 90. Empty here and in months: for ever."),
            "valid_months": gettext_lazy("Instead of days, for example 3."),
            "freeze_days": gettext_lazy("For example 14. 0 means it cannot be frozen."),
            "refund": gettext_lazy(
                "For example 10 sessions for 160.00, 3 used at 20.00: in proportion 112.00 comes back, without the used"
                " sessions at list price 100.00. Memberships that were sold keep what they were sold with."
            ),
            "enabled": gettext_lazy("Off: no more are sold. Memberships that were sold can still be used."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        either(self, "valid_days", "valid_months", _("Either days or months, not both."))
        return cleaned


@admin.register(Plan)
class PlanAdmin(NamedProgramAdmin):
    form = PlanForm
    radio_fields = {"refund": admin.VERTICAL}
    fieldsets = (
        (None, {"fields": ("name", "enabled", "sessions", "covers", "price")}),
        (gettext_lazy("How long"), {"fields": ("valid_days", "valid_months", "freeze_days")}),
        (gettext_lazy("Returning"), {"fields": ("refund",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        pages = [
            (name, {**options, "fields": [field for field in options["fields"] if field != "priority"]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        return readable_covers(pages, self.has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "covered")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        rows: QuerySet[Plan] = super().get_queryset(request).prefetch_related("services")
        return rows

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_covers()

    @display(description=gettext_lazy("services"))
    def covered(self, plan: Plan) -> str:
        return ", ".join(str(service) for service in plan.services.all())

    def rows(self, program: Plan) -> Rows:
        return {Service: list(program.services.all())}

    def chosen(self, form: Any) -> Rows:
        return {Service: list(form.cleaned_data["covers"])}

    def sentences(self, program: Plan, rows: Rows) -> Sequence[str]:
        services = [(service.name, service.price) for service in rows[Service]]
        return sentences.plan(program, services, present_currency())

    def now(self, program: Plan) -> str:
        held = program.memberships.filter(usable()).aggregate(count=Count("pk"), left=Sum("account__lots__remaining"))
        text = ngettext(
            "Held now by %(count)d client, %(left)s sessions left.",
            "Held now by %(count)d clients, %(left)s sessions left.",
            held["count"],
        )
        return text % {"count": held["count"], "left": int(held["left"] or 0)}

    def changes(self, row: Any) -> list[Change]:
        return changes_of(row, inlines=[PlanService], shown=self.shown_value)


def usable() -> Q:
    """Memberships with something left today."""
    today = timezone.localdate()
    ends = Q(account__lots__last_day=None) | Q(account__lots__last_day__gte=today)
    return Q(account__lots__remaining__gt=0, voided_at=None) & ends


@admin.register(Membership)
class MembershipAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Who holds what, newest first."""

    list_display = ("client", "plan", "created_at", "status", "ends", "left")
    list_filter = ("plan",)
    search_fields = ("client",)
    search_help_text = gettext_lazy("Phone, name or card")
    ordering = ("-pk",)
    list_select_related = ("client", "plan")
    location_path = "sold_on__visit__location"
    fields = (
        *("client", "plan", "created_at", "state", "begins", "ends", "left"),
        *(column(Membership, "session_price"), "refund"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.annotate(
            remaining=Sum("account__lots__remaining"),
            first_day=F("account__lots__first_day"),
            last_day=F("account__lots__last_day"),
        )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(client__in=list(search(search_term).values_list("pk", flat=True))), False

    @display(
        description=gettext_lazy("state"),
        label={"active": "success", "void": "warning", "ended": "info", "used": "info"},
    )
    def status(self, one: Any) -> tuple[str, str]:
        if one.voided_at is not None:
            return "void", _("returned")
        if one.last_day is not None and one.last_day < timezone.localdate():
            return "ended", _("ended")
        return ("active", _("can be used")) if one.remaining else ("used", _("used up"))

    @display(description=gettext_lazy("state"))
    def state(self, one: Any) -> str:
        return str(self.status(one)[1])

    @display(description=gettext_lazy("first day"))
    def begins(self, one: Any) -> str:
        return show_day(one.first_day) if one.first_day else ""

    @display(description=gettext_lazy("last day"))
    def ends(self, one: Any) -> str:
        return show_day(one.last_day) if one.last_day else _("never ends")

    @display(description=gettext_lazy("sessions left"))
    def left(self, one: Any) -> str:
        gone = self.status(one)[0] in ("void", "ended")
        return _("%(left)d of %(all)d") % {"left": 0 if gone else int(one.remaining or 0), "all": one.sessions}
