"""Unique codes on the page of their promo code: asked for, watched while they are made, exported once, handed out.

What writes is a dialog or a form of its own, and each calls the rule (`loyalty.promo_batches`). A code is shown in
full in two places only: in the file of the one export, and once to whoever hands it out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditlog.models import LogEntry
from babel.numbers import format_decimal
from celery import current_app
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, actor
from clients.models import Client
from loyalty import promo_batches
from loyalty.admin.choosing import ClientField
from loyalty.admin.records import person
from loyalty.models import CodeBatch, IssuedCode, PromoCode, PromoUse
from loyalty.promo_batches import Figures, masked

log = logging.getLogger(__name__)
LAST = 15


class MakeForm(Confirm):
    """How many codes, and how they begin."""

    count = forms.IntegerField(
        label=gettext_lazy("How many?"),
        min_value=1,
        max_value=promo_batches.MOST,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For example 500. At most 100000 at once."),
    )
    prefix = forms.CharField(
        label=gettext_lazy("They begin with"),
        required=False,
        max_length=10,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("For example SUMMER: SUMMERK7M2QX9HTW. Empty: nothing before the ten random symbols."),
    )

    def carry_out(self) -> None:
        self.batch = promo_batches.ask(
            promo=PromoCode.objects.get(pk=self.object_id),
            count=self.cleaned_data["count"],
            prefix=self.cleaned_data["prefix"],
            by=actor(self.request),
            now=timezone.now(),
        )
        wake_a_maker()


class HandOutForm(Confirm):
    """For whom; nobody is a code for whoever has it."""

    client = ClientField(
        label=gettext_lazy("For the client"),
        help_text=gettext_lazy("Phone or card: then nobody else can use it. Empty: for whoever has it."),
    )

    def carry_out(self) -> None:
        promo = PromoCode.objects.get(pk=self.object_id)
        client: Client | None = self.cleaned_data["client"]
        self.given = promo_batches.hand_out(promo=promo, client=client, by=actor(self.request), now=timezone.now())


def wake_a_maker() -> None:
    """Tell a worker. Without a broker the codes are made when one next looks (`loyalty.catch_up`)."""
    try:
        current_app.send_task("loyalty.make_promo_codes", retry=False)
    except (KombuError, OSError):
        log.warning("the broker is away; the codes wait for the next look")


# --- what stands on the page -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as the page shows it."""

    batch: CodeBatch
    figures: Figures

    @property
    def is_finished(self) -> bool:
        return self.batch.made >= self.batch.wanted

    @property
    def wanted(self) -> str:
        return counted(self.batch.wanted)

    @property
    def progress(self) -> str:
        """ "13,000 of 40,000"."""
        return used_text(self.batch.made, self.batch.wanted)

    @property
    def handed_out(self) -> str:
        return counted(self.figures.handed_out)

    @property
    def used(self) -> str:
        return counted(self.figures.used)

    @property
    def begins(self) -> str:
        return self.batch.prefix or "—"

    @property
    def by(self) -> str:
        return person(self.batch.by)

    @property
    def exported_by(self) -> str:
        return person(self.batch.exported_by)


@dataclass(frozen=True, slots=True)
class Given:
    """A code that was handed out by itself: to whom, when, by whom."""

    code: str
    client: Client | None
    at: datetime
    by: str
    used: int


@dataclass(frozen=True, slots=True)
class Codes:
    """Everything about the unique codes of a promo code."""

    batches: Sequence[BatchRow]
    given: Sequence[Given]

    @property
    def are_being_made(self) -> bool:
        return any(not row.is_finished for row in self.batches)

    @property
    def told(self) -> str:
        """ "700 codes are made, 502 handed out, 37 used."."""
        made = sum(row.batch.made for row in self.batches)
        facts = {
            "made": counted(made),
            "handed_out": counted(sum(row.figures.handed_out for row in self.batches)),
            "used": counted(sum(row.figures.used for row in self.batches)),
        }
        text = ngettext(
            "%(made)s code is made, %(handed_out)s handed out, %(used)s used.",
            "%(made)s codes are made, %(handed_out)s handed out, %(used)s used.",
            made,
        )
        return text % facts


def codes_of(promo: PromoCode) -> Codes:
    """In a number of queries that does not grow with the codes."""
    known = promo_batches.figures(promo)
    batches = list(promo.batches.order_by("-pk"))
    return Codes([BatchRow(batch, known.get(batch.pk, Figures())) for batch in batches], _given(promo))


def _given(promo: PromoCode) -> list[Given]:
    """The last codes that were handed out one by one, by the record of changes: it knows who did it."""
    kind = ContentType.objects.get_for_model(IssuedCode)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=promo.issued.values("pk"))
    last = list(entries.order_by("-timestamp", "-pk")[:LAST])
    codes = IssuedCode.objects.select_related("client").in_bulk([entry.object_id for entry in last])
    return [_one_given(codes[entry.object_id], entry) for entry in last if entry.object_id in codes]


def _one_given(code: IssuedCode, entry: LogEntry) -> Given:
    by = str((entry.additional_data or {}).get("by", ""))
    return Given(masked(code.code), code.client, entry.timestamp, person(by), code.used)


def last_uses(promo: PromoCode, own: Sequence[int] | None) -> list[PromoUse]:
    """The last checks on which it counted, newest first; only of these locations, where somebody is limited to some."""
    uses = promo.uses.select_related("visit__location", "client", "issued").order_by("-pk")
    return list((uses if own is None else uses.filter(visit__location__in=own))[:LAST])


def counted(count: int) -> str:
    """ "13,700", "13 700" in Russian."""
    return str(format_decimal(count, locale=get_language() or "en"))


def used_text(used: int, limit: int | None) -> str:
    """ "12 of 500", for a list."""
    if limit is None:
        return counted(used)
    return _("%(used)s of %(limit)s") % {"used": counted(used), "limit": counted(limit)}


def used_sentence(used: int, limit: int | None) -> str:
    """ "Used 12 of 500 times so far." """
    if limit is not None:
        return _("Used %(used)s of %(limit)s times so far.") % {"used": counted(used), "limit": counted(limit)}
    if not used:
        return _("Not used yet.")
    return ngettext("Used once so far.", "Used %(used)s times so far.", used) % {"used": counted(used)}
