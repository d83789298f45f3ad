"""Webhooks: addresses that are told of events, and what is on its way to them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, OfficeAdmin, ReadOnlyAdmin, actor, go_to
from clients.refusals import Invalid
from loyalty import events
from loyalty.events.webhooks import check_url
from loyalty.models import Delivery, Webhook


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("For example https://till.example/hook: each event is posted there, signed."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=[(name, name) for name in events.NAMES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    class Meta:
        model = Webhook
        fields = ("url", "events", "enabled")

    def clean_url(self) -> str:
        try:
            return check_url(self.cleaned_data["url"])
        except Invalid as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            self.instance.disabled_reason = ""
        return cleaned


class RemoveForm(Confirm):
    def carry_out(self) -> None:
        events.remove(Webhook.objects.get(pk=self.object_id))


class SendAgainForm(Confirm):
    def carry_out(self) -> None:
        events.send_again(Delivery.objects.get(pk=self.object_id), now=timezone.now())


@admin.register(Webhook)
class WebhookAdmin(OfficeAdmin):
    form = WebhookForm
    list_display = ("url", "names", "state", "created_at")
    ordering = ("id",)
    actions_detail = ("remove",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("url", "events") if obj is None else ("url", "events", "enabled")

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: Any) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        row, request.made_secret = events.add(  # type: ignore[attr-defined]
            url=obj.url, events=obj.events, by=actor(request)
        )
        obj.pk = row.pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None) -> HttpResponse:
        """The answer to the form is the only page that ever shows the secret."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Events are sent to %(url)s") % {"url": obj.url},
            "secret": request.made_secret,  # type: ignore[attr-defined]
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/webhook_made.html", context, headers={"Cache-Control": "no-store"})

    @action(
        description=gettext_lazy("Remove"),
        permissions=["remove"],
        dialog={
            "title": gettext_lazy("Remove this webhook?"),
            "description": gettext_lazy("Nothing is sent there any more, and what was on its way is forgotten."),
            "form_class": RemoveForm,
            "form_submit_text": gettext_lazy("Remove"),
        },
    )
    def remove(self, request: HttpRequest, form: RemoveForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The webhook is removed."))
        return go_to(request, reverse("admin:loyalty_webhook_changelist"))

    def has_remove_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.change_webhook", object_id)

    @display(description=gettext_lazy("events"))
    def names(self, row: Webhook) -> str:
        return ", ".join(row.events)

    @display(description=gettext_lazy("state"), label={"on": "success", "off": "danger"})
    def state(self, row: Webhook) -> tuple[str, str]:
        return ("on", _("on")) if row.enabled else ("off", row.disabled_reason or _("off"))


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", gettext_lazy("waits")), ("given_up", gettext_lazy("given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "waiting":
            return queryset.filter(delivered_at=None, given_up_at=None)
        return queryset.exclude(given_up_at=None) if self.value() == "given_up" else queryset


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What went where, newest first; what could not be delivered can be sent once more."""

    list_display = ("event", "webhook", "happened", "tries", "state", "answer")
    list_filter = (StateFilter, "webhook")
    ordering = ("-id",)
    list_select_related = ("event", "webhook")
    actions_detail = ("send_again",)
    fields = ("event", "webhook", "happened", "facts", "tries", "state", "answer", "due_at")

    @action(
        description=gettext_lazy("Send again"),
        permissions=["send_again"],
        dialog={
            "title": gettext_lazy("Send this event once more?"),
            "description": gettext_lazy("It goes within a minute, with the same id as before."),
            "form_class": SendAgainForm,
            "form_submit_text": gettext_lazy("Send again"),
        },
    )
    def send_again(self, request: HttpRequest, form: SendAgainForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The event is sent once more."))
        return go_to(request, reverse("admin:loyalty_delivery_change", args=[object_id]))

    def has_send_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("loyalty.change_webhook"))

    @display(description=gettext_lazy("at"))
    def happened(self, row: Delivery) -> Any:
        return row.event.at

    @display(description=gettext_lazy("facts"))
    def facts(self, row: Delivery) -> str:
        return ", ".join(f"{name}: {fact}" for name, fact in row.event.facts.items())

    @display(description=gettext_lazy("state"), label={"taken": "success", "given_up": "danger", "waits": "info"})
    def state(self, row: Delivery) -> tuple[str, str]:
        if row.delivered_at is not None:
            return "taken", _("taken")
        return ("given_up", _("given up")) if row.given_up_at is not None else ("waits", _("waits"))
