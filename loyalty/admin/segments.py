"""Segments: the rule of each in words, and who belongs to it now; of a list, who is on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from clients.admin_base import Confirm, actor, go_to
from clients.refusals import Refusal
from loyalty import lists
from loyalty.admin.code_batches import counted
from loyalty.admin.currency import present_currency
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.records import person
from loyalty.admin.segment_forms import ASKS, FURTHER, PasteForm, with_conditions
from loyalty.admin.sentences import listed, quoted
from loyalty.admin.sentences_segments import belonging, choices, told
from loyalty.mechanics import conditions
from loyalty.models import Segment, SegmentMember
from loyalty.rulebook import rulebook
from loyalty.segment_users import users_of
from loyalty.segments import crowd

ON_A_PAGE = 50
NOT_A_LIST = "typeof is_static === 'undefined' || !is_static"
DONE = gettext_lazy("What they have done")


class EmptyForm(Confirm):
    def carry_out(self) -> None:
        segment = Segment.objects.get(pk=self.object_id)
        self.taken = lists.empty(segment=segment, by=actor(self.request))


@admin.register(Segment)
class SegmentAdmin(ProgramAdmin):
    """One segment, one page."""

    change_form_outer_after_template = "admin/segment_after.html"
    list_display = ("name", "rule", "is_on")
    list_display_links = ("name",)
    ordering = ("name", "code")
    list_select_related = ("location",)
    actions_detail = ("put_on", "take_all_off")
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        (gettext_lazy("How often and for how much"), {"fields": ASKS[:5]}),
        (gettext_lazy("When they last came"), {"fields": ASKS[5:7]}),
        (DONE, {"fields": ASKS[7:9]}),
        (gettext_lazy("Who they are"), {"fields": ASKS[9:]}),
        (gettext_lazy("For the setup document and the API"), {"fields": ("code",)}),
    )

    class Media:
        css = {"all": ("regulars/rules.css",)}

    # --- the form ---

    @property
    def conditional_fields(self) -> dict[str, str]:
        """A list asks nothing."""
        return dict.fromkeys((*ASKS, *(FURTHER + key for key in conditions())), NOT_A_LIST)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not self._only_looks(request, obj):
            kwargs.setdefault("form", with_conditions())
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was decided when it was added, a rule or a list, is not asked again."""
        further = [_reading(key) if self._only_looks(request, obj) else FURTHER + key for key in conditions()]
        (first, names), *asks, code = super().get_fieldsets(request, obj)
        if obj is None:
            names = {"fields": (*names["fields"], "is_static")}
        elif obj.is_static:
            return [(first, names), code]
        return [
            (first, names),
            *((group, {"fields": (*said["fields"], *(further if group == DONE else ()))}) for group, said in asks),
            code,
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))
        return (*fields, *map(_reading, conditions())) if self._only_looks(request, obj) else fields

    # --- what it says ---

    def sentences(self, program: Segment, rows: Rows) -> Sequence[str]:
        said = told(program, present_currency())
        return said if program.is_static and not program.pk else [*said, belonging(crowd(program, now=timezone.now()))]

    def now(self, program: Segment) -> str:
        found = [quoted(user.name) for user in users_of(program)]
        if not found:
            return _("No program is for this segment yet.")
        return _("Programs for this segment: %(names)s.") % {"names": listed(found)}

    @display(description=gettext_lazy("who belongs"))
    def rule(self, segment: Segment) -> str:
        return " ".join(told(segment, present_currency()))

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, segment: Segment) -> bool:
        return segment.enabled

    # --- who is on a list ---

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        segment = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if segment is not None and segment.is_static and request.method == "GET":
            pages = Paginator(lists.listed(segment), ON_A_PAGE)
            context["on_list"] = page = pages.get_page(request.GET.get("page"))
            context["rows"] = [(row, person(row.by)) for row in page]
            context["count"] = counted(pages.count)
            context["may_list"] = self.has_list_permission(request, object_id)
        return super().changeform_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        segment = self.get_object(request, str(object_id))
        return super().get_actions_detail(request, object_id) if segment is not None and segment.is_static else []

    def has_list_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.change_segmentmember", object_id)

    @action(description=gettext_lazy("Put clients on it"), permissions=["list"])
    def put_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leads to the page where they are pasted; writes nothing."""
        return HttpResponseRedirect(reverse("admin:loyalty_segment_paste", args=[object_id]))

    @action(
        description=gettext_lazy("Take everybody off"),
        permissions=["list"],
        dialog={
            "title": gettext_lazy("Take everybody off the list"),
            "description": gettext_lazy("The list is empty then. It cannot be undone; the clients themselves stay."),
            "form_class": EmptyForm,
            "form_submit_text": gettext_lazy("Take everybody off"),
        },
    )
    def take_all_off(self, request: HttpRequest, form: EmptyForm, object_id: str) -> HttpResponse:
        text = ngettext("%(count)s client was taken off.", "%(count)s clients were taken off.", form.taken)
        messages.success(request, text % {"count": counted(form.taken)})
        return go_to(request, self._page(object_id))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:object_id>/paste/", view(self.paste_view), name="loyalty_segment_paste"),
            path("<int:object_id>/clients/<int:client>/", view(self.take_off_view), name="loyalty_segment_take_off"),
            *super().get_urls(),
        ]

    def paste_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Lines that are nobody's stand in the box again, so that nothing is lost and they can be mended."""
        segment = self._list(request, object_id)
        form, found, added = PasteForm(request.POST or None), None, 0
        if request.method == "POST" and form.is_valid():
            try:
                found = lists.find(form.cleaned_data["lines"], timezone=rulebook().house.zone.key)
                added = lists.put_on(segment=segment, clients=found.clients, by=actor(request), now=timezone.now())
                form = PasteForm(initial={"lines": "\n".join(line.text for line in found.missing)})
            except Refusal as refusal:
                form.add_error("lines", str(refusal))
        if found is not None and not found.missing:
            messages.success(request, self._told(added, len(found.clients)))
            return HttpResponseRedirect(self._page(object_id))
        context = self._context(request, segment, _("Put clients on the list “%(name)s”") % {"name": segment.name})
        context |= {"form": form, "found": found, "told": self._told(added, len(found.clients)) if found else ""}
        return TemplateResponse(request, "admin/paste_clients.html", context)

    def _told(self, added: int, meant: int) -> str:
        """ "12 clients were put on the list. 3 were on it already." """
        said = [ngettext("%(count)s client was put on the list.", "%(count)s clients were put on the list.", added)]
        facts = {"count": counted(added)}
        text = said[0] % facts
        if meant == added:
            return text
        more = ngettext("%(count)s was on it already.", "%(count)s were on it already.", meant - added)
        return f"{text} {more % {'count': counted(meant - added)}}"

    def take_off_view(self, request: HttpRequest, object_id: int, client: int) -> HttpResponse:
        """Asks; the answer to its form takes the client off."""
        segment = self._list(request, object_id)
        row = get_object_or_404(SegmentMember.objects.select_related("client"), segment=segment, client=client)
        if request.method == "POST":
            lists.take_off(segment=segment, clients=[client], by=actor(request))
            messages.success(request, _("%(name)s is not on the list any more.") % {"name": row.client})
            return HttpResponseRedirect(self._page(object_id))
        context = self._context(request, segment, _("Take %(name)s off the list") % {"name": row.client})
        return TemplateResponse(request, "admin/take_off.html", context | {"row": row, "by": person(row.by)})

    def _context(self, request: HttpRequest, segment: Segment, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "original": segment}

    def _list(self, request: HttpRequest, object_id: int) -> Segment:
        """Raises `Http404`, also for a segment with a rule, and `PermissionDenied`."""
        segment: Segment = self.seen(request, str(object_id))
        if not segment.is_static:
            raise Http404
        if not self.has_list_permission(request, object_id):
            raise PermissionDenied
        return segment

    def _page(self, object_id: Any) -> str:
        return reverse("admin:loyalty_segment_change", args=[object_id])


@cache
def _reading(key: str) -> Callable[[Segment], str]:
    """A mechanic's condition as those read it who may only look."""

    def read(segment: Segment) -> str:
        value = segment.further.get(key)
        return _("—") if value is None else str(choices(key).get(value, value))

    read.short_description = conditions()[key].label  # type: ignore[attr-defined]
    read.__name__ = f"{FURTHER}{key}_shown"
    return read
