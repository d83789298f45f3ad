"""A balance that has reached a sum when the night begins brings bonuses, once a client for ever, however late it is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from clients.models import Client
from loyalty import ledger
from loyalty.expiry import expire_lots
from loyalty.ledger import Kind, Move, reaching
from loyalty.milestones import grant_balance_milestones
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.night.value import NEW_YORK, TASK, account_of, give, tonight

pytestmark = pytest.mark.django_db
MARCH_3 = date(2026, 3, 3)
MIDNIGHT = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def thousand(business: object) -> BonusProgram:
    """50.00 for a balance of 1000.00."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="thousand", name="Thousand", trigger="balance", amount=Money(5000), reaches=Money(100000)
    )
    return program


def night(day: date = MARCH_3, days_late: int = 0) -> int:
    return grant_balance_milestones(tonight(day, days_late=days_late))


def spend(lot: Lot, amount: int, at: datetime) -> None:
    move = Move(f"test:spend:{lot.pk}:{at}", lot.pk, lot.account_id, Kind.SPEND, Money(-amount))
    with transaction.atomic():
        ledger.post([move], at=at, by=TASK)


@pytest.mark.parametrize(("amounts", "expected"), [((100000,), 1), ((60000, 40000), 1), ((60000, 39999), 0)])
def test_from_the_sum_on(amounts: tuple[int, ...], expected: int, boris: Client) -> None:
    for amount in amounts:
        give(boris, amount, until=None)

    assert night() == expected


def test_once_for_ever(boris: Client, alice: Client) -> None:
    give(boris, 100000, until=None)

    assert (night(), night(), night(date(2026, 3, 4)), night(date(2036, 3, 4))) == (1, 0, 0, 0)
    lot = Lot.objects.get(program="thousand")
    assert (lot.operation, lot.created_at) == (f"milestone:thousand:client:{boris.pk}", MIDNIGHT)


def test_not_again_after_the_bonuses_are_gone(boris: Client) -> None:
    lot = give(boris, 100000, until=None)
    night()
    spend(lot, 100000, NOON)
    give(boris, 200000, until=None, at=NOON)

    assert night(date(2026, 3, 4)) == 0


def test_what_is_pending_ended_or_owed_does_not_count(boris: Client) -> None:
    give(boris, 99999, until=None)
    give(boris, 50000, until=None, since=date(2026, 3, 4))
    give(boris, 50000, until=date(2026, 3, 2))
    assert night() == 0

    give(boris, 1, until=MARCH_3)
    debt = give(boris, -1, until=None)
    assert night() == 0
    Lot.objects.filter(pk=debt.pk).update(remaining=0)
    assert night(MARCH_3) == 1


def test_pending_bonuses_count_from_their_first_day(boris: Client) -> None:
    give(boris, 100000, until=None, since=date(2026, 3, 5))

    assert [night(date(2026, 3, day)) for day in (3, 4, 5)] == [0, 0, 1]


def test_stamps_and_sessions_are_no_bonuses(boris: Client) -> None:
    give(factories.AccountFactory(client=boris, unit="session"), 100000, until=None)

    assert night() == 0


def test_a_late_night_counts_what_was_there_when_it_began(boris: Client, alice: Client) -> None:
    """Boris has spent it since, Alice has it only since: as if the night had come in time."""
    lot = give(boris, 100000, until=None)
    spend(lot, 70000, NOON)
    give(alice, 100000, until=None, at=NOON)

    assert night(MARCH_3, days_late=5) == 1
    assert Lot.objects.get(program="thousand").account.client == boris
    assert night(date(2026, 3, 4), days_late=4) == 1


def test_a_late_night_counts_what_has_ended_since(boris: Client) -> None:
    give(boris, 100000, until=date(2026, 3, 4))
    expire_lots(today=date(2026, 3, 8), zone=NEW_YORK, by=TASK)

    assert [night(date(2026, 3, day), days_late=8 - day) for day in (3, 4, 5)] == [1, 0, 0]


@pytest.mark.parametrize(("day", "expected"), [(4, 1), (5, 0)])
def test_a_lot_counts_to_its_last_day(day: int, expected: int, boris: Client) -> None:
    give(boris, 100000, until=date(2026, 3, 4))
    expire_lots(today=date(2026, 3, 8), zone=NEW_YORK, by=TASK)

    assert night(date(2026, 3, day), days_late=8 - day) == expected


def test_the_erased_get_nothing(boris: Client) -> None:
    give(boris, 100000, until=None)
    Client.objects.filter(pk=boris.pk).update(erased_at=factories.NOW)

    assert night() == 0


def test_many_are_found_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "AT_ONCE", 2)
    for amount in (100000, 99999, 100000, 100000, 100000, 100000):
        give(account_of(factories.ClientFactory()), amount, until=None)

    assert (night(), night()) == (5, 0)
