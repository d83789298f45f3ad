"""The dialogs that set a client's tier by hand, and that end it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty.admin.fields import FIRST_DAY, LAST_DAY
from loyalty.models import CashbackTier, TierStanding
from loyalty.tiers_by_hand import REASON_LENGTH, release, set_tier


class TierField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """The tiers of the programs that are on; with the program's name where there are several."""

    def label_from_instance(self, obj: CashbackTier) -> str:
        return f"{obj.name} · {obj.program.name}"


class TierForm(Confirm):
    """Which tier, until when, and why."""

    tier = TierField(
        label=gettext_lazy("Tier"),
        queryset=CashbackTier.objects.none(),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("The client has at least this tier, whatever they spend; a higher one can be earned."),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy(
            "The last day, to its end. Then the client goes to the tier that they have earned. Empty: for ever."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("For colleagues. For example: a friend of the house."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on = CashbackTier.objects.filter(enabled=True, program__enabled=True).select_related("program")
        self.fields["tier"].queryset = on.order_by("program__priority", "program__code", "from_spent")

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until is not None and not FIRST_DAY <= until <= LAST_DAY:
            raise forms.ValidationError(_("This day is too far away."))
        return until

    def carry_out(self) -> None:
        tier = self.cleaned_data["tier"]
        set_tier(
            client=Client.objects.get(pk=self.object_id),
            program=tier.program,
            tier=tier,
            reason=self.cleaned_data["reason"],
            until=self.cleaned_data["until"],
            by=actor(self.request),
            now=timezone.now(),
        )


class ReleaseForm(Confirm):
    """Ends every tier of the client that is set by hand."""

    def carry_out(self) -> None:
        client = Client.objects.get(pk=self.object_id)
        rows = TierStanding.objects.filter(client=client, by_hand=True).select_related("program")
        if not rows:
            raise Invalid(_("No tier of this client is set by hand."))
        for row in rows:
            release(client=client, program=row.program, by=actor(self.request), now=timezone.now())
