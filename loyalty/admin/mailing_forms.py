"""The forms of a mailing: what goes to whom, and the dialogs that start, stop and try it."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import KombuError

from clients.admin_base import Confirm, actor
from clients.letters.wording import speaks
from clients.models import LetterTemplate
from loyalty import mailings
from loyalty.admin.letter_forms import TryLetter
from loyalty.models import Mailing

log = logging.getLogger(__name__)


class MailingForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = Mailing
        fields = ("name", "template", "segment", "channel", "begins_at")
        help_texts = {
            "name": gettext_lazy("For yourself, for example: Spring, regulars. Clients do not see it."),
            "segment": gettext_lazy("Empty: everybody."),
            "begins_at": gettext_lazy("Empty: as soon as it is started. Quiet hours are kept in any case."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            self.fields["segment"].empty_label = _("everybody")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        template: LetterTemplate | None = cleaned.get("template")
        if template is not None and cleaned.get("channel") and not speaks(template, cleaned["channel"]):
            self.add_error("template", _("This letter has no text for this channel."))
        return cleaned


def wake() -> None:
    """Tell a worker. Without a broker the letters are written when one next looks (`loyalty.catch_up`)."""

    def send() -> None:
        try:
            current_app.send_task("loyalty.write_mailings", retry=False)
        except (KombuError, OSError):
            log.warning("the broker is away; the letters wait for the next look")

    transaction.on_commit(send)


class StartForm(Confirm):
    """Says once more to how many it goes."""

    form_before_template = "admin/mailing_start.html"

    def get_before_template_context(self, request: Any, object_id: Any = None) -> dict[str, Any]:
        mailing, now = Mailing.objects.select_related("template", "segment").get(pk=object_id), timezone.now()
        return {
            "form": self,
            "mailing": mailing,
            "count": mailings.recipients(mailing, now=now).count(),
            "reachable": mailings.reachable(mailing, now=now),
        }

    def carry_out(self) -> None:
        mailings.start(int(str(self.object_id)), by=actor(self.request), now=timezone.now())
        wake()


class PauseForm(Confirm):
    def carry_out(self) -> None:
        mailings.pause(int(str(self.object_id)), by=actor(self.request), now=timezone.now())
        wake()


class GoOnForm(Confirm):
    def carry_out(self) -> None:
        mailings.go_on(int(str(self.object_id)), by=actor(self.request), now=timezone.now())
        wake()


class CancelForm(Confirm):
    def carry_out(self) -> None:
        mailings.cancel(int(str(self.object_id)), by=actor(self.request), now=timezone.now())
        wake()


class TryMailing(TryLetter):
    """Send its letter to an address, with the figures of a client."""

    def carry_out(self) -> None:
        template = Mailing.objects.values_list("template", flat=True).get(pk=self.object_id)
        self.object_id: Any = template
        super().carry_out()
