"""The pages of the admin that need every room: the client's page, the timetable, the record of changes."""

from __future__ import annotations

from typing import Any

import auditlog.admin
import django.contrib.auth.admin
import django_celery_beat.admin
from auditlog.models import LogEntry
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from clients import registration
from clients.admin_base import OfficeAdmin, ReadOnlyAdmin, actor, go_to
from clients.admin_changes import change_of
from clients.admin_dates import DatesField
from clients.admin_tags import TagsField
from clients.dates import dates_of
from clients.models import Client
from clients.phones import show_phone
from clients.refusals import Refusal
from clients.tags import tags_of
from config.client_page import page_of
from config.timetable_form import TaskForm, when_text
from loyalty.admin.adjusting import AdjustForm
from loyalty.admin.currency import business, shown
from loyalty.admin.pages import MoneyAdmin
from loyalty.admin.tier_by_hand import ReleaseForm, TierForm
from loyalty.explanations import show_day
from loyalty.models import Account, Lot, TierStanding
from loyalty.registration import amend, register

# What these packages register of their own has no rights of ours, or a page of ours instead.
OTHERS = (auditlog.admin, django.contrib.auth.admin, django_celery_beat.admin)
for model in (Group, LogEntry, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What is known of a client; read as strictly as at the desk."""

    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("As people write it, for example 212 555 0101."),
    )
    tags = TagsField()
    dates = DatesField()

    class Meta:
        model = Client
        fields = ("first_name", "last_name", "phone", "email", "birthday", "language", "home", "note")
        widgets = {"note": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tags" in self.fields and self.instance.pk:
            self.fields["tags"].initial = tags_of(self.instance)
            self.fields["dates"].initial = dates_of(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in registration.FIELDS & set(cleaned):
            try:
                cleaned[name] = registration.checked({name: cleaned[name]}, at=timezone.now())[name]
            except Refusal as refusal:
                self.add_error(name, str(refusal)[:1].upper() + str(refusal)[1:])
        anonymous = self.instance.pk and not self.instance.first_name
        if not cleaned.get("first_name") and "first_name" not in self.errors and not anonymous:
            self.add_error("first_name", _("Say the first name."))
        return cleaned

    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in registration.FIELDS}


@admin.register(Client)
class ClientAdmin(MoneyAdmin):
    """Everybody the business knows. The list says where each stands; the page says everything."""

    form = ClientForm
    list_display = ("name", "phone_shown", "email", "card", "visits", "total_spent", "balance")
    list_display_links = ("name",)
    search_fields = ("search_name",)
    search_help_text = gettext_lazy("Phone, name, card or e-mail")
    ordering = ("-id",)
    show_full_result_count = False
    actions_detail = ("adjust", "set_tier", "release_tier")
    change_form_template = "admin/client.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("first_name", "last_name", "phone", "email", "birthday", "dates"),
                    *("language", "home", "tags", "note"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        rows: QuerySet[Client] = super().get_queryset(request).select_related("standing").prefetch_related("cards")
        return rows.annotate(balance_now=Subquery(balances(timezone.localdate())))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        found = list(registration.search(search_term).values_list("pk", flat=True))
        return queryset.filter(pk__in=found), False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        client = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if client is not None and business() is not None:
            context["page"] = page_of(client, request.user, timezone.now())
        return super().changeform_view(request, object_id, form_url, context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """The form writes nothing itself: joining and changing are functions of their own."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: Any) -> None:
        by, now, home = actor(request), timezone.now(), form.cleaned_data.get("home")
        if change:
            amend(client=obj, changes=form.details(), by=by, now=now)
            Client.objects.filter(pk=obj.pk).update(home=home)
        else:
            obj.pk = register(details=form.details() | {"home": home}, by=by, now=now).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A client's page has no related forms."""

    @action(
        description=gettext_lazy("Adjust bonuses"),
        permissions=["adjust"],
        dialog={
            "title": gettext_lazy("Add or take bonuses by hand"),
            "description": gettext_lazy("It stays in the client's history with your name and the reason."),
            "form_class": AdjustForm,
            "form_submit_text": gettext_lazy("Adjust"),
        },
    )
    def adjust(self, request: HttpRequest, form: AdjustForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The balance is adjusted."))
        return go_to(request, reverse("admin:clients_client_change", args=[object_id]))

    @action(
        description=gettext_lazy("Set the tier"),
        permissions=["set_tier"],
        dialog={
            "title": gettext_lazy("Set the tier by hand"),
            "description": gettext_lazy("It stays on the client's page with your name and the reason."),
            "form_class": TierForm,
            "form_submit_text": gettext_lazy("Set"),
        },
    )
    def set_tier(self, request: HttpRequest, form: TierForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The tier is set."))
        return go_to(request, reverse("admin:clients_client_change", args=[object_id]))

    @action(
        description=gettext_lazy("Let go of the tier"),
        permissions=["set_tier"],
        dialog={
            "title": gettext_lazy("Let go of the tier that was set by hand"),
            "description": gettext_lazy("From now on the client has the tier that they have earned."),
            "form_class": ReleaseForm,
            "form_submit_text": gettext_lazy("Let go"),
        },
    )
    def release_tier(self, request: HttpRequest, form: ReleaseForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The client has the tier that they have earned."))
        return go_to(request, reverse("admin:clients_client_change", args=[object_id]))

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """What nobody has set by hand cannot be let go of."""
        actions = super().get_actions_detail(request, object_id)
        is_known = str(object_id).isdecimal() and len(str(object_id)) < 19
        if is_known and TierStanding.objects.filter(client=object_id, by_hand=True).exists():
            return actions
        return [one for one in actions if not one.action_name.endswith("release_tier")]

    def has_set_tier_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.set_tier", object_id)

    def has_adjust_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.adjust_balance", object_id)

    @display(description=gettext_lazy("client"), ordering="search_name")
    def name(self, client: Client) -> str:
        return str(client)

    @display(description=gettext_lazy("phone"))
    def phone_shown(self, client: Client) -> str:
        return show_phone(client.phone) if client.phone else ""

    @display(description=gettext_lazy("card"))
    def card(self, client: Client) -> str:
        return next((str(card) for card in client.cards.all() if card.is_primary), "")

    @display(description=gettext_lazy("tags"))
    def tags(self, client: Client) -> str:
        """For those who may only look."""
        return ", ".join(tags_of(client))

    @display(description=gettext_lazy("personal dates"))
    def dates(self, client: Client) -> str:
        """For those who may only look."""
        return ", ".join(f"{one.name} {show_day(one.day)}" for one in dates_of(client))

    @display(description=gettext_lazy("visits"), ordering="standing__visits")
    def visits(self, client: Client) -> int:
        return client.standing.visits if hasattr(client, "standing") else 0

    @display(description=gettext_lazy("total spent"), ordering="standing__total_spent")
    def total_spent(self, client: Client) -> str:
        return shown(client.standing.total_spent if hasattr(client, "standing") else 0)

    @display(description=gettext_lazy("bonuses"), ordering="balance_now")
    def balance(self, client: Any) -> str:
        return shown(client.balance_now or 0)


def balances(today: Any) -> QuerySet[Any]:
    """For each client: what is active today, debts taken off."""
    lots = Lot.objects.filter(account__client=OuterRef("pk"), account__unit=Account.Unit.BONUS).exclude(remaining=0)
    active = lots.filter(Q(last_day=None) | Q(last_day__gte=today), first_day__lte=today)
    return active.order_by().values("account__client").annotate(balance=Sum("remaining")).values("balance")


@admin.register(PeriodicTask)
class TaskAdmin(OfficeAdmin):
    """When the installation works by itself. Tasks come with the program; their time is the owner's."""

    form = TaskForm
    list_display = ("called", "at", "ran_at", "is_on")
    ordering = ("name",)
    list_select_related = ("crontab", "interval")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        rows: QuerySet[PeriodicTask] = super().get_queryset(request)
        return rows.exclude(name__startswith="celery.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may = self.has_change_permission(request, obj)
        fields = ("called", *(TaskForm.time_fields(obj) if may else ("at",)), "enabled", "ran_at")
        return [(None, {"fields": fields})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["fields"] = ("enabled",) if self.has_change_permission(request, obj) else ()
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("called", "at", "ran_at")

    @display(description=gettext_lazy("name"), ordering="name")
    def called(self, task: PeriodicTask) -> str:
        return str(task.name)

    @display(description=gettext_lazy("last run"), ordering="last_run_at")
    def ran_at(self, task: PeriodicTask) -> Any:
        return task.last_run_at

    @display(description=gettext_lazy("when"))
    def at(self, task: PeriodicTask) -> str:
        return when_text(task)

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, task: PeriodicTask) -> bool:
        return bool(task.enabled)


@admin.register(LogEntry)
class ChangeAdmin(ReadOnlyAdmin, MoneyAdmin):
    """Every change of the settings: who, when, from what to what."""

    list_display = ("timestamp", "by", "thing", "what")
    list_filter = ("action",)
    ordering = ("-timestamp", "-id")
    list_select_related = ("actor", "content_type")
    fields = ("timestamp", "by", "thing", "what")

    @display(description=gettext_lazy("who"))
    def by(self, entry: LogEntry) -> str:
        return change_of(entry, self.shown_value).by

    @display(description=gettext_lazy("of what"))
    def thing(self, entry: LogEntry) -> str:
        change = change_of(entry, self.shown_value)
        return f"{change.thing} {change.verb}".strip()

    @display(description=gettext_lazy("from what to what"))
    def what(self, entry: LogEntry) -> str:
        return "; ".join(change_of(entry, self.shown_value).told)
