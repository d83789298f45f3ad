"""Suspicious referrals: what was found of each pair, in words, and the three things that a person can decide.

Mixed into the page of pairs (`referrals.admin_people`): a list of its own, what was found above the page of a pair, and
the dialogs there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, actor, go_to
from clients.admin_changes import Change, changes_of
from clients.models import Client
from loyalty.admin.currency import shown
from loyalty.rulebook import rulebook
from referrals import evidence
from referrals.deciding import REASON_LENGTH, Decided, decide
from referrals.models import Referral
from referrals.tree import Friend, friends_of

RIGHT = "referrals.decide_referral"
ON_A_PAGE = 20
Decision = Referral.Decision
VERBS = {"approve": Decision.APPROVED, "hold": Decision.HELD, "cancel": Decision.CANCELLED}
LISTS = {
    "open": gettext_lazy("To decide"),
    "held": gettext_lazy("Held"),
    "approved": gettext_lazy("Approved"),
    "cancelled": gettext_lazy("Cancelled"),
}
"""What the list shows, by what its address says."""


def suspicious(rows: QuerySet[Referral]) -> QuerySet[Referral]:
    """Of these pairs, those of which something was found."""
    return rows.filter(flagged_at__isnull=False)


def to_decide() -> int:
    """How many wait for a person. By an index of those alone."""
    return suspicious(Referral.objects.filter(decision=Decision.NONE)).count()


# --- what is shown of a pair ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair with what was found, what came of it, and what can be decided."""

    friend: Friend
    found: Sequence[str]
    verbs: Sequence[tuple[str, str, str]]
    """(the name of the dialog, its address, its title)."""

    @property
    def referral(self) -> Referral:
        return self.friend.referral

    @property
    def decision(self) -> str:
        return str(self.referral.get_decision_display())


def pairs_of(referrals: Sequence[Referral], *, may_decide: bool) -> list[Pair]:
    """In a number of queries that does not grow with them."""
    house, now = rulebook().house, timezone.now()
    names = _names(one for referral in referrals for one in referral.evidence)
    return [
        Pair(
            friend,
            [evidence.told(one, names) for one in friend.referral.evidence],
            _verbs(friend.referral) if may_decide else (),
        )
        for friend in friends_of(referrals, house, now)
    ]


def _names(found: Iterable[evidence.Facts]) -> dict[int, str]:
    others = {client for one in found for client in evidence.speaks_of(one)}
    return {client.pk: str(client) for client in Client.objects.filter(pk__in=others)} if others else {}


def _verbs(referral: Referral) -> list[tuple[str, str, str]]:
    titles = {"approve": _("Approve"), "hold": _("Hold"), "cancel": _("Cancel the referral")}
    return [
        (name, reverse(f"admin:referrals_referral_{name}", args=[referral.pk]), titles[name])
        for name in VERBS
        if _is_possible(name, referral)
    ]


def _is_possible(verb: str, referral: Referral) -> bool:
    """Not what was decided already; and nothing is approved that nobody doubts."""
    is_doubted = referral.flagged_at is not None or referral.decision != Decision.NONE
    return referral.decision != VERBS[verb] and (verb != "approve" or is_doubted)


# --- deciding ---------------------------------------------------------------------------------------------------------


class DecideForm(Confirm):
    """Why, and then it is done."""

    decision: ClassVar[str]
    decided: Decided
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Staff read it; the clients do not."),
    )

    def carry_out(self) -> None:
        self.decided = decide(
            friend=int(self.object_id),
            decision=self.decision,
            reason=self.cleaned_data["reason"],
            by=actor(self.request),
            now=timezone.now(),
        )


class ApproveForm(DecideForm):
    decision = Decision.APPROVED


class HoldForm(DecideForm):
    decision = Decision.HELD


class CancelForm(DecideForm):
    decision = Decision.CANCELLED


