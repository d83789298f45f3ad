"""The ledger, as it stands: nobody writes it here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from clients.admin_base import ReadOnlyAdmin, own_locations
from clients.registration import search
from loyalty.admin.currency import shown, shown_percent
from loyalty.explanations import show_day
from loyalty.models import Account, Entry, Lot
from loyalty.models.ledger import is_any_number
from loyalty.money import Money

COUNTED = frozenset({Account.Unit.SESSION, Account.Unit.STAMP})


def in_unit(value: int | None, unit: str) -> str:
    """An amount of an account: money and bonuses in the currency, sessions and stamps counted."""
    if unit == Account.Unit.SESSION and value is not None and is_any_number(value):
        return str(_("any number"))
    return str(value) if unit in COUNTED and value is not None else shown(value)


def person(by: str) -> str:
    """Who did it, as people call them: "staff:vera" → "vera"."""
    kind, _colon, name = by.partition(":")
    return str({"task": _("by itself"), "client": _("the client")}.get(kind, name or by))


def signed(value: Money, unit: str) -> str:
    """ "+12.50", "−3.00": entries say in which direction."""
    if not value:  # only the last day moved
        return in_unit(0, unit)
    sign = "+" if value > 0 else "\N{MINUS SIGN}"
    return f"{sign}{in_unit(abs(int(value)), unit)}"


def of_people(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Rows of an operation, or of whoever the desk's box would find."""
    term = term.strip()
    if not term:
        return rows
    people = list(search(term).values_list("pk", flat=True))
    return rows.filter(Q(operation=term) | Q(account__client__in=people))


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Every movement, newest first. A manager of one location sees those of its visits, and those of none."""

    list_display = ("at", "who", "kind", "why", "done_by", "moved")
    list_display_links = ("at",)
    list_filter = ("kind", "account__unit")
    search_fields = ("operation",)
    search_help_text = _("Operation, phone, name or card")
    ordering = ("-id",)
    list_select_related = ("account__client", "lot", "visit")
    fields = ("at", "who", "kind", "moved", "left", "ends", "source", "visit", "refund", "done_by", "note", "operation")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        rows: QuerySet[Entry] = super().get_queryset(request)
        own = own_locations(request.user)
        return rows if own is None else rows.filter(Q(visit=None) | Q(visit__location__in=own))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return of_people(queryset, search_term), False

    @display(description=_("client"))
    def who(self, entry: Entry) -> str:
        return str(entry.account.client or entry.account)

    @display(description=_("why"))
    def why(self, entry: Entry) -> str:
        return entry.note or entry.lot.name

    @display(description=_("by"))
    def done_by(self, entry: Entry) -> str:
        return person(entry.by)

    @display(description=_("amount"), ordering="amount")
    def moved(self, entry: Entry) -> str:
        return signed(entry.amount, entry.account.unit)

    @display(description=_("left of the lot"))
    def left(self, entry: Entry) -> str:
        return in_unit(entry.remaining, entry.account.unit)

    @display(description=_("last day of the lot"))
    def ends(self, entry: Entry) -> str:
        return show_day(entry.last_day) if entry.last_day else str(_("for ever"))

    @display(description=_("lot"))
    def source(self, entry: Entry) -> str:
        return f"{entry.lot.name} ({entry.lot_id})"


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    """What came in together. Reached from a client's page."""

    list_display = ("created_at", "who", "name", "first_day", "last_day", "came_in", "left")
    list_filter = ("account__unit", "is_debt")
    search_fields = ("operation",)
    ordering = ("-id",)
    list_select_related = ("account__client",)
    fields = ("created_at", "who", "name", "program", "came_in", "left", "first_day", "last_day", "part", "check_from")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return of_people(queryset, search_term), False

    @display(description=_("client"))
    def who(self, lot: Lot) -> str:
        return str(lot.account.client or lot.account)

    @display(description=_("came in"), ordering="amount")
    def came_in(self, lot: Lot) -> str:
        return in_unit(lot.amount, lot.account.unit)

    @display(description=_("left"), ordering="remaining")
    def left(self, lot: Lot) -> str:
        return in_unit(lot.remaining, lot.account.unit)

    # xgettext:no-python-format
    @display(description=_("pay at most, % of a check"))
    def part(self, lot: Lot) -> str:
        return shown_percent(lot.limit_percent)

    @display(description=_("for a check from"))
    def check_from(self, lot: Lot) -> str:
        return shown(lot.min_check)
