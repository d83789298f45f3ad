"""Who brought whom, in the admin: the pairs, the leaderboard, and what referrals brought and cost."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any

from babel.numbers import format_decimal
from dateutil.relativedelta import relativedelta
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import action, display

from clients.admin_base import LONGEST_ID, ReadOnlyAdmin, is_owner, own_locations, places
from clients.models import Client, Location
from clients.registration import search
from loyalty.admin.currency import present_currency, shown
from loyalty.admin.pages import MoneyAdmin
from loyalty.admin.records import person
from loyalty.rulebook import rulebook
from referrals import words
from referrals.admin_suspicion import SuspicionPages, to_decide
from referrals.admin_tree import tree_of
from referrals.leaderboard import By, leaderboard
from referrals.models import Referral
from referrals.report import AMOUNTS, COUNTS, Figures, Span, report, together
from referrals.tree import Friend, friends_of, pairs_seen

MONTHS = 12
MOST_MONTHS = 60
MOST_ID = 10**LONGEST_ID
ORDERS = {
    By.CAME: gettext_lazy("friends who came"),
    By.JOINED: gettext_lazy("friends who joined"),
    By.PAID: gettext_lazy("what friends paid"),
    By.EARNED: gettext_lazy("what it earned"),
}
COLUMNS = (
    *("month", "joined", "came", "came_again", "return_percent", "paid", "bonuses", "gift_cards", "memberships"),
    *("discounts", "cost", "cost_percent"),
)
"""Of the file; its words are for a program."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a page asks: days, and one location of those that this person sees (None: all of them)."""

    span: Span
    location: Location | None
    offered: Sequence[Location]

    @property
    def query(self) -> str:
        place = f"&location={self.location.pk}" if self.location else ""
        return f"from={self.span.first.isoformat()}&to={self.span.last.isoformat()}{place}"


def asked(request: HttpRequest, first: date, last: date) -> Asked:
    """The days of the address, or these; nonsense is passed over."""
    said = [_day(request.GET.get(name, "")) for name in ("from", "to")]
    first, last = said[0] or first, said[1] or last
    if first > last:
        first, last = last, first
    first = max(first, last.replace(day=1) - relativedelta(months=MOST_MONTHS - 1))
    offered = list(places(request.user))
    location = next((place for place in offered if str(place.pk) == request.GET.get("location", "")), None)
    own = own_locations(request.user)
    seen = own if location is None else [location.pk]
    return Asked(Span(first, last, rulebook().house, seen), location, offered)


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


def percent_text(share: Fraction | None) -> str:
    """ "12.5 %", "—" for nothing to take a share of."""
    if share is None:
        return _("—")
    number = format_decimal(_decimal(share, 1), locale=get_language() or "en")
    return f"{number}\N{NO-BREAK SPACE}%"


