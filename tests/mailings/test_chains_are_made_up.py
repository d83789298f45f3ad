"""A night of a chain that is made up is that night: the same bonuses on the same days, whenever the worker was off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from clients.models import Client
from loyalty import chains
from loyalty.actions import ActionAlreadyCounted, record_action
from loyalty.models import BonusProgram, ChainEvent, ChainRun, Entry, Lot, TierStanding
from loyalty.money import Money
from loyalty.night import run_daily
from tests import factories
from tests.mailings.chaining import MONDAY, Made, begun, came, days, give, made, midnight
from tests.night.value import account_of
from tests.till import VERA

__all__ = ["made"]

pytestmark = pytest.mark.django_db
OFF = (6, 7, 8, 9)


@pytest.fixture
def thanks(business: object) -> BonusProgram:
    """30.00 for an action, for ten days."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="thanks", name="Thanks", trigger="action", amount=Money(3000), lifetime_days=10
    )
    return program


def march(first: int, last: int, off: Collection[int]) -> None:
    """Nights at 03:00, and the next look at noon; on some days the worker is off."""
    for number in range(first, last + 1):
        if number not in off:
            day = date(2026, 3, number)
            run_daily(now=midnight(day) + timedelta(hours=3))
            chains.run(today=day, now=midnight(day) + timedelta(hours=12))


def lots() -> list[tuple[int, int]]:
    """First and last day of what "thanks" gave, in March."""
    found = Lot.objects.filter(program="thanks").order_by("first_day", "pk")
    return [(lot.first_day.day, lot.last_day.day) for lot in found if lot.last_day]


def begun_on() -> list[datetime]:
    return list(ChainRun.objects.order_by("begun_at", "pk").values_list("begun_at", flat=True))


@pytest.mark.parametrize("off", [(), OFF, (6,), (8, 9, 10)], ids=str)
def test_a_birthday_within_an_outage(made: Made, thanks: BonusProgram, off: Collection[int]) -> None:
    """Three days before 12 March is the 9th, whenever it is done."""
    account_of(factories.ClientFactory(birthday=date(1990, 3, 12)))
    made({"action": "bonus", "program": thanks}, begins="birthday", days=3)
    march(1, 12, off)

    assert lots() == [(9, 19)]


@pytest.mark.parametrize("off", [(), OFF], ids=str)
def test_bonuses_that_ended_within_an_outage(
    made: Made, boris: Client, thanks: BonusProgram, off: Collection[int]
) -> None:
    """Until the 8th, two days before is the 6th: in the night of the 10th they are gone."""
    give(boris, 5000, until=date(2026, 3, 8))
    made({"action": "bonus", "program": thanks}, days=2, min_amount=Money(5000))
    march(1, 12, off)

    assert lots() == [(6, 16)]


def test_bonuses_that_were_used_up_before_a_late_night(made: Made, boris: Client, thanks: BonusProgram) -> None:
    lot = give(boris, 5000, until=date(2026, 3, 9))
    made({"action": "bonus", "program": thanks}, days=7)
    noon = midnight(MONDAY) + timedelta(hours=12)
    visit = factories.VisitFactory(client=boris, at=noon, line=None)
    Entry.objects.create(
        lot=lot, account=lot.account, number=2, kind="spend", amount=-5000, remaining=0, operation="spend",
        visit=visit, by=str(VERA), at=noon,
    )  # fmt: skip
    Lot.objects.update(remaining=0, entry_count=2)
    chains.run(today=MONDAY, now=noon + timedelta(hours=1))

    assert lots() == [(2, 12)]


@pytest.mark.parametrize("off", [(), OFF], ids=str)
def test_what_came_within_an_outage_begins_with_the_first_night_that_finds_it(
    made: Made, boris: Client, thanks: BonusProgram, off: Collection[int]
) -> None:
    """It came at noon of the 7th: the night of the 8th is the first."""
    give(boris, 5000, until=date(2026, 3, 12), at=midnight(date(2026, 3, 7)) + timedelta(hours=12))
    made({"action": "bonus", "program": thanks}, days=7)
    march(7 if not off else 5, 12, off)

    assert lots()[0] == (8, 18)


