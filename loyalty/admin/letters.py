"""Letters: what they say, when they go, the ways out, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from clients.admin_base import OfficeAdmin, ReadOnlyAdmin, SoleAdmin, go_to
from clients.letters.previewing import preview
from clients.letters.reasons import show_reason
from clients.models import LANGUAGES, Client, Gateway, LetterRules, LetterTemplate, Message
from clients.refusals import Refusal
from clients.registration import search
from loyalty.admin.currency import business
from loyalty.admin.letter_forms import GatewayForm, LetterForm, RulesForm, TryGateway, TryLetter, client_like
from loyalty.admin.pages import MoneyAdmin, ProgramAdmin, Rows
from loyalty.admin.sentences import quoted
from loyalty.portal.stationery import paragraphs


@admin.register(LetterTemplate)
class LetterAdmin(MoneyAdmin):
    """A letter in both languages, with what a real client would read above it."""

    form = LetterForm
    list_display = ("name", "topic", "value", "languages", "is_on")
    list_display_links = ("name",)
    list_filter = ("topic", "enabled")
    ordering = ("name", "code")
    actions_detail = ("try_it",)
    change_form_outer_before_template = "admin/letter_preview.html"
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        (gettext_lazy("What it is about"), {"fields": ("topic", "value")}),
        (gettext_lazy("In English"), {"fields": ("subject_en", "body_en", "short_en")}),
        (gettext_lazy("In Russian"), {"fields": ("subject_ru", "body_ru", "short_ru")}),
        (gettext_lazy("For the setup document and the API"), {"fields": ("code",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        if business() is not None and request.method == "GET":
            row = self.get_object(request, object_id) if object_id else None
            label = f"admin:{self.opts.app_label}_{self.opts.model_name}_preview"
            context["letter_preview"] = {
                "address": reverse(label, args=[row.pk]) if row else reverse(f"{label}_of_new"),
                "html": shown_letter(row, client_like("")) if row else "",
            }
        return super().changeform_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        label = f"{self.opts.app_label}_{self.opts.model_name}_preview"
        view = self.admin_site.admin_view(self.preview)
        return [
            path("preview/", view, name=f"{label}_of_new"),
            path("<int:object_id>/preview/", view, name=label),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, object_id: int | None = None) -> HttpResponseBase:
        """What a client would read of a form that is being filled in; it writes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = None if object_id is None else self.seen(request, str(object_id))
        if not (self.has_change_permission(request, row) if row else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        client = client_like(request.POST.get("preview_client", "")[:80])
        if not form.is_valid() or business() is None:
            return JsonResponse({"html": ""})
        return JsonResponse({"html": shown_letter(form.instance, client)})

    @action(
        description=gettext_lazy("Send a test"),
        permissions=["try"],
        dialog={
            "title": gettext_lazy("Send this letter to an address to try"),
            "description": gettext_lazy("It goes as it was last saved. Its links open nobody's page."),
            "form_class": TryLetter,
            "form_submit_text": gettext_lazy("Send"),
        },
    )
    def try_it(self, request: HttpRequest, form: TryLetter, object_id: str) -> HttpResponse:
        messages.success(request, _("Sent to %(address)s.") % {"address": form.cleaned_data["to"]})
        return go_to(request, reverse("admin:clients_lettertemplate_change", args=[object_id]))

    def has_try_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "clients.change_lettertemplate", object_id)

    @display(description=gettext_lazy("languages"))
    def languages(self, letter: LetterTemplate) -> str:
        there = [
            str(name) for code, name in LANGUAGES if getattr(letter, f"body_{code}") or getattr(letter, f"short_{code}")
        ]
        return ", ".join(there)

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, letter: LetterTemplate) -> bool:
        return letter.enabled


def shown_letter(letter: LetterTemplate, client: Client | None) -> str:
    """The letter in its languages, with this client's figures, as a piece of the page."""
    known = business()
    assert known is not None
    stand_in = client or Client(pk=0, first_name=_("Boris"))
    try:
        found = preview(letter, stand_in, business=known, now=timezone.now())
    except Refusal as refusal:
        return render_to_string("admin/letter_shown.html", {"problem": str(refusal)})
    names = dict(LANGUAGES)
    letters = [{"said": one, "language": names[one.language], "paragraphs": paragraphs(one.text)} for one in found]
    return render_to_string("admin/letter_shown.html", {"letters": letters, "client": stand_in})


