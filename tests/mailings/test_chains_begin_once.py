"""A chain begins once for a client and an occasion: bonuses that end, joining, visits, absence, birthdays, a fall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clients.models import Client, Message
from loyalty.chains import go_on
from loyalty.models import ChainRun, Lot, Standing, TierStanding
from loyalty.money import Money
from tests import factories
from tests.mailings.chaining import LETTER, MONDAY, Made, begun, came, days, give, made, midnight, runs

__all__ = ["made"]

pytestmark = pytest.mark.django_db


def test_bonuses_that_end_on_one_day_are_one_occasion(made: Made, boris: Client) -> None:
    made(LETTER, days=7, min_amount=Money(5000))
    for amount in (2500, 2500):
        give(boris, amount, until=date(2026, 3, 9))
    give(boris, 4999, until=date(2026, 3, 8))

    assert begun(MONDAY) == [f"chain:back:ends:2026-03-09:client:{boris.pk}"]
    go_on(now=midnight(MONDAY))
    assert Message.objects.get().facts["amount"] == "50.00"


def test_the_amount_of_a_letter_is_what_is_left_when_it_is_written(made: Made, boris: Client) -> None:
    made({**LETTER, "after_days": 1}, days=7)
    lot = give(boris, 5000, until=date(2026, 3, 9))
    begun(MONDAY)
    Lot.objects.filter(pk=lot.pk).update(remaining=1200)
    go_on(now=midnight(date(2026, 3, 3)))

    assert Message.objects.get().facts["amount"] == "12.00"


def test_who_has_joined(made: Made) -> None:
    made(LETTER, begins="registered")
    joined = factories.ClientFactory(created_at=midnight(date(2026, 3, 3)) - timedelta(minutes=1))
    factories.ClientFactory(created_at=midnight(MONDAY) - timedelta(minutes=1))

    assert begun(MONDAY) == [f"chain:back:registered:client:{joined.pk}"]
    assert ChainRun.objects.get().begun_at == joined.created_at
    assert len(begun(MONDAY)) == 1


def test_every_visit_is_an_occasion_but_one_that_came_back(made: Made, boris: Client) -> None:
    made({**LETTER, "after_days": 1}, begins="visited")
    noon = midnight(MONDAY) + timedelta(hours=12)
    came(boris, noon)
    came(boris, noon + timedelta(hours=2))
    came(boris, noon + timedelta(hours=3), back=True)
    factories.VisitFactory(client=boris, at=noon, is_visit=False, line=None)

    assert len(begun(MONDAY)) == 2
    go_on(now=noon + timedelta(days=2))
    assert [state for _operation, state, _reason in runs()] == ["stopped", "done"]


def test_who_stayed_away_so_many_days(made: Made, boris: Client, alice: Client) -> None:
    """A last visit on 1 March with 60 days is due on 30 April."""
    made(LETTER, begins="absent", days=60)
    came(boris, datetime(2026, 3, 2, 3, 0, tzinfo=UTC))  # 1 March, 22:00 in New York
    came(alice, datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    came(alice, datetime(2026, 4, 20, 3, 0, tzinfo=UTC))

    assert begun(date(2026, 4, 29)) == []
    assert begun(date(2026, 4, 30)) == [f"chain:back:absent:2026-04-30:client:{boris.pk}"]
    assert len(begun(date(2026, 5, 1))) == 1


def test_a_night_that_is_made_up_finds_who_was_absent_then(made: Made, boris: Client) -> None:
    """Boris came back on 2 May; the night of 30 April is looked at on the 3rd. He is found, and stops at once."""
    chain = made(LETTER, begins="absent", days=60)
    came(boris, datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    days(chain, date(2026, 4, 28), 1)
    came(boris, datetime(2026, 5, 2, 17, 0, tzinfo=UTC))

    assert days(chain, date(2026, 5, 3), 1) == ["2026-05-03 Boris 1 skipped"]


def test_a_birthday_is_an_occasion_of_its_year(made: Made) -> None:
    made(LETTER, begins="birthday", days=7)
    child = factories.ClientFactory(birthday=date(1990, 1, 2))
    leap = factories.ClientFactory(birthday=date(1996, 2, 29))

    assert begun(date(2026, 12, 25)) == []
    assert begun(date(2026, 12, 26)) == [f"chain:back:birthday:2027:client:{child.pk}"]
    assert begun(date(2027, 2, 21))[1:] == [f"chain:back:birthday:2027:client:{leap.pk}"]
    assert len(begun(date(2027, 2, 28))) == 2


def test_a_tier_that_falls(made: Made, boris: Client) -> None:
    silver = factories.CashbackTierFactory(name="Silver", from_spent=Money(50000))
    TierStanding.objects.create(
        client=boris, program=silver.program, tier=silver, since=date(2025, 3, 9), falls_on=date(2026, 3, 9)
    )
    made({"action": "letter"}, begins="tier_falls", days=7)

    assert begun(date(2026, 3, 1)) == []
    assert begun(MONDAY) == [f"chain:back:falls:{silver.program_id}:2026-03-09:client:{boris.pk}"]
    go_on(now=midnight(MONDAY))
    assert Message.objects.get().facts["last_day"] == "8 March 2026"


def test_only_whom_it_is_for(made: Made, boris: Client, alice: Client) -> None:
    Standing.objects.create(client=boris, visits=5)
    Standing.objects.create(client=alice, visits=4)
    for client in (boris, alice):
        give(client, 5000, until=date(2026, 3, 9))
    made(LETTER, days=7, segment=factories.SegmentFactory())

    assert begun(MONDAY) == [f"chain:back:ends:2026-03-09:client:{boris.pk}"]


@pytest.mark.parametrize("how", ["off", "no steps", "erased"])
def test_nothing_begins_for_nothing(made: Made, boris: Client, how: str) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    made(*([] if how == "no steps" else [LETTER]), days=7, enabled=how != "off")
    if how == "erased":
        Client.objects.update(erased_at=factories.NOW)

    assert begun(MONDAY) == []


def test_nights_that_were_missed_are_made_up_each_by_itself(made: Made, boris: Client, alice: Client) -> None:
    chain = made(LETTER, begins="absent", days=10)
    came(boris, midnight(date(2026, 2, 20)))
    came(alice, midnight(date(2026, 2, 21)))
    days(chain, date(2026, 3, 1), 1)

    assert days(chain, date(2026, 3, 4), 1) == ["2026-03-04 Boris 1 letter", "2026-03-04 Alice 1 letter"]
    assert [run.begun_at for run in ChainRun.objects.order_by("pk")] == [midnight(MONDAY), midnight(date(2026, 3, 3))]


def test_a_chain_begins_no_sooner_than_the_bonuses_came(made: Made, boris: Client) -> None:
    """The check that brought them, at noon, is no visit since."""
    noon = midnight(MONDAY) + timedelta(hours=12)
    chain = made(LETTER, days=7)
    came(boris, noon)
    give(boris, 5000, until=date(2026, 3, 5), at=noon)

    assert days(chain, date(2026, 3, 3), 1) == ["2026-03-03 Boris 1 letter"]
