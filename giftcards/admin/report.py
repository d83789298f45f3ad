"""The report of gift cards in the admin: what became of what was sold, month by month."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from dateutil.relativedelta import relativedelta
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import action

from clients.admin_base import is_owner, own_locations, places
from clients.models import Location
from giftcards import report
from giftcards.models import GiftCardType
from giftcards.report import NAMES, Figures, together
from loyalty.admin.currency import present_currency
from loyalty.rulebook import rulebook

RIGHT = "giftcards.view_giftcard"
MONTHS = 12
FARTHEST = 600


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, and what may be chosen."""

    said: report.Asked
    location: Location | None
    places: Sequence[Location]
    types: Sequence[GiftCardType]

    @property
    def query(self) -> str:
        told = {"from": f"{self.said.first:%Y-%m}", "to": f"{self.said.last:%Y-%m}"}
        told |= {"location": str(self.location.pk)} if self.location is not None else {}
        return urlencode(told | ({"type": self.said.type.code} if self.said.type is not None else {}))


def asked(request: HttpRequest) -> Asked:
    """Whole months: this one and the eleven before, if the address does not say; only locations they may see."""
    this = timezone.localdate().replace(day=1)
    last = _month(request.GET.get("to", ""), this)
    first = min(_month(request.GET.get("from", ""), last - relativedelta(months=MONTHS - 1)), last)
    offered, types = list(places(request.user)), list(GiftCardType.objects.order_by("name"))
    location = next((one for one in offered if str(one.pk) == request.GET.get("location")), None)
    kind = next((one for one in types if one.code == request.GET.get("type")), None)
    seen = own_locations(request.user) if location is None else [location.pk]
    return Asked(report.Asked(first, last, kind, seen), location, offered, types)


def _month(text: str, default: date) -> date:
    """ "2026-05" → its first day, within fifty years."""
    year, _dash, month = text.partition("-")
    if not (text.isascii() and year.isdigit() and month.isdigit() and len(year) == 4 and 1 <= int(month[:2]) <= 12):
        return default
    found = date(max(int(year), 1), int(month[:2]), 1)
    return found if abs((found.year - default.year) * 12) <= FARTHEST else default


class ReportPages:
    """Mixed into the list of sold cards: the report, and its file for the owner."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            path("report/", wrap(self.report), name="giftcards_report"),
            path("report.csv", wrap(self.report_file), name="giftcards_report_file"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def report(self, request: HttpRequest) -> HttpResponseBase:
        """What became of the cards of each month."""
        if (first := _may_look(self, request)) is not None:
            return first
        wanted = asked(request)
        house = rulebook().house
        found = report.report(wanted.said, house, house.day(timezone.now()))
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("Report of gift cards"),
            "content_title": _("Report of gift cards"),
            "model_admin": self,
            "asked": wanted,
            "rows": [(_named(month), figures) for month, figures in found],
            "whole": together(figures for _month, figures in found),
            "show_moved": any(figures.moved for _month, figures in found),
            "may_export": is_owner(request.user),
        }
        return TemplateResponse(request, "admin/gift_card_report.html", context)

    def report_file(self, request: HttpRequest) -> HttpResponseBase:
        """The table for a spreadsheet. For the owner only, as every export."""
        if (first := _may_look(self, request)) is not None:
            return first
        if not is_owner(request.user):
            raise PermissionDenied
        wanted = asked(request)
        house = rulebook().house
        text = StringIO()
        rows = csv.writer(text)
        rows.writerow(("month", *NAMES))
        found = report.report(wanted.said, house, house.day(timezone.now()))
        rows.writerows((f"{month:%Y-%m}", *_cells(figures)) for month, figures in found)
        name = f"gift-cards-{wanted.said.first:%Y-%m}-{wanted.said.last:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


class ReportButton:
    """Mixed into pages of gift cards: the way to the report."""

    @action(description=gettext_lazy("Report"), url_path="to-report", permissions=["report"])
    def see_report(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:giftcards_report"))

    def has_report_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm(RIGHT))


def _may_look(page: Any, request: HttpRequest) -> HttpResponseBase | None:
    """Raises `PermissionDenied`. Before there is a business, where to go instead."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    first: HttpResponseBase | None = page._first_a_business(request)
    return first


def _named(month: date) -> str:
    """ "May 2026"."""
    return str(format_date(month, "LLLL y", locale=get_language() or "en"))


def _cells(figures: Figures) -> list[str]:
    text = present_currency().text
    return [str(figures.cards), *(text(getattr(figures, name)) for name in NAMES[1:])]
