"""The codes of a batch leave the house once, as a table or as cards to print; then nobody here knows them."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client as Browser

from clients.models import Staff
from giftcards import batches, export
from giftcards.codes import read_code
from giftcards.export import AlreadyExported
from giftcards.models import GiftCard, GiftCardBatch, GiftCardType
from tests import factories
from tests.conftest import Together
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def make(till: Till, kind: GiftCardType, count: int = 3) -> GiftCardBatch:
    return batches.make(kind=kind, amount=cents("50"), count=count, by=VERA, now=till.now)


def take(till: Till, batch: GiftCardBatch, *, as_pdf: bool = False) -> list[tuple[GiftCard, str]]:
    return export.export(batch=batch.pk, as_pdf=as_pdf, by=VERA, now=till.now)


def test_a_table_of_codes_and_a_record_of_who_took_it(till: Till, gift: GiftCardType) -> None:
    batch = make(till, gift)
    told = take(till, batch)
    rows = list(csv.reader(StringIO(export.as_table(told))))
    assert rows[0] == ["code", "qr", "type", "amount", "currency"]
    assert [row[2:] for row in rows[1:]] == [["gift", "50.00", "USD"]] * 3
    assert all(read_code(code) == qr for code, qr, *_rest in rows[1:])
    batch.refresh_from_db()
    assert (batch.exported_at, batch.exported_by) == (till.now, str(VERA))
    assert LogEntry.objects.get_for_object(batch).count() == 1
    assert not GiftCard.objects.exclude(sealed_code="").exists()


def test_they_are_told_once(till: Till, gift: GiftCardType) -> None:
    batch = make(till, gift)
    take(till, batch)
    with pytest.raises(AlreadyExported, match="exported by vera on 2 March 2026"):
        take(till, batch)


def test_a_pdf_has_a_page_for_each(till: Till, gift: GiftCardType) -> None:
    pdf = export.as_pages(take(till, make(till, gift), as_pdf=True), now=till.now)
    assert pdf.count(b"/Type /Page\n") == 3


def test_too_many_for_a_pdf_are_not_taken(till: Till, gift: GiftCardType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_PAGES", 2)
    batch = make(till, gift)
    with pytest.raises(Exception, match="at most 2 cards"):
        take(till, batch, as_pdf=True)
    assert len(take(till, batch)) == 3


def test_only_the_owner_takes_them(till: Till, gift: GiftCardType, anna: Staff) -> None:
    batch = make(till, gift)
    address = f"/admin/giftcards/giftcardbatch/{batch.pk}/codes/"
    mara: Staff = factories.StaffFactory(username="mara", role="manager")
    assert ask(mara, address).status_code == 403
    assert GiftCard.objects.exclude(sealed_code="").count() == 3
    file = ask(anna, address)
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in file["Cache-Control"]
    assert len(file.content.decode().splitlines()) == 4
    assert ask(anna, address).status_code == 302


def ask(staff: Staff, address: str) -> Any:
    browser = Browser()
    browser.force_login(staff)
    return browser.post(address, {"form": "csv"})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_do_not_both_get_them(till: Till, gift: GiftCardType, together: Together) -> None:
    batch = make(till, gift)
    answers = together(lambda: take(till, batch), lambda: take(till, batch))
    assert sorted(type(answer) is list for answer in answers) == [False, True]
    assert any(isinstance(answer, AlreadyExported) for answer in answers)
