"""Mailings: one letter to everybody of a segment, looked at before, watched while it goes, told of afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from unfold.decorators import action, display

from clients.admin_base import actor, go_to
from clients.letters.reasons import show_reason
from clients.models import Client, LetterTemplate
from clients.refusals import Refusal
from loyalty import mailings
from loyalty.admin.choosing import client_by
from loyalty.admin.code_batches import counted, used_text
from loyalty.admin.currency import business, shown
from loyalty.admin.mailing_forms import CancelForm, GoOnForm, MailingForm, PauseForm, StartForm, TryMailing
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.sentences import quoted
from loyalty.mailings import Report, State
from loyalty.models import Mailing

SENDS = "loyalty.send_mailing"
VERBS = {
    "start": {State.DRAFT},
    "pause": {State.RUNNING},
    "go_on": {State.PAUSED},
    "cancel": {State.RUNNING, State.PAUSED},
    "test": {State.DRAFT},
}
"""What can be done in which state."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing is, and what came of it."""

    mailing: Mailing
    report: Report

    @property
    def is_moving(self) -> bool:
        """Whether it is worth looking again."""
        return self.mailing.state == State.RUNNING or (
            self.mailing.state == State.CANCELLED and self.report.waiting > 0
        )

    @property
    def written(self) -> str:
        return used_text(self.mailing.written, self.mailing.wanted)

    @property
    def gone(self) -> int:
        """Letters that are no longer waiting."""
        return max(self.mailing.written - self.report.waiting, 0)

    @property
    def gone_text(self) -> str:
        return used_text(self.gone, self.mailing.written)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """ "sent 4,700", "no consent to this channel 212", ..."""
        rows = [(_("sent"), self.report.sent)]
        rows += [(_("waiting"), self.report.waiting)] if self.report.waiting else []
        rows += [(_("not sent: %(reason)s") % {"reason": show_reason(why)}, n) for why, n in self.report.refused]
        rows += [(_("failed: the channel would not take it"), self.report.failed)] if self.report.failed else []
        return [(name, counted(count)) for name, count in rows]

    @property
    def came_back(self) -> str:
        if not self.report.came_back:
            days = mailings.CAME_BACK_WITHIN.days
            return _("Nobody has come within %(days)d days after the letter so far.") % {"days": days}
        text = ngettext(
            "%(count)s client came within %(days)d days after the letter and paid %(amount)s.",
            "%(count)s clients came within %(days)d days after the letter and paid %(amount)s.",
            self.report.came_back,
        )
        facts = {"count": counted(self.report.came_back), "amount": shown(self.report.spent)}
        return text % {**facts, "days": mailings.CAME_BACK_WITHIN.days}


@dataclass(frozen=True, slots=True)
class Read:
    """The letter as one client would read it; or why it cannot be said."""

    client: Client | None
    asked: str = ""
    subject: str = ""
    text: str = ""
    trouble: str = ""


