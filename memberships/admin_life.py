"""What may be done to a sold membership in the admin, each with a dialog, and the calculation of its refund."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from clients.admin_base import Confirm, actor, go_to
from clients.models import Client
from clients.refusals import Invalid, NotFound
from clients.registration import search
from loyalty.admin.records import person
from loyalty.explanations import show_day
from loyalty.house import load_house
from memberships import calculation, extending, freezing, no_shows, story, transferring
from memberships.changes import REASON_LENGTH
from memberships.models import Membership

ACTIONS = ("freeze", "unfreeze", "extend", "pass_on", "miss")


class _Life(Confirm):
    """A dialog about one membership. Pressed twice it is done once."""

    key = forms.CharField(widget=forms.HiddenInput(), max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = secrets.token_urlsafe(24)

    def said(self) -> dict[str, Any]:
        return {
            "membership": int(self.object_id),
            "by": actor(self.request),
            "now": timezone.now(),
            "key": f"admin:membership:{self.cleaned_data['key']}",
        }


def _reason(**more: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Why?"), max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget(), **more
    )


def _days() -> forms.IntegerField:
    return forms.IntegerField(
        label=gettext_lazy("Days"),
        min_value=1,
        max_value=10_000,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For example 14. The end moves by so many days."),
    )


class FreezeForm(_Life):
    """From when, for how long."""

    from_day = forms.DateField(
        label=gettext_lazy("From"),
        widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy("Tomorrow at the earliest. The first visit ends the freeze."),
    )
    days = _days()
    reason = _reason(required=False)

    def carry_out(self) -> None:
        said = {name: self.cleaned_data[name] for name in ("from_day", "days", "reason")}
        try:
            freezing.freeze(**self.said(), **said)
        except Invalid as refusal:
            refusal.field = "from_day" if refusal.field == "from" else refusal.field
            raise


class UnfreezeForm(_Life):
    """Ends it."""

    def carry_out(self) -> None:
        freezing.unfreeze(**self.said())


class ExtendForm(_Life):
    """By how many days, and why."""

    days = _days()
    reason = _reason()

    def carry_out(self) -> None:
        extending.extend(**self.said(), days=self.cleaned_data["days"], reason=self.cleaned_data["reason"])


class PassOnForm(_Life):
    """To whom, how much, and why."""

    who = forms.CharField(
        label=gettext_lazy("To whom"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Phone, card or name of another client."),
    )
    sessions = forms.IntegerField(
        label=gettext_lazy("Sessions"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("Empty: all of it."),
    )
    reason = _reason()

    def carry_out(self) -> None:
        said = {name: self.cleaned_data[name] for name in ("sessions", "reason")}
        transferring.transfer(**self.said(), **said, client=self._client())

    def _client(self) -> Client:
        found = list(search(self.cleaned_data["who"])[:2])
        if len(found) != 1:
            text = _("Several clients are meant.") if found else _("No such client is found.")
            raise NotFound(text, field="who")
        return found[0]


class MissForm(_Life):
    """What happened."""

    service = forms.CharField(
        label=gettext_lazy("Service"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Its code. Needed where each service has its own count."),
    )
    reason = _reason()

    def carry_out(self) -> None:
        no_shows.count(**self.said(), reason=self.cleaned_data["reason"], service=self.cleaned_data["service"])


def _dialog(title: Any, description: Any, form: type[_Life], button: Any) -> dict[str, Any]:
    return {"title": title, "description": description, "form_class": form, "form_submit_text": button}


class LifeActions:
    """Mixed into the page of memberships."""

    def _done(self, request: HttpRequest, object_id: str, text: str) -> HttpResponse:
        messages.success(request, text)
        return go_to(request, reverse("admin:memberships_membership_change", args=[object_id]))

    @action(
        description=gettext_lazy("Freeze"),
        permissions=["freeze"],
        dialog=_dialog(
            gettext_lazy("Freeze this membership?"),
            gettext_lazy("It cannot be used for some days, and ends so much later."),
            FreezeForm,
            gettext_lazy("Freeze"),
        ),
    )
    def freeze(self, request: HttpRequest, form: FreezeForm, object_id: str) -> HttpResponse:
        return self._done(request, object_id, _("The membership is frozen."))

    @action(
        description=gettext_lazy("End the freeze"),
        permissions=["freeze"],
        dialog=_dialog(
            gettext_lazy("End the freeze?"),
            gettext_lazy("The end moves back by the days on which it did not rest."),
            UnfreezeForm,
            gettext_lazy("End the freeze"),
        ),
    )
    def unfreeze(self, request: HttpRequest, form: UnfreezeForm, object_id: str) -> HttpResponse:
        return self._done(request, object_id, _("The freeze is ended."))

    @action(
        description=gettext_lazy("Extend"),
        permissions=["extend"],
        dialog=_dialog(
            gettext_lazy("Extend this membership?"),
            gettext_lazy("It ends so many days later. The client reads why."),
            ExtendForm,
            gettext_lazy("Extend"),
        ),
    )
    def extend(self, request: HttpRequest, form: ExtendForm, object_id: str) -> HttpResponse:
        return self._done(request, object_id, _("The membership ends later."))

    @action(
        description=gettext_lazy("Pass on"),
        permissions=["pass_on"],
        dialog=_dialog(
            gettext_lazy("Pass this membership on?"),
            gettext_lazy("Another client gets it, or some of its sessions, with what was paid for them."),
            PassOnForm,
            gettext_lazy("Pass on"),
        ),
    )
    def pass_on(self, request: HttpRequest, form: PassOnForm, object_id: str) -> HttpResponse:
        return self._done(request, object_id, _("The membership is passed on."))

    @action(
        description=gettext_lazy("Missed appointment"),
        permissions=["miss"],
        dialog=_dialog(
            gettext_lazy("Take a session for a missed appointment?"),
            gettext_lazy("It can be given back at the desk."),
            MissForm,
            gettext_lazy("Take a session"),
        ),
    )
    def miss(self, request: HttpRequest, form: MissForm, object_id: str) -> HttpResponse:
        return self._done(request, object_id, _("A session is taken."))

    def has_freeze_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.may(request, "memberships.freeze_membership", object_id))  # type: ignore[attr-defined]

    def has_extend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.may(request, "memberships.extend_membership", object_id))  # type: ignore[attr-defined]

    def has_pass_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.may(request, "memberships.transfer_membership", object_id))  # type: ignore[attr-defined]

    def has_miss_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(self.may(request, "memberships.count_no_show", object_id))  # type: ignore[attr-defined]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """What can be done to it as it is now."""
        actions = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        row = self.get_object(request, str(object_id))  # type: ignore[attr-defined]
        if row is None:
            return []
        if row.voided_at is not None:
            return [one for one in actions if not one.action_name.endswith(ACTIONS)]
        today = load_house().day(timezone.now())
        is_frozen = any(rest.until > today for rest in freezing.rests_of(row))
        hidden = () if is_frozen else ("unfreeze",)
        return [one for one in actions if not one.action_name.endswith(hidden)]

    # --- the calculation ---

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.calculation_view)  # type: ignore[attr-defined]
        own = [path("<path:object_id>/calculation/", view, name="memberships_membership_calculation")]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def calculation_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What would come back of it, to be printed."""
        seen = self.seen(request, object_id)  # type: ignore[attr-defined]
        row = Membership.objects.select_related("plan", "client", "sold_on").get(pk=seen.pk)
        house, now = load_house(), timezone.now()
        shown = {
            "membership": row,
            "sheet": calculation.calculation(row, house, now=now),
            "currency": house.currency,
            "zone": house.zone,
            "now": now,
            "house": house,
        }
        return render(request, "admin/membership_calculation.html", shown)

    @display(description=gettext_lazy("what was done"))
    def story(self, row: Membership) -> str:
        """Each change in a line, newest first."""
        house = load_house()
        lines = [
            (f"{show_day(house.day(told.change.at))} · {person(told.change.by)}", told.text, told.change.reason)
            for told in story.changes_of(row, house)
        ]
        return format_html_join("", "<p>{}: {} {}</p>", lines) or "—"

    @display(description=gettext_lazy("refund"))
    def paper(self, row: Membership) -> str:
        """The way to the calculation."""
        address = reverse("admin:memberships_membership_calculation", args=[row.pk])
        return format_html('<a href="{}">{}</a>', address, _("What would come back, to be printed"))
