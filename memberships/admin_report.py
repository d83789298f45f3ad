"""The report of memberships in the admin: how they stand, what is not earned yet, and where the money went."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from clients.admin_base import is_owner, own_locations, places
from clients.models import Location
from loyalty.admin.currency import present_currency
from loyalty.house import House
from loyalty.rulebook import rulebook
from memberships import report_lists
from memberships.report import NAMES, Figures, Sale, Span, by_plan_and_place, plan_names, sales_in
from memberships.report_lists import MOST, Standing, rows_of, standing

RIGHT = "memberships.view_membership"
COLUMNS = ("plan", "location", *NAMES)
LIST_COLUMNS = ("membership", "client", "plan", "last_day", "sessions_left", "not_earned")
"""Of the files; their words are for a program."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: days, a location, a list."""

    span: Span
    location: Location | None
    offered: Sequence[Location]
    show: str

    def query(self, **more: str) -> str:
        said = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat(), **more}
        if self.location is not None:
            said["location"] = str(self.location.pk)
        return urlencode(said)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table."""

    plan: str
    place: str
    figures: Figures


def asked(request: HttpRequest) -> Asked:
    """This month up to today, if the address does not say otherwise; only locations that the person may see."""
    today = timezone.localdate()
    last = _day(request.GET.get("to", "")) or today
    first = min(_day(request.GET.get("from", "")) or last.replace(day=1), last)
    own = own_locations(request.user)
    offered = list(places(request.user))
    location = next((one for one in offered if str(one.pk) == request.GET.get("location")), None)
    seen = None if own is None else frozenset(own)
    said = request.GET.get("show", "")
    return Asked(
        span=Span(first, last, seen if location is None else frozenset({location.pk})),
        location=location,
        offered=offered,
        show=said if said in report_lists.NAMES else "",
    )


def _day(text: str) -> date | None:
    """A day of this century; anything else is passed over, also what is so far off that no day follows it."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


@dataclass(frozen=True, slots=True)
class Found:
    """The report itself."""

    lines: Sequence[Line]
    whole: Figures
    standing: Standing

    @classmethod
    def of(cls, wanted: Asked, house: House) -> Found:
        sales = sales_in(wanted.span, house)
        return cls(*_table(sales, wanted.span), standing(sales, wanted.span, house))


def _table(sales: Sequence[Sale], span: Span) -> tuple[list[Line], Figures]:
    names, at = plan_names(), dict(Location.objects.values_list("pk", "name"))
    found = by_plan_and_place(sales, span)
    lines = [Line(names.get(plan, plan), at.get(place, ""), one) for (plan, place), one in found.items()]
    return lines, sum(found.values(), Figures())


class ReportPages:
    """Mixed into a page of the admin: the report, and its files for the owner."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            path("report/", wrap(self.report), name="memberships_report"),
            path("report.csv", wrap(self.report_file), name="memberships_report_file"),
            path("list.csv", wrap(self.list_file), name="memberships_report_list"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def report(self, request: HttpRequest) -> HttpResponseBase:
        """How memberships stand, and what they brought."""
        if (first := _may_look(self, request)) is not None:
            return first
        wanted = asked(request)
        found = Found.of(wanted, rulebook().house)
        lists = [
            (name, label, len(found.standing.lists[name]), wanted.query(show=name))
            for name, label in report_lists.NAMES.items()
        ]
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("Report of memberships"),
            "content_title": _("Report of memberships"),
            "model_admin": self,
            "asked": wanted,
            "query": wanted.query(),
            "found": found,
            "lists": lists,
            "shown": report_lists.NAMES.get(wanted.show),
            "rows": rows_of(wanted.show, found.standing) if wanted.show else [],
            "list_query": wanted.query(show=wanted.show),
            "most": MOST,
            "may_export": is_owner(request.user),
        }
        return TemplateResponse(request, "admin/membership_report.html", context)

    def report_file(self, request: HttpRequest) -> HttpResponseBase:
        """The table for a spreadsheet. For the owner only, as every export."""
        if (first := _may_export(self, request)) is not None:
            return first
        wanted = asked(request)
        text = present_currency().text
        lines, _whole = _table(sales_in(wanted.span, rulebook().house), wanted.span)
        rows = [[one.plan, one.place, *(text(getattr(one.figures, name)) for name in NAMES)] for one in lines]
        return _file("memberships", wanted.span, COLUMNS, rows)

    def list_file(self, request: HttpRequest) -> HttpResponseBase:
        """All memberships of a list."""
        if (first := _may_export(self, request)) is not None:
            return first
        wanted = asked(request)
        text = present_currency().text
        found = Found.of(wanted, rulebook().house)
        rows = [
            [
                *(str(one.id), str(one.client), one.plan, one.last_day.isoformat() if one.last_day else ""),
                *("" if one.is_endless else str(one.left), text(one.not_earned)),
            ]
            for one in rows_of(wanted.show, found.standing, most=None)
        ]
        return _file(f"memberships-{wanted.show}", wanted.span, LIST_COLUMNS, rows)


def _may_look(page: Any, request: HttpRequest) -> HttpResponseBase | None:
    """Raises `PermissionDenied`. Before there is a business, where to go instead."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    first: HttpResponseBase | None = page._first_a_business(request)
    return first


def _may_export(page: Any, request: HttpRequest) -> HttpResponseBase | None:
    first = _may_look(page, request)
    if not is_owner(request.user):
        raise PermissionDenied
    return first


def _file(name: str, span: Span, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> HttpResponse:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[_safe(cell) for cell in row] for row in rows])
    file = f"{name}-{span.first.isoformat()}-{span.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _safe(cell: str) -> str:
    """A name that a spreadsheet would take for a formula is marked as text; figures below zero stay figures."""
    return f"'{cell}" if cell[:1] in "=+@\t\r" or (cell[:1] == "-" and not cell[1:2].isdigit()) else cell


class ReportButton:
    """Mixed into the pages of plans and of memberships: the way to the report."""

    @action(description=gettext_lazy("Report"), url_path="to-report", permissions=["report"])
    def see_report(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:memberships_report"))

    def has_report_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm(RIGHT))
