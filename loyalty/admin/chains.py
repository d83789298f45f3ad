"""Chains: what is done for a client step by step, and where people are on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.admin import StackedInline
from unfold.decorators import action, display

from clients.admin_base import ReadOnlyAdmin, go_to
from clients.models import LetterTemplate
from clients.registration import search
from loyalty.admin import sentences_chains
from loyalty.admin.chain_forms import ChainForm, StepForm, StepFormSet, StopForm
from loyalty.admin.code_batches import counted
from loyalty.admin.currency import once, present_currency
from loyalty.admin.pages import MoneyInline, ProgramAdmin, Rows
from loyalty.chains.steps import BY_HAND, ERASED, SAID_STOP, SKIPPED, SPENT, VISITED
from loyalty.models import Chain, ChainRun, ChainStep

State = ChainRun.State
REASONS = {
    VISITED: gettext_lazy("the client has been here"),
    SPENT: gettext_lazy("the bonuses were spent"),
    SAID_STOP: gettext_lazy("a step said so"),
    ERASED: gettext_lazy("the client has asked to be forgotten"),
}
DONE = {
    ChainStep.Action.LETTER: gettext_lazy("a letter was written"),
    ChainStep.Action.BONUS: gettext_lazy("bonuses were given"),
    ChainStep.Action.WAIT: gettext_lazy("nothing was to be done"),
    ChainStep.Action.STOP: gettext_lazy("it stopped"),
    SKIPPED: gettext_lazy("passed over"),
}


def show_reason(reason: str) -> str:
    """Why a way stopped: "the client has been here", "by hand: anna"."""
    word, _colon, who = reason.partition(":")
    if word == BY_HAND:
        return _("by hand: %(name)s") % {"name": who}
    return str(REASONS.get(word, reason))


class StepInline(MoneyInline, StackedInline):  # type: ignore[misc]  # unfold has no types
    """One below the other, in the order in which they come."""

    model = ChainStep
    form = StepForm
    formset = StepFormSet
    template = StackedInline.template
    verbose_name_plural = pgettext_lazy("of a chain", "Steps")
    fields = (
        "number",
        ("after_days", "after_hours"),
        ("condition", "segment"),
        "action",
        ("template", "channel"),
        "program",
        ("then", "otherwise"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChainStep]:
        rows: QuerySet[ChainStep] = super().get_queryset(request).filter(enabled=True).order_by("number")
        return rows.select_related("segment", "template", "program")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Django refuses to take away what others point to; ours is switched off, so nothing stands in its way."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.hand_clean_DELETE = lambda _form: None
        return formset

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What it names has a page of its own: no little pencils beside a choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_add_related"):
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = field.widget.can_delete_related = False
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "template":
            kwargs["queryset"] = LetterTemplate.objects.filter(enabled=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@dataclass(frozen=True, slots=True)
class Place:
    """A step, or an end, and how many clients are there."""

    name: str
    count: str
    link: str


@admin.register(Chain)
class ChainAdmin(ProgramAdmin):
    form = ChainForm
    inlines = (StepInline,)
    radio_fields = {"begins": admin.VERTICAL}
    change_form_outer_before_template = "admin/chain_before.html"
    list_display = ("name", "does", "on_the_way", "is_on")
    list_display_links = ("name",)
    list_select_related = ("segment",)
    ordering = ("name", "code")
    fieldsets = (
        (None, {"fields": ("name", "enabled", "begins", "days", "min_amount", "segment")}),
        (gettext_lazy("When it has worked"), {"fields": ("stop_when_visited", "stop_when_spent")}),
        (gettext_lazy("For the setup document and the API"), {"fields": ("code",)}),
    )
    conditional_fields = {
        "days": "begins == 'lot_ends' || begins == 'absent' || begins == 'birthday' || begins == 'tier_falls'",
        "min_amount": "begins == 'lot_ends'",
        "stop_when_spent": "begins == 'lot_ends'",
    }

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chain]:
        rows: QuerySet[Chain] = super().get_queryset(request)
        return rows.prefetch_related("steps__template", "steps__program", "steps__segment")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))

    def rows(self, program: Chain) -> Rows:
        return {ChainStep: [step for step in program.steps.all() if step.enabled]}

    def sentences(self, program: Chain, rows: Rows) -> Sequence[str]:
        return sentences_chains.chain(program, rows[ChainStep], present_currency())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        chain = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if chain is not None and request.method == "GET":
            context["places"] = places_of(chain, [step for step in chain.steps.all() if step.enabled])
        return super().changeform_view(request, object_id, form_url, context)

    @display(description=gettext_lazy("what it does"))
    def does(self, chain: Chain) -> str:
        return self.sentences(chain, self.rows(chain))[0]

    @display(description=gettext_lazy("on the way"))
    def on_the_way(self, chain: Chain) -> str:
        return counted(once("on the way", _on_the_way).get(chain.pk, 0))

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, chain: Chain) -> bool:
        return chain.enabled


def _on_the_way() -> dict[int, int]:
    """Chain → how many are on the way."""
    return dict(ChainRun.objects.filter(state=State.WAITING).order_by().values_list("chain").annotate(Count("pk")))


def places_of(chain: Chain, steps: Sequence[ChainStep]) -> list[Place]:
    """How many wait for which step, came to the end, or stopped and why. One query."""
    runs = ChainRun.objects.filter(chain=chain).order_by()
    by_step, by_end = Counter[int](), Counter[tuple[str, str]]()
    for state, step, reason, count in runs.values_list("state", "step", "reason").annotate(Count("pk")):
        if state == State.WAITING:
            by_step[step] += count
        else:
            by_end[state, reason.partition(":")[0]] += count
    if not by_step and not by_end:
        return []
    people = f"{reverse('admin:loyalty_chainrun_changelist')}?chain__id__exact={chain.pk}"
    called = {step.number: sentences_chains.told(step) for step in steps}
    waiting = [
        Place(
            called.get(number) or _("Step %(number)d, which was taken away") % {"number": number},
            counted(by_step[number]),
            f"{people}&state__exact={State.WAITING}&step={number}",
        )
        for number in sorted({*called, *by_step})
    ]
    ended = [
        Place(_end(state, reason), counted(count), f"{people}&state__exact={state}")
        for (state, reason), count in sorted(by_end.items())
    ]
    return [*waiting, *ended]


def _end(state: str, reason: str) -> str:
    if state == State.DONE:
        return _("Came to the end")
    said = _("by hand") if reason == BY_HAND else show_reason(reason)
    return _("Stopped: %(reason)s") % {"reason": said}


class StepFilter(admin.SimpleListFilter):
    """Which step they wait for."""

    title = gettext_lazy("next step")
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        numbers = ChainStep.objects.filter(enabled=True).order_by("number").values_list("number", flat=True)
        return [(str(number), str(number)) for number in dict.fromkeys(numbers)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ChainRun]) -> QuerySet[ChainRun]:
        value = self.value()
        return queryset.filter(step=int(value)) if value and value.isdecimal() and len(value) < 6 else queryset


@admin.register(ChainRun)
class ChainRunAdmin(ReadOnlyAdmin):
    """People on the way through chains: where each is, when it goes on, what has happened."""

    list_display = ("client", "chain", "where", "goes_on", "begun_at")
    list_display_links = ("client",)
    list_filter = ("state", "chain", StepFilter)
    list_select_related = ("client", "chain")
    search_fields = ("operation",)
    search_help_text = gettext_lazy("Phone, name or card")
    ordering = ("-id",)
    actions_detail = ("stop",)
    fields = ("client", "chain", "where", "goes_on", "begun_at", "ended_at")
    change_form_outer_before_template = "admin/chain_run_before.html"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        people = list(search(term).values_list("pk", flat=True)) if term else []
        return (queryset.filter(client__in=people) if term else queryset), False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == StepFilter.parameter_name or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("where"))
    def where(self, run: ChainRun) -> str:
        if run.state == State.WAITING:
            return _("waits for step %(number)d") % {"number": run.step}
        return _end(run.state, run.reason)

    @display(description=gettext_lazy("goes on"), ordering="next_at")
    def goes_on(self, run: ChainRun) -> str:
        if run.state != State.WAITING:
            return ""
        return date_format(timezone.localtime(run.next_at), "DATETIME_FORMAT")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        run = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if run is not None:
            context["happened"] = [(event.at, event.step, DONE.get(event.did, event.did)) for event in run.events.all()]
            context["stopped_by"] = show_reason(run.reason) if run.reason else ""
        return super().changeform_view(request, object_id, form_url, context)

    @action(
        description=gettext_lazy("Stop"),
        permissions=["stop"],
        dialog={
            "title": gettext_lazy("Stop this client's way"),
            "description": gettext_lazy("Nothing more of this chain is done for them on this occasion."),
            "form_class": StopForm,
            "form_submit_text": gettext_lazy("Stop"),
        },
    )
    def stop(self, request: HttpRequest, form: StopForm, object_id: str) -> HttpResponse:
        return go_to(request, reverse("admin:loyalty_chainrun_change", args=[object_id]))

    def has_stop_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self.may(request, "loyalty.change_chain", object_id):
            return False
        row = None if object_id is None else self.get_object(request, str(object_id))
        return row is None or row.state == State.WAITING
