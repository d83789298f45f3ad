"""What is changed of a closure behind its back shows in the proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection

from clients.models import Client, Location
from loyalty import append_only
from loyalty.models import Closure, Entry, Extension, Lot
from loyalty.proof import prove
from tests.closures.conftest import Close, Undo, close, main, undo  # noqa: F401  # fixtures
from tests.night.value import give
from tests.proof.test_tampering_shows import restore, tamper

pytestmark = pytest.mark.django_db
MARCH_31 = date(2026, 3, 31)


@pytest.fixture
def lot(main: Location, boris: Client, close: Close, undo: Undo) -> Iterator[Lot]:  # noqa: F811
    """Closed twice, once undone: its last day was moved three times."""
    given = give(boris, 1000, until=MARCH_31)
    first, _second = close(main, 5), close(main, 3)
    undo(first)
    yield given
    append_only.install(connection)


def test_honest_closures_prove(lot: Lot) -> None:
    assert prove() == []


@pytest.mark.parametrize(
    "edit",
    [
        "amount = amount + 1",
        "remaining = remaining - 1",
        "number = number + 10",
        "kind = 'transfer'",
        "kind = 'return'",
        "last_day = '2031-01-01'",
        "last_day = '2026-03-30'",
        "operation = 'x' || operation",
    ],
)
def test_each_edit_of_each_entry_shows(edit: str, lot: Lot) -> None:
    silent = []
    for entry in Entry.objects.filter(lot=lot).order_by("pk"):
        original = Entry.objects.filter(pk=entry.pk).values().get()
        # A constraint keeps an entry that moves nothing from being anything but an adjustment; that is as good.
        if "kind" not in edit or entry.amount:
            tamper(f"UPDATE loyalty_entry SET {edit} WHERE id = %s", entry.pk)
            if not prove():
                silent.append((entry.kind, entry.number, entry.operation))
            restore(entry.pk, original)

    assert (silent, prove()) == ([], [])


def test_each_missing_entry_shows(lot: Lot) -> None:
    for pk in Entry.objects.filter(lot=lot).order_by("pk").values_list("pk", flat=True):
        original = Entry.objects.filter(pk=pk).values().get()
        tamper("DELETE FROM loyalty_entry WHERE id = %s", pk)

        assert prove() != [], original
        Entry.objects.create(**original)
    assert prove() == []


@pytest.mark.parametrize("edit", [{"before": date(2026, 3, 1)}, {"after": date(2027, 1, 1)}])
def test_a_changed_extension_shows(edit: dict[str, date], lot: Lot) -> None:
    extension = Extension.objects.order_by("pk")[0]
    Extension.objects.filter(pk=extension.pk).update(**edit)

    assert any(f"closure {extension.closure_id}: extended lot {lot.pk}" in line for line in prove())


def test_a_missing_extension_shows(lot: Lot) -> None:
    extension = Extension.objects.order_by("pk")[0]
    extension.delete()

    operation = f"closure:{extension.closure_id}"
    assert f"lot {lot.pk}: entry 2 is of {operation}, which does not know of it" in prove()


def test_a_closure_that_is_made_to_stand_again_shows(lot: Lot) -> None:
    first = Closure.objects.order_by("pk")[0]
    Closure.objects.update(undone_at=None)

    assert f"lot {lot.pk}: entry 4 takes back closure {first.pk}, which stands" in prove()
