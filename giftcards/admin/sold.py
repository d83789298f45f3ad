"""Cards that were sold, and what may be done with them: each verb is a dialog that calls the rule."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, OfficeAdmin, ReadOnlyAdmin, actor, go_to, own_locations
from giftcards import cards
from giftcards.admin.report import ReportButton, ReportPages
from giftcards.cards import CardState, Status
from giftcards.codes import show_code
from giftcards.merging import find_other, merge
from giftcards.models import GiftCard
from giftcards.replacing import replace
from giftcards.story import story_of
from giftcards.words import STATUS_NAMES
from loyalty.admin.currency import present_currency, shown
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.explanations import show_day

COLOURS: dict[str, str | None] = {
    **dict.fromkeys(map(str, Status)),
    "blocked": "danger",
    "void": "warning",
    "active": "success",
}


class ReasonForm(Confirm):
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=250, widget=UnfoldAdminTextInputWidget())

    def card(self) -> GiftCard:
        return GiftCard.objects.get(pk=self.object_id)


class BlockForm(ReasonForm):
    def carry_out(self) -> None:
        cards.block(self.card(), reason=self.cleaned_data["reason"], by=actor(self.request), now=timezone.now())


class UnblockForm(ReasonForm):
    def carry_out(self) -> None:
        cards.unblock(self.card(), reason=self.cleaned_data["reason"], by=actor(self.request))


class ReplaceForm(ReasonForm):
    def carry_out(self) -> None:
        reason = self.cleaned_data["reason"]
        self.replaced = replace(card=self.card(), reason=reason, by=actor(self.request), now=timezone.now())


class MergeForm(ReasonForm):
    other = forms.CharField(
        label=gettext_lazy("The other card"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Its code; of a card of the same buyer its last four characters are enough."),
    )
    field_order = ("other", "reason")

    def carry_out(self) -> None:
        card = self.card()
        other = find_other(card, self.cleaned_data["other"])
        reason = self.cleaned_data["reason"]
        merge(card=card, other=other, reason=reason, by=actor(self.request), now=timezone.now())


class BlockedFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(status, STATUS_NAMES[status]) for status in (Status.BLOCKED, Status.NEW, Status.VOID)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        where = {
            Status.BLOCKED: ~Q(blocked_at=None),
            Status.NEW: Q(batch__isnull=False, sold_on=None, voided_at=None),
            Status.VOID: ~Q(voided_at=None),
        }
        chosen = where.get(self.value())  # type: ignore[call-overload]  # a status is its text
        return queryset.filter(chosen) if chosen is not None else queryset


@admin.register(GiftCard)
class GiftCardAdmin(ReportPages, ReportButton, MoneyAdmin, ReadOnlyAdmin):
    """Cards that were sold. The code is known to nobody; the last four characters tell them apart."""

    list_display = ("name", "type", "buyer", "sold", "status", "ends", column(GiftCard, "amount"), "left")
    list_filter = ("type", BlockedFilter)
    search_fields = ("last_four",)
    search_help_text = gettext_lazy("Last four characters")
    ordering = ("-id",)
    list_select_related = ("type", "buyer", "replaces", "replaced_by", "merged_into")
    actions_list = ("see_report",)
    actions_detail = ("block", "unblock", "replace_card", "merge_card")
    location_path = "sold_on__visit__location"
    fields = (
        "name",
        "type",
        "buyer",
        "sold",
        "state",
        "ends",
        column(GiftCard, "amount"),
        "left",
        "block_reason",
        "went_to",
        "came_from",
        "history",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[GiftCard]:
        """For somebody who is limited to places: what was sold there, and what replaced it."""
        rows: QuerySet[GiftCard] = super(OfficeAdmin, self).get_queryset(request)
        own = own_locations(request.user)
        if own is None:
            return rows
        there = (Q(**{f"{way}{self.location_path}__in": own}) for way in ("", "replaces__", "replaces__replaces__"))
        return rows.filter(reduce(or_, there))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        return (queryset.filter(last_four=term[-4:]) if term else queryset), False

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if own_locations(request.user) is None else self.list_filter[1:]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        card = self.get_object(request, str(object_id))
        if card is None or card.voided_at is not None:
            return []
        is_new = card.batch_id is not None and card.sold_on_id is None
        verbs = {"block" if card.blocked_at is None else "unblock"} | (set() if is_new else {"replace_card"})
        verbs |= {"merge_card"} if card.blocked_at is None and not is_new else set()
        names = {f"giftcards_giftcard_{verb}" for verb in verbs}
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name in names]

    @action(
        description=gettext_lazy("Block"),
        permissions=["block"],
        dialog={
            "title": gettext_lazy("Block this gift card?"),
            "description": gettext_lazy("Nobody can pay with it until it is unblocked."),
            "form_class": BlockForm,
            "form_submit_text": gettext_lazy("Block"),
        },
    )
    def block(self, request: HttpRequest, form: BlockForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card is blocked."))
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[object_id]))

    @action(
        description=gettext_lazy("Unblock"),
        permissions=["block"],
        dialog={
            "title": gettext_lazy("Unblock this gift card?"),
            "description": gettext_lazy("It can pay again. Its last day has not moved."),
            "form_class": UnblockForm,
            "form_submit_text": gettext_lazy("Unblock"),
        },
    )
    def unblock(self, request: HttpRequest, form: UnblockForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The gift card can be used again."))
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[object_id]))

    @action(
        description=gettext_lazy("Replace"),
        permissions=["replace"],
        dialog={
            "title": gettext_lazy("Replace this lost gift card?"),
            "description": gettext_lazy(
                "Its money moves to a card with a new code, which is shown once. This one can never be used again."
            ),
            "form_class": ReplaceForm,
            "form_submit_text": gettext_lazy("Replace"),
        },
    )
    def replace_card(self, request: HttpRequest, form: ReplaceForm, object_id: str) -> HttpResponse:
        replaced = form.replaced
        text = _("The code of the new gift card is %(code)s. It is shown only now: write it down.")
        messages.success(request, text % {"code": show_code(replaced.code)})
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[replaced.card.pk]))

    @action(
        description=gettext_lazy("Put together"),
        permissions=["replace"],
        dialog={
            "title": gettext_lazy("Put another gift card together with this one?"),
            "description": gettext_lazy("All that is on the other moves here. The other can never be used again."),
            "form_class": MergeForm,
            "form_submit_text": gettext_lazy("Put together"),
        },
    )
    def merge_card(self, request: HttpRequest, form: MergeForm, object_id: str) -> HttpResponse:
        messages.success(request, _("Everything is on this gift card now."))
        return go_to(request, reverse("admin:giftcards_giftcard_change", args=[object_id]))

    def has_block_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "giftcards.block_giftcard", object_id)

    def has_replace_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "giftcards.replace_giftcard", object_id)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The states of the cards on the page, in one query."""
        page = super().get_changelist_instance(request)
        found = _states([card.pk for card in page.result_list])
        for card in page.result_list:
            card.known_state = found[card.pk]
        return page

    @display(description=gettext_lazy("card"), ordering="id")
    def name(self, card: GiftCard) -> str:
        return str(card)

    @display(description=pgettext_lazy("when", "sold"), ordering="created_at")
    def sold(self, card: GiftCard) -> str:
        is_new = card.batch_id is not None and card.sold_on_id is None
        return "–" if is_new else date_format(timezone.localtime(card.created_at), "DATETIME_FORMAT")

    @display(
        description=gettext_lazy("state"),
        label=COLOURS,
    )
    def status(self, card: GiftCard) -> tuple[str, str]:
        status = _state(card).status
        return (str(status), str(STATUS_NAMES[status]))

    @display(description=gettext_lazy("state"))
    def state(self, card: GiftCard) -> str:
        if card.void_reason:
            return str(card.get_void_reason_display())
        return str(STATUS_NAMES[_state(card).status])

    @display(description=gettext_lazy("last day"))
    def ends(self, card: GiftCard) -> str:
        state = _state(card)
        if state.status is Status.NEW:
            return "–"
        return show_day(state.last_day) if state.last_day else _("never ends")

    @display(description=gettext_lazy("left"))
    def left(self, card: GiftCard) -> str:
        return shown(_state(card).remaining)

    @display(description=gettext_lazy("its money went to"))
    def went_to(self, card: GiftCard) -> str:
        heir = card.merged_into or getattr(card, "replaced_by", None)
        return str(heir) if heir is not None else "–"

    @display(description=gettext_lazy("replaces"))
    def came_from(self, card: GiftCard) -> str:
        return str(card.replaces) if card.replaces is not None else "–"

    @display(description=gettext_lazy("history"))
    def history(self, card: GiftCard) -> str:
        """A line for each movement: what, how much, on which check, and why."""
        currency, lines = present_currency(), []
        for told in story_of(card):
            check = _("check %(number)s") % {"number": told.visit} if told.visit else ""
            facts = (show_day(timezone.localdate(told.at)), str(told.text), check, told.note)
            lines.append(f"{' · '.join(filter(None, facts))}: {currency.number(told.amount, get_language() or 'en')}")
        return "\n".join(lines) or "–"


def _states(ids: list[int]) -> dict[int, CardState]:
    found = cards.states(GiftCard.objects.filter(pk__in=ids), timezone.localdate())
    return {card.id: card for _hash, card in found}


def _state(card: GiftCard) -> CardState:
    """The state of a row, read once."""
    known: CardState | None = getattr(card, "known_state", None)
    if known is None:
        known = _states([card.pk])[card.pk]
        card.known_state = known  # type: ignore[attr-defined]
    return known
