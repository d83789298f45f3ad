"""Whatever is changed behind the ledger's back shows in its proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from clients.actors import Actor
from clients.models import Client
from loyalty import append_only
from loyalty.checkout import Back, Paid, quote, refund, settle
from loyalty.counter import read_basket
from loyalty.expiry import expire_lots
from loyalty.models import Entry, Lot, Refund, Standing, Visit, VisitLine
from loyalty.money import Money
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from tests import factories
from tests.night.value import NEW_YORK, TASK, account_of, give

pytestmark = pytest.mark.django_db
VERA = Actor.staff("vera")


@pytest.fixture
def history(boris: Client, location: object, session: object) -> Iterator[Client]:
    """Boris came three times, spent bonuses, sent a part of one check and all of another back, and let a lot end."""
    factories.CashbackTierFactory()
    account_of(boris)
    give(boris, 3000, until=date(2026, 12, 31))
    give(boris, 500, until=date(2026, 3, 1))
    expire_lots(today=date(2026, 3, 2), zone=NEW_YORK, by=TASK)
    first, second, _third = (sale(boris, key) for key in ("one", "two", "three"))
    for visit, lines in ((first, [Back(1, 1)]), (second, None)):
        refund(visit_id=visit.pk, lines=lines, reason="late", key=f"back:{visit.pk}", by=VERA, now=factories.NOW)
    yield boris
    append_only.install(connection)


def sale(client: Client, key: str) -> Visit:
    raw = {"client": client.pk, "location": "main", "lines": [{"service": "session", "quantity": 2}], "redeem": "10.00"}
    said = quote(read_basket(raw, rulebook().house), now=factories.NOW)
    paid = [Paid("cash", said.bill.to_pay)]
    return settle(basket=said.basket, payments=paid, key=key, by=VERA, now=factories.NOW).visit


def tamper(statement: str, *params: Any) -> None:
    """Change what nobody may change: triggers off, and constraints where the engine lets us."""
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
    append_only.install(connection)


def test_an_honest_history_proves(history: Client) -> None:
    assert prove() == []


ENTRY_EDITS = {
    "amount": "amount = amount + 1",
    "remaining": "remaining = remaining + 1",
    "number": "number = number + 10",
    "kind": "kind = 'transfer'",
    "last day": "last_day = '2031-01-01'",
    "operation": "operation = 'x' || operation",
}


@pytest.mark.parametrize("edit", [pytest.param(sql, id=name) for name, sql in ENTRY_EDITS.items()])
def test_each_edit_of_each_entry_shows(edit: str, history: Client) -> None:
    silent = []
    for entry in Entry.objects.order_by("pk"):
        original = Entry.objects.filter(pk=entry.pk).values().get()
        tamper(f"UPDATE loyalty_entry SET {edit} WHERE id = %s", entry.pk)
        if not prove():
            silent.append((entry.kind, entry.number, entry.operation))
        restore(entry.pk, original)

    assert (silent, prove()) == ([], [])


def restore(pk: int, original: Mapping[str, Any]) -> None:
    append_only.remove(connection)
    Entry.objects.filter(pk=pk).update(**{name: value for name, value in original.items() if name != "id"})
    append_only.install(connection)


def test_each_missing_entry_shows(history: Client) -> None:
    for pk in Entry.objects.order_by("pk").values_list("pk", flat=True):
        original = Entry.objects.filter(pk=pk).values().get()
        tamper("DELETE FROM loyalty_entry WHERE id = %s", pk)

        assert prove() != [], original
        Entry.objects.create(**original)
    assert prove() == []


def test_an_entry_that_was_put_in_shows(history: Client) -> None:
    last = Entry.objects.order_by("-pk").values().first()
    assert last is not None
    Entry.objects.create(**{**last, "id": None, "number": last["number"] + 1, "operation": "made:up"})

    lot = last["lot_id"]
    assert f"lot {lot}: {last['number']} entries are counted, {last['number'] + 1} are there" in prove()


def test_two_entries_that_changed_places_show(history: Client) -> None:
    spends = list(Entry.objects.filter(kind="spend").order_by("pk"))
    one, other = spends[0], spends[1]
    tamper("UPDATE loyalty_entry SET number = 999 WHERE id = %s", one.pk)
    tamper("UPDATE loyalty_entry SET number = %s WHERE id = %s", one.number, other.pk)
    tamper("UPDATE loyalty_entry SET number = %s WHERE id = %s", other.number, one.pk)

    assert prove() != []


LOT_EDITS = {
    "remaining": "remaining = remaining - 1",
    "amount": "amount = amount + 1",
    "last day": "last_day = '2031-01-01'",
    "entry count": "entry_count = entry_count + 1",
    "operation": "operation = operation || 'x'",
    "came in": "created_at = '2020-01-01 00:00:00'",
}


@pytest.mark.parametrize("edit", [pytest.param(sql, id=name) for name, sql in LOT_EDITS.items()])
def test_each_edit_of_each_lot_shows(edit: str, history: Client) -> None:
    for lot in Lot.objects.filter(remaining__gt=0):
        original = Lot.objects.filter(pk=lot.pk).values().get()
        tamper(f"UPDATE loyalty_lot SET {edit} WHERE id = %s", lot.pk)

        assert prove() != [], (lot, edit)
        Lot.objects.filter(pk=lot.pk).update(**{name: value for name, value in original.items() if name != "id"})
    assert prove() == []


def test_a_lot_on_another_account_shows(history: Client, alice: Client) -> None:
    lot = Lot.objects.filter(remaining__gt=0).earliest("pk")
    hers = account_of(alice)
    Lot.objects.filter(pk=lot.pk).update(account=hers)

    assert f"lot {lot.pk}: is on account {hers.pk}, its entry 1 on account {lot.account_id}" in prove()


@pytest.mark.parametrize(
    ("model", "field", "said"),
    [
        (Standing, "total_spent", "client {client}: total spent is"),
        (Standing, "visits", "client {client}: 3 visits are counted, 2 are there"),
        (VisitLine, "base", "base is"),
        (VisitLine, "spent", "spent is"),
        (Refund, "bonus_returned", "bonus_returned is"),
        (Refund, "bonus_taken_back", "bonus_taken_back is"),
        (Refund, "money", "money is"),
        (Visit, "earned_total", "earned_total is"),
    ],
)
def test_a_figure_that_was_changed_shows(model: Any, field: str, said: str, history: Client) -> None:
    row = model.objects.order_by("pk").first()
    model.objects.filter(pk=row.pk).update(**{field: getattr(row, field) + 1})

    assert any(said.format(client=history.pk) in line for line in prove())


def test_a_missing_trigger_shows(history: Client) -> None:
    append_only.remove(connection)

    assert [line for line in prove() if "trigger" in line][:2] == [
        "trigger loyalty_entry_no_update is missing: entries can be changed",
        "trigger loyalty_entry_no_delete is missing: entries can be changed",
    ]


@pytest.mark.parametrize("unit", ["money", "session"])
def test_value_that_belongs_to_nothing_shows(unit: str, business: object) -> None:
    account = factories.AccountFactory(unit=unit, client=None)

    assert prove() == [f"account {account.pk}: holds {unit} and belongs to nothing"]


def test_the_command_says_each_difference_and_fails(history: Client, capsys: pytest.CaptureFixture[str]) -> None:
    lot = Lot.objects.filter(remaining__gt=0).earliest("pk")
    Lot.objects.filter(pk=lot.pk).update(remaining=lot.remaining - Money(1))

    with pytest.raises(SystemExit) as ended:
        call_command("check_ledger")

    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        f"lot {lot.pk}: {lot.remaining - 1} remain, its entries come to {lot.remaining}"
    ]


def test_the_command_says_that_all_is_well(history: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_ledger")

    said = f"{Lot.objects.count()} lots, {Entry.objects.count()} entries, 3 visits."
    assert capsys.readouterr().out == f"Everything adds up: {said}\n"