class SuspicionPages:
    """Mixed into the page of pairs."""

    actions_detail: Sequence[str] = ("approve", "hold", "cancel")
    change_form_outer_before_template = "admin/referral_suspicion_before.html"

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        pair = self.get_object(request, str(object_id))  # type: ignore[attr-defined]
        possible = {f"referrals_referral_{verb}" for verb in VERBS if pair is not None and _is_possible(verb, pair)}
        actions = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return [one for one in actions if one.action_name in possible]

    @action(
        description=gettext_lazy("Approve"),
        permissions=["decide"],
        dialog={
            "title": gettext_lazy("Approve this referral?"),
            "description": gettext_lazy("It counts like any other. What was held is given now."),
            "form_class": ApproveForm,
            "form_submit_text": gettext_lazy("Approve"),
        },
    )
    def approve(self, request: HttpRequest, form: ApproveForm, object_id: str) -> HttpResponse:
        given = len(form.decided.given)
        text = ngettext(
            "Approved. %(count)d reward that was held is given.",
            "Approved. %(count)d rewards that were held are given.",
            given,
        )
        said = [text % {"count": given} if given else _("Approved. Nothing was held.")]
        if reached := len(form.decided.reached):
            text = ngettext("%(count)d milestone is reached.", "%(count)d milestones are reached.", reached)
            said.append(text % {"count": reached})
        messages.success(request, " ".join(said))
        return self._back(request, object_id)

    @action(
        description=gettext_lazy("Hold"),
        permissions=["decide"],
        dialog={
            "title": gettext_lazy("Hold the rewards of this referral?"),
            "description": gettext_lazy("What it brings from now on is set aside until you approve or cancel it."),
            "form_class": HoldForm,
            "form_submit_text": gettext_lazy("Hold"),
        },
    )
    def hold(self, request: HttpRequest, form: HoldForm, object_id: str) -> HttpResponse:
        messages.success(request, _("Held. What it brings from now on is set aside."))
        return self._back(request, object_id)

    @action(
        description=gettext_lazy("Cancel the referral"),
        permissions=["decide"],
        dialog={
            "title": gettext_lazy("Cancel this referral?"),
            "description": gettext_lazy(
                "It brings nothing more. What is left of the bonuses that it brought is taken back from both; what was "
                "used stays used, and nobody owes anything."
            ),
            "form_class": CancelForm,
            "form_submit_text": gettext_lazy("Cancel the referral"),
        },
    )
    def cancel(self, request: HttpRequest, form: CancelForm, object_id: str) -> HttpResponse:
        taken = shown(form.decided.taken_back)
        messages.success(request, _("Cancelled. Bonuses taken back: %(amount)s.") % {"amount": taken})
        return self._back(request, object_id)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.may(request, RIGHT, object_id))  # type: ignore[attr-defined]

    def _back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return go_to(request, reverse("admin:referrals_referral_change", args=[object_id]))

    # --- the pages ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suspicious_view)  # type: ignore[attr-defined]
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("suspicious/", view, name="referrals_referral_suspicious"), *urls]

    def suspicious_view(self, request: HttpRequest) -> HttpResponseBase:
        """The pairs of which something was found: those to decide, the oldest first; or those that were decided."""
        first: HttpResponseBase | None = self._may_look(request)  # type: ignore[attr-defined]
        if first is not None:
            return first
        chosen = request.GET.get("list", "open")
        chosen = chosen if chosen in LISTS else "open"
        decision = Decision.NONE if chosen == "open" else chosen
        rows = suspicious(self.get_queryset(request)).filter(decision=decision).order_by("flagged_at", "pk")  # type: ignore[attr-defined]
        page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("Suspicious referrals"),
            "content_title": _("Suspicious referrals"),
            "model_admin": self,
            "lists": LISTS.items(),
            "chosen": chosen,
            "page": page,
            "pairs": pairs_of(list(page), may_decide=request.user.has_perm(RIGHT)),
        }
        return TemplateResponse(request, "admin/referral_suspicion.html", context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        pair = self.get_object(request, object_id) if object_id else None  # type: ignore[attr-defined]
        if pair is not None and self.has_view_permission(request):  # type: ignore[attr-defined]
            context |= {"found": [*_told_of(pair)], "decided": decisions_of(pair)}
        return super().changeform_view(request, object_id, form_url, context)  # type: ignore[misc]

    @display(description=gettext_lazy("found"))
    def found_shown(self, referral: Referral) -> str:
        return ", ".join(evidence.kind(one) for one in referral.evidence) or "–"


def _told_of(referral: Referral) -> list[str]:
    names = _names(referral.evidence)
    return [evidence.told(one, names) for one in referral.evidence]


def decisions_of(referral: Referral) -> list[Change]:
    """What was decided, by whom and why, newest first."""
    return changes_of(referral, inlines=(), shown=lambda _field, text: text)
