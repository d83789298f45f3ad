"""Closures: a location is closed for some days. Looked at before it is done, undone with a dialog."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from kombu.exceptions import KombuError
from unfold.decorators import action, display

from clients.admin_base import ReadOnlyAdmin, actor, go_to, places
from clients.refusals import Refusal
from loyalty import closures
from loyalty.admin.closure_forms import UNITS, ClosureForm, SumRow, UndoForm, counted, told
from loyalty.admin.currency import business
from loyalty.admin.pages import MoneyAdmin
from loyalty.admin.records import in_unit, person
from loyalty.closures import Closing
from loyalty.explanations import show_day
from loyalty.house import load_house
from loyalty.models import Closure
from loyalty.models.ledger import summed

log = logging.getLogger(__name__)
AT_ONCE = 2
"""Batches that the page itself does; more are done in the background."""


@admin.register(Closure)
class ClosureAdmin(ReadOnlyAdmin, MoneyAdmin):
    list_display = ("location", "closed", "reason", "extended", "state")
    list_display_links = ("location",)
    list_select_related = ("location",)
    location_path = "location"
    ordering = ("-id",)
    actions_detail = ("undo",)
    change_form_template = "admin/closure.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Closure]:
        rows: QuerySet[Closure] = super().get_queryset(request)
        return rows.annotate(extended_count=Count("extensions"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.add_closure"))

    # --- closing ---

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """Fill in, look, confirm: one form. Whatever is changed after looking is looked at again."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        house = business()
        if house is None:
            return HttpResponseRedirect(reverse("admin:index"))
        open_places = places(request.user).filter(enabled=True)
        asked = request.GET.get("location", "")
        first = {"location": asked if asked.isdecimal() else "", "from_day": house.day(timezone.now())}
        form = ClosureForm(request.POST or None, places=open_places, initial=first)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, form, None)
        closing = form.closing(house, timezone.now())
        try:
            closures.refuse_senseless(closing, form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self._ask(request, form, None)
        if form.cleaned_data["seen"] == form.digest():
            return self._close(request, form, closing)
        seen = told(closures.preview(closing), str(form.cleaned_data["location"]))
        data = request.POST.copy()
        data["seen"] = form.digest()
        form.data = data
        return self._ask(request, form, seen)

    def _ask(self, request: HttpRequest, form: ClosureForm, seen: Any) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Close a location for some days"),
            "opts": self.opts,
            "form": form,
            "seen": seen,
        }
        return TemplateResponse(request, "admin/close_location.html", context)

    def _close(self, request: HttpRequest, form: ClosureForm, closing: Closing) -> HttpResponseBase:
        closure = closures.ask_to_close(
            closing=closing,
            reason=form.cleaned_data["reason"],
            key=f"admin:{form.cleaned_data['key']}",
            by=actor(request),
            now=closing.made_at,
        )
        go_on(closure)
        messages.success(request, _("It is closed. What clients hold lives longer."))
        return HttpResponseRedirect(self._page(closure.pk))

    # --- undoing ---

    @action(
        description=gettext_lazy("Undo"),
        permissions=["undo"],
        dialog={
            "title": gettext_lazy("Undo this closure"),
            "description": gettext_lazy(
                "Everything gets back the last day it had, today at the earliest. What was used or has ended meanwhile "
                "stays as it is, and other closures are kept. Clients see it in their history."
            ),
            "form_class": UndoForm,
            "form_submit_text": gettext_lazy("Undo"),
        },
    )
    def undo(self, request: HttpRequest, form: UndoForm, object_id: str) -> HttpResponse:
        go_on(form.closure)
        messages.success(request, _("The closure is undone."))
        return go_to(request, self._page(object_id))

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self.may(request, "loyalty.undo_closure", object_id):
            return False
        row = None if object_id is None else self.get_object(request, str(object_id))
        return row is None or row.undone_at is None

    def _page(self, pk: Any) -> str:
        return reverse("admin:loyalty_closure_change", args=[pk])

    # --- looking ---

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        closure = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if closure is not None and business() is not None:
            context |= {"closed": self.closed(closure), "rows": _rows(closure), "by": person(closure.by)}
            context |= {"undone_by": person(closure.undone_by), "is_finished": closures.is_finished(closure)}
        return super().changeform_view(request, object_id, form_url, context)

    @display(description=gettext_lazy("closed"), ordering="from_day")
    def closed(self, closure: Closure) -> str:
        """ "2 March 2026, 5 days"."""
        days = ngettext("%(days)d day", "%(days)d days", closure.days) % {"days": closure.days}
        return f"{show_day(closure.from_day)}, {days}"

    @display(description=gettext_lazy("extended"))
    def extended(self, closure: Any) -> str:
        return counted(closure.extended_count)

    @display(description=gettext_lazy("state"))
    def state(self, closure: Closure) -> str:
        return _("undone") if closure.undone_at else _("stands")


def _rows(closure: Closure) -> list[SumRow]:
    """What it extended, by unit, and the terms of tiers."""
    of_lots = closure.extensions.filter(lot__isnull=False).order_by().values_list("lot__account__unit")
    sums = of_lots.annotate(lots=Count("pk"), left=Sum("lot__remaining", filter=summed("lot__")))
    found = {unit: (count, left or 0) for unit, count, left in sums}
    rows = [
        SumRow(str(name), counted(found[unit][0]), "", in_unit(found[unit][1], unit))
        for unit, name in UNITS.items()
        if unit in found
    ]
    tiers = closure.extensions.filter(tier__isnull=False).count()
    return [*rows, SumRow(_("Terms of tiers"), counted(tiers), "", "")] if tiers else rows


def go_on(closure: Closure) -> None:
    """Do a few batches at once, so that a small house need not wait; a worker does the rest."""
    try:
        closures.go_on_with(closure, house=load_house(), now=timezone.now(), batches=AT_ONCE)
    except Refusal:
        log.warning("a till was busy; a worker goes on with closure %s", closure.pk)
    closure.refresh_from_db()
    if closures.is_finished(closure):
        return
    try:
        current_app.send_task("loyalty.finish_closures", retry=False)
    except (KombuError, OSError):
        log.warning("the broker is away; the closure waits for the next look")