@pytest.mark.parametrize("off", [(), OFF], ids=str)
def test_bonuses_of_a_chain_begin_another(
    made: Made, boris: Client, thanks: BonusProgram, off: Collection[int]
) -> None:
    """Away for ten days on the 6th: 30.00 up to the 16th, which end in seven days on the 9th."""
    account_of(boris)
    came(boris, midnight(date(2026, 2, 24)))
    made({"action": "bonus", "program": thanks}, begins="absent", days=10)
    made({"action": "wait"}, code="ends", days=7)
    march(1, 12, off)

    assert begun_on() == [midnight(date(2026, 3, 6)), midnight(date(2026, 3, 9))]


@pytest.mark.parametrize("off", [(), (7, 8, 9)], ids=str)
def test_a_tier_that_fell_within_an_outage(
    made: Made, boris: Client, thanks: BonusProgram, off: Collection[int]
) -> None:
    """It falls on the 9th; two days before is the 7th."""
    account_of(boris)
    silver = factories.CashbackTierFactory(name="Silver", from_spent=Money(0))
    falls = [["2026-03-09", None, "2026-03-09"]]
    made({"action": "bonus", "program": thanks}, begins="tier_falls", days=2)
    march(1, 6, off)
    TierStanding.objects.create(
        client=boris, program=silver.program, tier=silver, since=date(2025, 3, 9), falls=falls, falls_on="2026-03-09"
    )
    march(7, 10, off)

    assert lots() == [(7, 17)]


def test_nobody_is_in_a_night_before_they_were_here(made: Made, thanks: BonusProgram) -> None:
    joined = midnight(date(2026, 3, 8)) + timedelta(hours=15)
    account_of(factories.ClientFactory(birthday=date(1990, 3, 12), created_at=joined))
    made({"action": "bonus", "program": thanks}, begins="birthday", days=7)
    march(5, 10, OFF)

    assert lots() == [(9, 19)]


# --- another date of birth -------------------------------------------------------------------------------------------


def test_another_date_of_birth_begins_no_second_birthday(made: Made) -> None:
    made({"action": "wait"}, begins="birthday", days=7)
    client = factories.ClientFactory(birthday=date(1990, 1, 2))
    first = f"chain:back:birthday:2027:client:{client.pk}"
    assert begun(date(2026, 12, 26)) == [first]
    client.birthday = date(1990, 12, 31)
    client.save()
    assert begun(date(2026, 12, 28)) == [first]
    client.birthday = date(1990, 6, 1)
    client.save()
    assert begun(date(2027, 5, 26)) == [first]

    client.birthday = date(1990, 1, 2)
    client.save()
    assert begun(date(2027, 12, 26)) == [first, f"chain:back:birthday:2028:client:{client.pk}"]


# --- once, and once in so many days ----------------------------------------------------------------------------------


def record(client: Client, key: str, day: date) -> Entry:
    return record_action(client=client, code="thanks", key=key, by=VERA, now=midnight(day) + timedelta(hours=12))


def events() -> list[str]:
    return list(ChainEvent.objects.order_by("pk").values_list("did", flat=True))


def visited(made: Made, program: BonusProgram, **rule: Any) -> Any:
    for name, value in rule.items():
        setattr(program, name, value)
    program.save()
    return made({"action": "bonus", "program": program}, begins="visited")


def test_what_counts_once_is_given_once(made: Made, boris: Client, alice: Client, thanks: BonusProgram) -> None:
    chain = visited(made, thanks, once=True)
    for client in (boris, alice):
        account_of(client)
        came(client, midnight(date(2026, 3, 3)))
    came(alice, midnight(date(2026, 3, 3)) + timedelta(hours=1))
    record(boris, "1", MONDAY)
    days(chain, date(2026, 3, 4), 1)

    assert sorted(events()) == ["bonus", "skipped", "skipped"]
    assert Lot.objects.filter(program="thanks").count() == 2
    with pytest.raises(ActionAlreadyCounted):
        record(alice, "1", date(2026, 5, 3))


def test_again_after_so_many_days(made: Made, boris: Client, thanks: BonusProgram) -> None:
    """Counted on 2 March with 30 days: again from 1 April, by a chain as by the desk."""
    chain = visited(made, thanks, repeat_days=30)
    account_of(boris)
    record(boris, "1", MONDAY)
    for day in (date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)):
        came(boris, midnight(day) + timedelta(hours=1))
        days(chain, day + timedelta(days=1), 1)

    assert events() == ["skipped", "bonus", "skipped"]
    with pytest.raises(ActionAlreadyCounted) as refusal:
        record(boris, "2", date(2026, 4, 30))
    assert refusal.value.facts["again_from"] == date(2026, 5, 1)
    record(boris, "2", date(2026, 5, 1))
