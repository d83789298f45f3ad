"""Visits: what was sold, what paid for it, why, and the refund."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, ReadOnlyAdmin, actor, go_to, is_owner, own_locations
from clients.refusals import Invalid
from clients.registration import search
from loyalty.admin.currency import present_currency
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.checkout import Ask, Back, Reach, refund, refundable_since
from loyalty.models import Visit
from loyalty.models.checks import Method
from loyalty.receipts import receipt_of
from loyalty.rulebook import rulebook

NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
REFUND, REFUND_RECENT = "loyalty.refund_visit", "loyalty.refund_recent_visit"


def reach_of(user: Any) -> Reach:
    """How old the checks may be that this person refunds."""
    rights = {"may_refund": user.has_perm(REFUND), "may_recent": user.has_perm(REFUND_RECENT)}
    return refundable_since(rulebook().house, timezone.now(), is_owner=is_owner(user), **rights)


class RefundForm(Confirm):
    """All that is left of the visit, or so many units of each line."""

    reason = forms.CharField(
        label=gettext_lazy("Why does it come back?"), max_length=250, widget=UnfoldAdminTextInputWidget()
    )
    # One form, one refund: it travels with the form, so that a second press counts once.
    key = forms.CharField(widget=forms.HiddenInput(), max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = secrets.token_hex(8)
        self.units: dict[str, int] = {}
        for line in self._lines():
            name = f"line_{line.number}"
            left = line.quantity - line.refunded
            self.units[name] = line.number
            self.fields[name] = forms.IntegerField(
                label=_("%(name)s, units") % {"name": line.name},
                min_value=0,
                max_value=left,
                initial=left,
                widget=UnfoldAdminIntegerFieldWidget(),
            )
        self.order_fields(["_form_submitted", *self.units, "reason", "key"])

    def _lines(self) -> list[Any]:
        """The lines of a visit that this person may see, with something left."""
        rows = Visit.objects.filter(pk=self.object_id) if str(self.object_id).isdecimal() else Visit.objects.none()
        own = own_locations(self.request.user)
        visit = (rows if own is None else rows.filter(location__in=own)).first()
        if visit is None:
            return []
        return [line for line in receipt_of(visit, present_currency()).lines if line.refunded < line.quantity]

    def carry_out(self) -> None:
        chosen = {number: self.cleaned_data[name] or 0 for name, number in self.units.items()}
        if not any(chosen.values()):
            raise Invalid(_("Nothing is left to refund, or nothing was chosen."))
        everything = all(self.cleaned_data[name] == self.fields[name].initial for name in self.units)
        self.done = refund(
            visit_id=int(str(self.object_id)),
            lines=None if everything else [Back(number, units) for number, units in chosen.items() if units],
            reason=self.cleaned_data["reason"],
            key=f"refund:{self.object_id}:admin:{self.cleaned_data['key']}",
            by=actor(self.request),
            now=timezone.now(),
            reach=reach_of(self.request.user),
        )


@admin.register(Visit)
class VisitAdmin(MoneyAdmin, ReadOnlyAdmin):
    """The list of checks, and each check with its explanation."""

    list_display = ("number_shown", "at", "client", "location", "state", "bonuses", column(Visit, "to_pay"))
    list_display_links = ("number_shown", "at")
    list_filter = ("location",)
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Number, phone, name or card")
    ordering = ("-id",)
    list_select_related = ("client", "location")
    location_path = "location"
    actions_detail = ("refund_visit",)
    change_form_template = "admin/visit.html"
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visit]:
        rows: QuerySet[Visit] = super().get_queryset(request)
        whole = Count("refunds", filter=Q(refunds__is_whole=True), distinct=True)
        return rows.annotate(refund_count=Count("refunds", distinct=True), whole_refunds=whole)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By number, or by whoever the desk's box would find."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(client__in=list(search(term).values_list("pk", flat=True)))
        return queryset.filter(found | Q(pk=int(term)) if NUMBER.fullmatch(term) else found), False

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Who works at one location is not offered the others."""
        return () if own_locations(request.user) is not None else self.list_filter

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        visit = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if visit is not None:
            context |= {"receipt": receipt_of(visit, present_currency()), "methods": dict(Method.choices)}
            context["ask"] = self._whom_to_ask(request, visit)
            context["title"] = str(visit)
        return super().changeform_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """What came back wholly cannot come back again, and what is too old is for somebody else to refund."""
        visit = self.get_object(request, str(object_id))
        if visit is None or visit.whole_refunds or self._whom_to_ask(request, visit) is not None:
            return []
        return super().get_actions_detail(request, object_id)

    def _whom_to_ask(self, request: HttpRequest, visit: Any) -> Ask | None:
        """Who refunds a check that is too old for somebody who may refund younger ones."""
        is_asked = self.has_refund_permission(request) and not visit.whole_refunds
        return reach_of(request.user).asks(visit.at) if is_asked else None

    @action(
        description=gettext_lazy("Refund"),
        permissions=["refund"],
        dialog={
            "title": gettext_lazy("Refund this visit"),
            "description": gettext_lazy(
                "Money, bonuses, gift cards and sessions go back to where they came from; "
                "what the visit earned is taken back."
            ),
            "form_class": RefundForm,
            "form_submit_text": gettext_lazy("Refund"),
        },
    )
    def refund_visit(self, request: HttpRequest, form: RefundForm, object_id: str) -> HttpResponse:
        visit = self.seen(request, object_id)
        money = present_currency().text(form.done.money)
        messages.success(request, _("Refunded. Money back: %(money)s.") % {"money": money})
        return go_to(request, reverse("admin:loyalty_visit_change", args=[visit.pk]))

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return any(self.may(request, right, object_id) for right in (REFUND, REFUND_RECENT))

    @display(description=gettext_lazy("visit"), ordering="id")
    def number_shown(self, visit: Visit) -> str:
        return visit.number

    @display(description=gettext_lazy("bonuses paid"), ordering="bonus_total")
    def bonuses(self, visit: Visit) -> str:
        return column(Visit, "bonus_total")(visit) if visit.bonus_total else ""

    @display(
        description=gettext_lazy("state"),
        label={"refunded": "danger", "partly": "warning"},
    )
    def state(self, visit: Any) -> tuple[str, str] | str:
        if visit.whole_refunds:
            return "refunded", _("refunded")
        return ("partly", _("partly refunded")) if visit.refund_count else ""