@admin.register(Mailing)
class MailingAdmin(ProgramAdmin):
    form = MailingForm
    change_form_template = "admin/change_form.html"
    change_form_outer_before_template = "admin/mailing_before.html"
    list_display = ("name", "template", "whom", "state", "progress")
    list_display_links = ("name",)
    list_filter = ("state",)
    list_select_related = ("template", "segment")
    ordering = ("-id",)
    actions_detail = ("start", "test", "pause", "go_on", "cancel")
    fieldsets = ((None, {"fields": ("name", "template", "segment", "channel", "begins_at")}),)

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has begun says to its end what it said to the first."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.state == State.DRAFT)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see whom it is for in words."""
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("name", "template", "whom", "channel", "begins_at")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "whom")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "template":
            kwargs["queryset"] = LetterTemplate.objects.filter(enabled=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Mailing, form: Any, change: Any) -> None:
        if not change:
            obj.by = str(actor(request))
        super().save_model(request, obj, form, change)

    # --- what it does ---

    def sentences(self, program: Mailing, rows: Rows) -> Sequence[str]:
        now = timezone.now()
        count = mailings.recipients(program, now=now).count()
        return [_goes(program, count), *_reached(program, count), _begins(program)]

    def _effect(self, request: HttpRequest, object_id: str | None) -> Any:
        """Once it has begun, how far it is says more."""
        mailing = self.get_object(request, object_id) if object_id else None
        if mailing is not None and mailing.state != State.DRAFT:
            return None
        return super()._effect(request, object_id)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        mailing = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if mailing is not None and business() is not None and request.method == "GET":
            if mailing.state != State.DRAFT:
                context["progress"] = Progress(mailing, mailings.report(mailing))
            context["letter"] = read(mailing, request.GET.get("client", ""))
        return super().changeform_view(request, object_id, form_url, context)

    # --- the list ---

    @display(description=pgettext_lazy("whom", "to"))
    def whom(self, mailing: Mailing) -> str:
        return str(mailing.segment or _("everybody"))

    @display(description=gettext_lazy("letters"))
    def progress(self, mailing: Mailing) -> str:
        return "" if mailing.state == State.DRAFT else used_text(mailing.written, mailing.wanted)

    # --- verbs ---

    @action(
        description=gettext_lazy("Start"),
        permissions=["start"],
        dialog={
            "title": gettext_lazy("Start this mailing"),
            "description": gettext_lazy("It goes in the background; this page shows how far it is and can be left."),
            "form_class": StartForm,
            "form_submit_text": gettext_lazy("Start"),
        },
    )
    def start(self, request: HttpRequest, form: StartForm, object_id: str) -> HttpResponse:
        return go_to(request, self._page(object_id))

    @action(
        description=gettext_lazy("Send a test"),
        permissions=["test"],
        dialog={
            "title": gettext_lazy("Send this letter to an address to try"),
            "description": gettext_lazy("It goes as it was last saved. Its links open nobody's page."),
            "form_class": TryMailing,
            "form_submit_text": gettext_lazy("Send"),
        },
    )
    def test(self, request: HttpRequest, form: TryMailing, object_id: str) -> HttpResponse:
        messages.success(request, _("Sent to %(address)s.") % {"address": form.cleaned_data["to"]})
        return go_to(request, self._page(object_id))

    @action(
        description=gettext_lazy("Pause"),
        permissions=["pause"],
        dialog={
            "title": gettext_lazy("Pause this mailing"),
            "description": gettext_lazy("No more letters are written, and those that wait are held until it goes on."),
            "form_class": PauseForm,
            "form_submit_text": gettext_lazy("Pause"),
        },
    )
    def pause(self, request: HttpRequest, form: PauseForm, object_id: str) -> HttpResponse:
        return go_to(request, self._page(object_id))

    @action(
        description=gettext_lazy("Go on"),
        permissions=["go_on"],
        dialog={
            "title": gettext_lazy("Go on with this mailing"),
            "description": gettext_lazy("It goes on where it was paused. Nobody gets the letter twice."),
            "form_class": GoOnForm,
            "form_submit_text": gettext_lazy("Go on"),
        },
    )
    def go_on(self, request: HttpRequest, form: GoOnForm, object_id: str) -> HttpResponse:
        return go_to(request, self._page(object_id))

    @action(
        description=gettext_lazy("Call off"),
        permissions=["cancel"],
        dialog={
            "title": gettext_lazy("Call this mailing off"),
            "description": gettext_lazy("What has gone out cannot be taken back. What waits will never be sent."),
            "form_class": CancelForm,
            "form_submit_text": gettext_lazy("Call off"),
        },
    )
    def cancel(self, request: HttpRequest, form: CancelForm, object_id: str) -> HttpResponse:
        return go_to(request, self._page(object_id))

    def _may(self, verb: str, request: HttpRequest, object_id: Any) -> bool:
        if not self.may(request, SENDS, object_id):
            return False
        row = None if object_id is None else self.get_object(request, str(object_id))
        return row is None or row.state in VERBS[verb]

    def has_start_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may("start", request, object_id)

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may("test", request, object_id)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may("pause", request, object_id)

    def has_go_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may("go_on", request, object_id)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may("cancel", request, object_id)

    # --- the part of the page that is asked for again ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:object_id>/progress/", view, name="loyalty_mailing_progress"), *super().get_urls()]

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        mailing = self.seen(request, str(object_id))
        context = {"original": mailing, "progress": Progress(mailing, mailings.report(mailing))}
        return TemplateResponse(request, "admin/mailing_progress.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        rows: QuerySet[Mailing] = super().get_queryset(request).select_related("template", "segment")
        return rows

    def _page(self, object_id: Any) -> str:
        return reverse("admin:loyalty_mailing_change", args=[object_id])


def _goes(mailing: Mailing, count: int) -> str:
    facts = {
        "letter": quoted(mailing.template.name),
        "segment": quoted(str(mailing.segment)),
        "channel": mailing.get_channel_display(),
        "count": counted(count),
    }
    if mailing.segment is None:
        text = ngettext(
            "The letter %(letter)s goes by %(channel)s to everybody: %(count)s client now.",
            "The letter %(letter)s goes by %(channel)s to everybody: %(count)s clients now.",
            count,
        )
    else:
        text = ngettext(
            "The letter %(letter)s goes by %(channel)s to everybody in %(segment)s: %(count)s client now.",
            "The letter %(letter)s goes by %(channel)s to everybody in %(segment)s: %(count)s clients now.",
            count,
        )
    return text % facts


def _reached(mailing: Mailing, count: int) -> list[str]:
    reachable = mailings.reachable(mailing, now=timezone.now()) if count else 0
    if reachable == count:
        return []
    text = ngettext(
        "%(count)s of them has an address, agreed to this channel and did not unsubscribe.",
        "%(count)s of them have an address, agreed to this channel and did not unsubscribe.",
        reachable,
    )
    return [text % {"count": counted(reachable)}]


def _begins(mailing: Mailing) -> str:
    if mailing.begins_at is None:
        return _("It begins when it is started.")
    local = timezone.localtime(mailing.begins_at)
    return _("Once started, it begins on %(at)s.") % {"at": date_format(local, "DATETIME_FORMAT")}


def read(mailing: Mailing, asked: str) -> Read:
    """The letter as the client of this phone or card reads it; of none, the one who joined last."""
    now, asked = timezone.now(), asked.strip()[:60]
    client = client_by(asked) if asked else mailings.recipients(mailing, now=now).order_by("-pk").first()
    if client is None:
        trouble = _("No client has this phone or card.") if asked else _("Nobody belongs to it now.")
        return Read(None, asked, trouble=trouble)
    try:
        words = mailings.preview(mailing, client, now=now)
    except Refusal as refusal:
        return Read(client, asked, trouble=str(refusal))
    return Read(client, asked, words.subject, words.plain)