def _decimal(share: Fraction, digits: int) -> Decimal:
    """Rounded to so many digits after the point."""
    return Decimal(round(share * 10**digits)).scaleb(-digits)


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of the report as the page shows it."""

    name: str
    figures: Figures

    @property
    def returned(self) -> str:
        return percent_text(self.figures.return_share)

    @property
    def cost_share(self) -> str:
        return percent_text(self.figures.cost_share)


@admin.register(Referral)
class ReferralRecordAdmin(SuspicionPages, MoneyAdmin, ReadOnlyAdmin):
    """Every pair, newest first; what became of it is on its page."""

    list_display = ("friend", "referrer", "named_at", "by_whom", "found_shown", "state")
    list_display_links = ("friend",)
    list_filter = ("decision",)
    search_fields = ("friend",)
    search_help_text = gettext_lazy("Phone, name or card, of either")
    ordering = ("-pk",)
    list_select_related = ("friend", "referrer")
    actions_list = ("leaderboard_page", "report_page")
    fields = (
        *("friend", "referrer", "named_at", "by_whom", "state", "joined", "first_visit", "paid", "earned", "pending"),
        "story",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        """A manager sees the friends who joined at their locations or have been there, and those of no location."""
        rows: QuerySet[Referral] = super().get_queryset(request)
        own = own_locations(request.user)
        return rows if own is None else rows.filter(pk__in=pairs_seen(own).values("pk"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        people = list(search(search_term).values_list("pk", flat=True))
        return queryset.filter(Q(friend__in=people) | Q(referrer__in=people)), False

    # --- the page of one pair ---

    def what_came(self, referral: Referral) -> Friend:
        kept = referral.__dict__
        if "what_came" not in kept:
            kept["what_came"] = friends_of([referral], rulebook().house, timezone.now())[0]
        came: Friend = kept["what_came"]
        return came

    @display(description=gettext_lazy("named by"))
    def by_whom(self, referral: Referral) -> str:
        return person(referral.by)

    @display(description=gettext_lazy("decision"), ordering="decision")
    def state(self, referral: Referral) -> str:
        is_open = referral.decision == Referral.Decision.NONE
        return "–" if is_open and not referral.evidence else referral.get_decision_display()

    @display(description=gettext_lazy("joined"))
    def joined(self, referral: Referral) -> Any:
        return self.what_came(referral).client.created_at

    @display(description=gettext_lazy("first visit"))
    def first_visit(self, referral: Referral) -> Any:
        return self.what_came(referral).first_visit_at

    @display(description=gettext_lazy("friend paid"))
    def paid(self, referral: Referral) -> str:
        return shown(self.what_came(referral).paid)

    @display(description=gettext_lazy("referrer earned"))
    def earned(self, referral: Referral) -> str:
        return shown(self.what_came(referral).earned)

    @display(description=gettext_lazy("pending"))
    def pending(self, referral: Referral) -> str:
        return shown(self.what_came(referral).pending)

    @display(description=gettext_lazy("what became of it"))
    def story(self, referral: Referral) -> str:
        came = self.what_came(referral)
        return "\n".join(words.for_staff(came, rulebook().house, words.plans_of(came.rewards)))

    # --- the leaderboard and the report ---

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("leaderboard/", wrap(self.leaderboard), name="referrals_referral_leaderboard"),
            path("report/", wrap(self.report), name="referrals_referral_report"),
            path("of/<int:client>/", wrap(self.tree), name="referrals_referral_tree"),
            path("report.csv", wrap(self.report_file), name="referrals_referral_report_file"),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Leaderboard"), url_path="to-leaderboard")
    def leaderboard_page(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_leaderboard"))

    @action(description=gettext_lazy("What referrals brought and cost"), url_path="to-report")
    def report_page(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_report"))

    def _page(self, request: HttpRequest, template: str, title: str, shown: dict[str, Any]) -> HttpResponseBase:
        titles = {"title": title, "content_title": title, "model_admin": self}
        context = {**self.admin_site.each_context(request), **titles, **shown}
        return TemplateResponse(request, template, context)

    def tree(self, request: HttpRequest, client: int) -> HttpResponseBase:
        """All friends of one client, a page at a time; from each, theirs."""
        first = self._may_look(request)
        if first is not None:
            return first
        if not request.user.has_perm("clients.view_client"):
            raise PermissionDenied
        row = get_object_or_404(Client, pk=client) if client < MOST_ID else None
        if row is None:
            raise Http404
        said = request.GET.get("after", "")
        after = int(said) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_ID else 0
        context = {"tree": tree_of(row, request.user, timezone.now(), after=after), "client": row, "is_later": after}
        return self._page(request, "admin/referral_tree.html", _("Friends of %(name)s") % {"name": row}, context)

    def leaderboard(self, request: HttpRequest) -> HttpResponseBase:
        first = self._may_look(request)
        if first is not None:
            return first
        today = timezone.localdate()
        wanted = asked(request, today.replace(day=1), today)
        by = By(said) if (said := request.GET.get("by", "")) in set(By) else By.CAME
        return self._page(
            request,
            "admin/referral_leaderboard.html",
            _("Who brought most"),
            {"board": leaderboard(wanted.span, by), "asked": wanted, "by": by, "orders": ORDERS.items()},
        )

    def report(self, request: HttpRequest) -> HttpResponseBase:
        first = self._may_look(request)
        if first is not None:
            return first
        wanted = self._months(request)
        found = report(wanted.span, rulebook())
        rows = [MonthRow(date_format(month, "F Y"), figures) for month, figures in _begun(found)]
        whole = MonthRow(_("All together"), together(figures for _month, figures in found))
        context = {"rows": rows, "whole": whole, "asked": wanted, "may_export": is_owner(request.user)}
        return self._page(request, "admin/referral_report.html", _("What referrals brought and cost"), context)

    def report_file(self, request: HttpRequest) -> HttpResponseBase:
        """The report for a spreadsheet. For the owner only, as every export."""
        first = self._may_look(request)
        if first is not None:
            return first
        if not is_owner(request.user):
            raise PermissionDenied
        wanted = self._months(request)
        text = StringIO()
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        rows.writerows(_row(month, figures) for month, figures in report(wanted.span, rulebook()))
        name = f"referrals-{wanted.span.first:%Y-%m}-{wanted.span.last:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)

    def _may_look(self, request: HttpRequest) -> HttpResponseBase | None:
        """Raises `PermissionDenied`. Before there is a business, where to go instead."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._first_a_business(request)

    def _months(self, request: HttpRequest) -> Asked:
        """Whole months: this one and the eleven before, if the address does not say."""
        today = timezone.localdate()
        wanted = asked(request, today.replace(day=1) - relativedelta(months=MONTHS - 1), today)
        first = wanted.span.first.replace(day=1)
        last = wanted.span.last.replace(day=1) + relativedelta(months=1) - timedelta(days=1)
        return Asked(Span(first, last, wanted.span.house, wanted.span.places), wanted.location, wanted.offered)