@admin.register(LetterRules)
class LetterRulesAdmin(SoleAdmin, ProgramAdmin):
    """When and how often clients are written to."""

    form = RulesForm
    fieldsets = (
        (gettext_lazy("When"), {"fields": ("quiet_from", "quiet_to")}),
        (gettext_lazy("How often"), {"fields": ("weekly_cap",)}),
        (gettext_lazy("What ends is told"), {"fields": ("ending_days", "ending", "falling_days", "falling")}),
        (gettext_lazy("Who brings friends is thanked"), {"fields": ("rewarded",)}),
        (gettext_lazy("From whom"), {"fields": ("sender_name", "reply_to")}),
    )

    def sentences(self, program: LetterRules, rows: Rows) -> Sequence[str]:
        return [_hours(program), _often(program), *_told(program), *_thanked(program)]


def _hours(rules: LetterRules) -> str:
    if rules.quiet_from == rules.quiet_to:
        return _("Letters go out at any hour.")
    hours = {"from": time_format(rules.quiet_to, "H:i"), "to": time_format(rules.quiet_from, "H:i")}
    return _("Letters go out from %(from)s to %(to)s. What is due at another hour waits.") % hours


def _often(rules: LetterRules) -> str:
    if rules.weekly_cap is None:
        return _("A client gets every letter that is due.")
    text = ngettext(
        "A client gets at most %(count)d letter in seven days; of more that are due the most valuable goes.",
        "A client gets at most %(count)d letters in seven days; of more that are due the most valuable go.",
        rules.weekly_cap,
    )
    return text % {"count": rules.weekly_cap}


def _told(rules: LetterRules) -> list[str]:
    said = []
    if rules.ending is not None:
        text = ngettext(
            "%(days)d day before something ends, %(letter)s is sent.",
            "%(days)d days before something ends, %(letter)s is sent.",
            rules.ending_days,
        )
        said.append(text % {"days": rules.ending_days, "letter": quoted(rules.ending.name)})
    if rules.falling is not None:
        text = ngettext(
            "%(days)d day before a tier falls, %(letter)s is sent.",
            "%(days)d days before a tier falls, %(letter)s is sent.",
            rules.falling_days,
        )
        said.append(text % {"days": rules.falling_days, "letter": quoted(rules.falling.name)})
    return said or [_("Nobody is told of what ends: choose a letter for it.")]


def _thanked(rules: LetterRules) -> list[str]:
    if rules.rewarded is None:
        return []
    text = _("Whoever has got something for bringing friends is sent %(letter)s the day after.")
    return [text % {"letter": quoted(rules.rewarded.name)}]


@admin.register(Gateway)
class GatewayAdmin(OfficeAdmin):
    """The ways out for SMS and messengers."""

    form = GatewayForm
    list_display = ("name", "priority", "is_on")
    list_display_links = ("name",)
    ordering = ("priority", "name")
    fields: Sequence[str] = ("name", "url", "enabled", "priority")
    actions_detail = ("try_it",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """Whoever may only look does not see the address, not even as it is kept."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return self.fields if may else [name for name in self.fields if name != "url"]

    @action(
        description=gettext_lazy("Send a test"),
        permissions=["try"],
        dialog={
            "title": gettext_lazy("Send a word to a phone through this gateway"),
            "form_class": TryGateway,
            "form_submit_text": gettext_lazy("Send"),
        },
    )
    def try_it(self, request: HttpRequest, form: TryGateway, object_id: str) -> HttpResponse:
        messages.success(request, _("The gateway took it."))
        return go_to(request, reverse("admin:clients_gateway_change", args=[object_id]))

    def has_try_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "clients.change_gateway", object_id)

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, gateway: Gateway) -> bool:
        return gateway.enabled


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every letter, newest first: to whom, what it said, and what became of it."""

    list_display = ("created_at", "client", "what", "channel", "state", "why")
    list_display_links = ("created_at",)
    list_filter = ("state", "channel", "topic")
    search_fields = ("operation",)
    search_help_text = gettext_lazy("Phone, name, card or e-mail of the client")
    ordering = ("-id",)
    list_select_related = ("client", "template")
    fieldsets = (
        (None, {"fields": ("client", "template", "occasion", "channel", "topic", "value")}),
        (gettext_lazy("What it said"), {"fields": ("subject", "text")}),
        (
            gettext_lazy("What became of it"),
            {"fields": ("state", "why", "created_at", "due_at", "useless_at", "sent_at", "tries")},
        ),
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(client__in=list(search(search_term).values_list("pk", flat=True))), False

    @display(description=gettext_lazy("letter"))
    def what(self, letter: Message) -> str:
        return letter.subject or str(letter.template or letter.occasion)

    @display(description=gettext_lazy("why"))
    def why(self, letter: Message) -> str:
        return show_reason(letter.reason)
