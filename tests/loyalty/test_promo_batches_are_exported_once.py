"""A batch leaves as a file once; who tries again is told who had it, and when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from auditlog.models import LogEntry

from clients.actors import Actor
from clients.models import Business
from loyalty.models import CodeBatch, IssuedCode, PromoCode
from loyalty.promo_batches import AlreadyExported, StillBeingMade, ask, export, hand_out, make_unfinished
from tests.conftest import Together

ANNA = Actor.staff("anna")
MIKE = Actor.staff("mike")


@pytest.fixture
def winter(business: Business) -> PromoCode:
    promo: PromoCode = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    return promo


@pytest.fixture
def batch(winter: PromoCode, now: datetime) -> CodeBatch:
    asked = ask(promo=winter, count=6, prefix="WINTER", by=ANNA, now=now)
    make_unfinished()
    return asked


def test_the_file_has_each_code_on_a_line(batch: CodeBatch, now: datetime) -> None:
    lines = "".join(export(batch=batch, by=ANNA, now=now)).split("\r\n")
    codes = list(IssuedCode.objects.order_by("pk").values_list("code", flat=True))
    assert lines == ["code", *codes, ""]


def test_exported_codes_are_handed_out(batch: CodeBatch, now: datetime) -> None:
    export(batch=batch, by=ANNA, now=now)
    batch.refresh_from_db()
    assert (batch.exported_at, batch.exported_by) == (now, "staff:anna")
    assert set(IssuedCode.objects.values_list("handed_out_at", flat=True)) == {now}


def test_what_somebody_has_already_is_not_in_the_file(winter: PromoCode, batch: CodeBatch, now: datetime) -> None:
    given = hand_out(promo=winter, by=ANNA, now=now - timedelta(hours=1))
    lines = "".join(export(batch=batch, by=ANNA, now=now)).split()
    assert len(lines) == 1 + 5
    assert given.code not in lines
    assert IssuedCode.objects.get(code=given.code).handed_out_at == now - timedelta(hours=1)


def test_once_is_all(batch: CodeBatch, now: datetime) -> None:
    export(batch=batch, by=ANNA, now=now)
    with pytest.raises(AlreadyExported) as refused:
        export(batch=batch, by=MIKE, now=now + timedelta(days=3))
    assert str(refused.value) == (
        "These codes were exported by anna on 2 March 2026 at 12:00. They are exported once only."
    )
    batch.refresh_from_db()
    assert (batch.exported_at, batch.exported_by) == (now, "staff:anna")


def test_a_batch_that_is_not_finished_waits(winter: PromoCode, now: datetime) -> None:
    unfinished = ask(promo=winter, count=6, by=ANNA, now=now)
    with pytest.raises(StillBeingMade):
        export(batch=unfinished, by=ANNA, now=now)
    unfinished.refresh_from_db()
    assert unfinished.exported_at is None


def test_no_cell_is_a_formula_or_a_number(winter: PromoCode, now: datetime) -> None:
    """A spreadsheet would spoil "2E34567892", and run "=1+1"."""
    batch = ask(promo=winter, count=5_000, prefix="2", by=ANNA, now=now)
    make_unfinished()
    cells = "".join(export(batch=batch, by=ANNA, now=now)).split("\r\n")[1:-1]
    assert len(cells) == 5_000
    assert all(cell.isalnum() and cell[1].isalpha() and cell[1] != "E" for cell in cells)


def test_who_exported_stands_in_the_record_of_changes(batch: CodeBatch, now: datetime) -> None:
    export(batch=batch, by=ANNA, now=now)
    entry = LogEntry.objects.filter(object_id=batch.pk, content_type__model="codebatch").latest("pk")
    assert entry.additional_data == {"by": "staff:anna"}
    assert entry.changes == {"exported_at": ["None", "2026-03-02 17:00:00"]}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_export_at_once_one_gets_the_file(batch: CodeBatch, now: datetime, together: Together) -> None:
    answers = together(
        lambda: list(export(batch=batch, by=ANNA, now=now)), lambda: list(export(batch=batch, by=MIKE, now=now))
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyExported", "list"]