def _row(month: date, figures: Figures) -> list[str]:
    currency = present_currency()
    said = {name: currency.text(getattr(figures, name)) for name in (*AMOUNTS, "cost")}
    said |= {name: str(getattr(figures, name)) for name in COUNTS}
    shares = {"return_percent": figures.return_share, "cost_percent": figures.cost_share}
    said |= {name: "" if share is None else str(_decimal(share, 2)) for name, share in shares.items()}
    return [{**said, "month": f"{month:%Y-%m}"}[name] for name in COLUMNS]


def _begun(found: Sequence[tuple[date, Figures]]) -> Sequence[tuple[date, Figures]]:
    """Without the months before anything happened. The last month comes first."""
    begun = [at for at, (_month, figures) in enumerate(found) if figures != Figures()]
    return found[: max(begun, default=0) + 1]


class ReferralPages:
    """Mixed into the program's page: buttons to the pairs, the leaderboard and the report."""

    actions_detail: Sequence[str] = ("see_pairs", "see_suspicious", "see_leaderboard", "see_report")

    @action(description=gettext_lazy("Who brought whom"), permissions=["see"])
    def see_pairs(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_changelist"))

    @action(description=gettext_lazy("Suspicious"), permissions=["see"])
    def see_suspicious(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_suspicious"))

    @action(description=gettext_lazy("Leaderboard"), permissions=["see"])
    def see_leaderboard(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_leaderboard"))

    @action(description=gettext_lazy("What they brought and cost"), permissions=["see"])
    def see_report(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:referrals_referral_report"))

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """How many wait for a decision stands on the button."""
        actions = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        for one in actions:
            if one.path == "see_suspicious" and (count := to_decide()):
                one.description = _("Suspicious: %(count)d") % {"count": count}
        return actions

    def has_see_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("referrals.view_referral"))
