"""The codes of a batch leave the house once: as a table for the printer, or as cards to print.

That they left, by whom and when is written in the transaction that wipes them, so two who ask at once do not both get
them, and afterwards nobody here knows a code. A card that was sold before the export is not among them: its code was
told to its buyer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Business
from clients.refusals import Invalid, Refusal
from giftcards.codes import show_code
from giftcards.models import GiftCard, GiftCardBatch
from giftcards.pdf import pdf_of
from giftcards.printing import papers_of
from giftcards.sealing import unseal
from loyalty.explanations import show_day
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction

MOST_PAGES = 200
"""A PDF of more would keep whoever waits for it too long: a printer takes the table."""


class AlreadyExported(Refusal):
    """The codes of a batch are told once."""


@in_one_transaction
def export(*, batch: int, as_pdf: bool, by: Actor, now: datetime) -> list[tuple[GiftCard, str]]:
    """The cards that were not sold yet, each with its code. Raises `AlreadyExported`, `Invalid`, `CodeIsLost`."""
    row = GiftCardBatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch)
    if row.exported_at is not None:
        facts = {"by": row.exported_by.rpartition(":")[2], "day": show_day(rulebook().house.day(row.exported_at))}
        raise AlreadyExported(_("These codes were exported by %(by)s on %(day)s. They are told once only.") % facts)
    sealed = GiftCard.objects.filter(batch=row, sold_on=None, voided_at=None).exclude(sealed_code="")
    if as_pdf and sealed.count() > MOST_PAGES:
        message = _("A PDF has at most %(limit)d cards. Take the table, and let a printer make the cards.")
        raise Invalid(message % {"limit": MOST_PAGES}, field="form")
    told = [(card, unseal(card.sealed_code)) for card in sealed.select_related("type").order_by("pk")]
    sealed.update(sealed_code="")
    row.exported_at, row.exported_by = now, str(by)
    row.save(update_fields=["exported_at", "exported_by"])
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(row),
        object_pk=str(row.pk),
        object_id=row.pk,
        object_repr=str(row),
        action=LogEntry.Action.UPDATE,
        changes={"exported_at": ["None", str(now.replace(microsecond=0, tzinfo=None))]},
        timestamp=now,
        additional_data={"by": str(by)},
    )
    return told


def as_table(told: Iterable[tuple[GiftCard, str]]) -> str:
    """A CSV that a printer or a spreadsheet reads: the code in groups, the code for a QR, type and amount."""
    currency = rulebook().house.currency
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(("code", "qr", "type", "amount", "currency"))
    for card, code in told:
        rows.writerow((show_code(code), code, card.type.code, currency.text(card.amount), currency.code))
    return text.getvalue()


def as_pages(told: Iterable[tuple[GiftCard, str]], *, now: datetime) -> bytes:
    """A PDF with a page of A6 for each card."""
    house = rulebook().house
    return pdf_of(papers_of(told, house=house, business=Business.objects.get(), today=house.day(now)))
