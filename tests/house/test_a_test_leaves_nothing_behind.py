"""Tests that commit are cleaned up after, past the ledger's triggers, and what migrations made is still there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import IntegrityError, connection
from django.test import TransactionTestCase

from clients.models import Business, Client, Staff
from loyalty import append_only
from loyalty.models import Account, Entry, Lot
from tests.conftest import ROWS_OF_MIGRATIONS, Together, rows_of
from tests.factories import PASSWORD, AccountFactory, StaffFactory
from tests.house.test_entries_never_change import granted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_entry_is_gone_in_the_next_test(turn: int) -> None:
    assert not Entry.objects.exists()
    assert rows_of(connection) == ROWS_OF_MIGRATIONS["default"]

    granted(AccountFactory(id=7))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_rows_of_migrations_come_back_as_they_were(turn: int) -> None:
    standing = set(Permission.objects.values_list("id", "codename"))
    assert ContentType.objects.filter(app_label="loyalty", model="entry").exists()
    assert standing == {(row[0], row[-1]) for row in zip_rows("auth_permission", "id", "codename")}

    Permission.objects.all().delete()


def zip_rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
    names, rows = ROWS_OF_MIGRATIONS["default"][table]
    return [tuple(row[names.index(column)] for column in columns) for row in rows]


class TestDjangosOwnTransactionTestCase(TransactionTestCase):
    def test_it_is_cleaned_up_after_too(self) -> None:
        assert not Entry.objects.exists()
        granted(AccountFactory())

    def test_it_is_cleaned_up_after_twice(self) -> None:
        assert not Entry.objects.exists()
        granted(AccountFactory())


@pytest.mark.django_db(transaction=True)
def test_the_triggers_stand_in_a_test_that_commits() -> None:
    entry = granted(AccountFactory())

    assert append_only.missing(connection) == []
    with pytest.raises(IntegrityError):
        entry.delete()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_connections_see_what_the_other_committed(together: Together) -> None:
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid: int = cursor.fetchone()[0]
        AccountFactory()
        return pid

    pids = together(backend, backend)

    assert len(set(pids)) == 2
    assert Account.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_connections_only_one_takes_the_last_bonuses(together: Together) -> None:
    lot = granted(AccountFactory()).lot

    def take_all() -> int:
        return Lot.objects.filter(pk=lot.pk, remaining__gte=10000).update(remaining=0)

    assert sorted(together(take_all, take_all)) == [0, 1]


def test_the_cast_is_there(boris: Client, alice: Client, anna: Staff, vera: Staff, pavel: Staff) -> None:
    assert [str(boris), str(alice), str(anna), str(vera), str(pavel)] == [
        "Boris Petrov",
        "Alice Ivanova",
        "Anna Owner",
        "Vera Desk",
        "Pavel Elsewhere",
    ]
    assert boris.cards.get().is_primary
    assert Business.objects.get().currency == "USD"
    assert [branch.code for branch in pavel.locations.all()] == ["riverside"]


@pytest.mark.django_db
def test_staff_sign_in_with_a_hasher_that_costs_nothing() -> None:
    vera = StaffFactory()

    assert vera.password.startswith("md5$")
    assert vera.check_password(PASSWORD)


def test_mail_goes_nowhere() -> None:
    mail.send_mail("Your bonuses", "100.00", "desk@example.com", ["boris@example.com"])

    assert [message.subject for message in mail.outbox] == ["Your bonuses"]
