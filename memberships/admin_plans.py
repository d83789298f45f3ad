"""Plans in the admin, in the order in which a person explains one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from clients.admin_changes import Change, changes_of
from clients.admin_codes import CodeForm
from loyalty.admin.choosing import ListField, PlacesField, WeekdaysField
from loyalty.admin.currency import present_currency
from loyalty.admin.fields import CoversForm, either
from loyalty.admin.pages import Rows
from loyalty.admin.programs import NamedProgramAdmin, readable_covers
from loyalty.admin.words import Words, told, words
from loyalty.models import Service
from memberships import sentences
from memberships.admin_report import ReportButton
from memberships.admin_subscriptions import PLAN_HELP, PLAN_PARTS
from memberships.models import Membership, Plan, PlanService
from memberships.plans import ENDLESS

MOST = 10_000


class CategoriesField(ListField):
    """Categories of the price list."""

    def offer(self, known: Words, chosen: Sequence[str]) -> None:
        names = [ware.category for ware in known.wares.values() if ware.category]
        self.choices = [(name, name) for name in dict.fromkeys([*names, *chosen])]


class PlanForm(CoversForm, CodeForm):
    through = PlanService
    through_field = "plan"

    categories = CategoriesField(
        label=gettext_lazy("Categories"),
        help_text=gettext_lazy("All that is or will be in them, besides the services."),
    )
    counts = forms.CharField(
        label=gettext_lazy("Sessions of each service"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Only where each service has its own count: one a line, its code and how many, for example massage 3. Then"
            " the one count above stays empty."
        ),
    )
    locations = PlacesField(label=gettext_lazy("At the locations"), help_text=gettext_lazy("None ticked: everywhere."))
    weekdays = WeekdaysField(label=gettext_lazy("On these days"), help_text=gettext_lazy("None ticked: every day."))

    class Meta:
        model = Plan
        fields = "__all__"
        help_texts = {
            **PLAN_HELP,
            "name": gettext_lazy("As clients read it, for example 5 sessions."),
            "sessions": gettext_lazy("For all together, for example 5. Empty: any number."),
            "price": gettext_lazy("For all sessions together, for example 90."),
            "starts": gettext_lazy("For example at the first visit: the days below count from it."),
            "valid_days": gettext_lazy("From its beginning, for example 90. Empty here and in months: for ever."),
            "valid_months": gettext_lazy("Instead of days, for example 3."),
            "freeze_days": gettext_lazy("For example 14. 0 means it cannot be frozen."),
            "from_time": gettext_lazy("For example 09:00, by the clock of the location. Empty: from the morning."),
            "to_time": gettext_lazy("For example 16:00; before the beginning: until the next day. Empty: to the end."),
            "per_day": gettext_lazy("For example 1, for all its people together. Empty: as many as there are."),
            "people": gettext_lazy("For example 4: the holder and three who are named. 1: the holder alone."),
            "unnamed": gettext_lazy("For example a card for a company: the desk chooses it, whoever comes."),
            "transferable": gettext_lazy("Off: it stays with whoever bought it."),
            "no_show": gettext_lazy("Staff say so, visit by visit, with a reason."),
            "refund": gettext_lazy(
                "For example 10 sessions for 160.00, 3 used at 20.00: in proportion 112.00 comes back, without the used"
                " sessions at list price 100.00. Memberships that were sold keep what they were sold with."
            ),
            "enabled": gettext_lazy("Off: no more are sold. Memberships that were sold can still be used."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, ListField):
                field.offer(words(), getattr(self.instance, name) or [])
        for name in ("from_time", "to_time"):
            if name in self.fields:
                self.fields[name].widget.format = "%H:%M"
        if "covers" in self.fields:
            self.fields["covers"].required = False
            self.initial["counts"] = "\n".join(f"{code} {count}" for code, count in self._stored_counts())

    def _stored_counts(self) -> list[tuple[str, int]]:
        if not self.instance.pk:
            return []
        rows = PlanService.objects.filter(plan=self.instance, sessions__isnull=False).order_by("pk")
        return [(code, count) for code, count in rows.values_list("service__code", "sessions") if count is not None]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        either(self, "valid_days", "valid_months", _("Either days or months, not both."))
        either(self, "lifetime_days", "lifetime_months", _("Either days or months, not both."))
        if cleaned.get("renews") and not (cleaned.get("valid_days") or cleaned.get("valid_months")):
            self.add_error("renews", _("A subscription has a period: give it days or months."))
        begin, end = cleaned.get("from_time"), cleaned.get("to_time")
        if begin is not None and begin == end:
            self.add_error("to_time", _("It begins and ends at the same time."))
        if "covers" in self.fields:
            self._check_covers(cleaned)
        return cleaned

    def _check_covers(self, cleaned: dict[str, Any]) -> None:
        if "covers" in self.errors or "counts" in self.errors:
            return
        services: list[Service] = list(cleaned.get("covers") or ())
        if not services and not cleaned.get("categories"):
            self.add_error("covers", _("Choose at least one service."))
        counts = self._read_counts(cleaned.get("counts") or "", services)
        cleaned["counts"] = counts
        if not counts:
            return
        if len(counts) != len(services):
            self.add_error("counts", _("Give each of the chosen services a count, or none of them."))
        if cleaned.get("sessions") is not None:
            self.add_error("sessions", _("Each service has its own count: leave one of the two empty."))
        if cleaned.get("categories"):
            self.add_error("categories", _("A category cannot be counted service by service."))

    def _read_counts(self, text: str, services: Sequence[Service]) -> Mapping[int, int]:
        """Service → how many. "massage 3" a line. Says what cannot be read."""
        known = {service.code: service.pk for service in services}
        counts: dict[int, int] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            code, _space, number = line.rpartition(" ")
            service = known.get(code.strip())
            if service is None or not (number.isascii() and number.isdigit() and 1 <= int(number) <= MOST):
                message = _("“%(line)s” is not a chosen service and how many, like massage 3.")
                self.add_error("counts", message % {"line": line[:60]})
                return {}
            counts[service] = int(number)
        return counts

    def save_covers(self) -> None:
        super().save_covers()
        counts = self.cleaned_data.get("counts", {})
        for row in PlanService.objects.filter(plan=self.instance):
            count = counts.get(row.service_id)
            if row.sessions != count:
                row.sessions = count
                row.save()


@admin.register(Plan)
class PlanAdmin(ReportButton, NamedProgramAdmin):
    form = PlanForm
    actions_list = ("see_report",)
    radio_fields = {"refund": admin.VERTICAL, "starts": admin.VERTICAL}
    fieldsets = (
        (None, {"fields": ("name", "enabled", "sessions", "covers", "categories", "counts", "price")}),
        (gettext_lazy("How long"), {"fields": ("starts", "valid_days", "valid_months", "freeze_days")}),
        (gettext_lazy("Where and when"), {"fields": ("locations", "weekdays", "from_time", "to_time", "per_day")}),
        (gettext_lazy("Who"), {"fields": ("people", "unnamed", "transferable", "no_show")}),
        (gettext_lazy("Returning"), {"fields": ("refund",)}),
        *PLAN_PARTS,
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_change = self.has_change_permission(request, obj)
        hidden = {"priority"} if may_change else {"priority", "counts"}
        pages = [
            (name, {**options, "fields": [field for field in options["fields"] if field not in hidden]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        return readable_covers(pages, may_change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "covered")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        rows: QuerySet[Plan] = super().get_queryset(request).prefetch_related("planservice_set__service")
        return rows

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_covers()

    @display(description=gettext_lazy("services"))
    def covered(self, plan: Plan) -> str:
        rows = plan.planservice_set.all()
        return ", ".join(
            str(row.service) if row.sessions is None else f"{row.service} x {row.sessions}" for row in rows
        )

    def rows(self, program: Plan) -> Rows:
        return {PlanService: list(program.planservice_set.all())}

    def chosen(self, form: Any) -> Rows:
        counts = form.cleaned_data.get("counts") or {}
        chosen = form.cleaned_data["covers"]
        return {PlanService: [PlanService(service=service, sessions=counts.get(service.pk)) for service in chosen]}

    def sentences(self, program: Plan, rows: Rows) -> Sequence[str]:
        covered = rows[PlanService]
        services = [(row.service.name, row.service.price) for row in covered]
        counts = [row.sessions or 0 for row in covered]
        places = words().at(program.locations) if program.locations else ""
        return sentences.plan(program, services, present_currency(), counts=counts, places=places)

    def now(self, program: Plan) -> str:
        """Who holds it now, and how much is left: of any number nothing can be counted."""
        held = Membership.objects.filter(usable(), plan=program)
        count = held.distinct().count()
        if not held.filter(sessions__isnull=False).exists():
            text = ngettext("Held now by %(count)d client.", "Held now by %(count)d clients.", count)
            return text % {"count": count}
        left = held.aggregate(left=Sum("account__lots__remaining", filter=Q(account__lots__remaining__lt=ENDLESS // 2)))
        text = ngettext(
            "Held now by %(count)d client, %(left)s sessions left.",
            "Held now by %(count)d clients, %(left)s sessions left.",
            count,
        )
        return text % {"count": count, "left": int(left["left"] or 0)}

    def changes(self, row: Any) -> list[Change]:
        return changes_of(row, inlines=[PlanService], shown=self.shown_value)

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)


def _with_count(row: PlanService) -> str:
    return str(row.service) if row.sessions is None else f"{row.service} x {row.sessions}"


def usable() -> Q:
    """Memberships with something left today."""
    today = timezone.localdate()
    ends = Q(account__lots__last_day=None) | Q(account__lots__last_day__gte=today)
    return Q(account__lots__remaining__gt=0, voided_at=None) & ends
