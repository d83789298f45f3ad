"""What ends soon is told of once: found by its day, made up after a missed night, never after it has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from clients.models import Client, LetterRules, Message
from loyalty.house import House
from loyalty.models import Account, Lot, Standing, TierStanding
from loyalty.money import Money
from loyalty.reminders import write_reminders
from tests import factories
from tests.mailings.conftest import Template, at, crowd, told
from tests.night.value import account_of, give
from tests.till import statements

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


def night(house: House, day: date = MONDAY, now: datetime | None = None) -> int:
    return write_reminders(day=day, house=house, now=now or at(day))


def nights(house: House, first: date, count: int) -> list[date]:
    """The nights that told something."""
    days = [first + timedelta(days=i) for i in range(count)]
    return [day for day in days if night(house, day)]


@pytest.fixture(autouse=True)
def present_rules(rules: LetterRules) -> LetterRules:
    return rules


def test_a_lot_is_told_of_seven_days_before_and_never_again(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 20))

    assert nights(house, MONDAY, 30) == [date(2026, 3, 13)]
    assert told() == [(f"reminder:ends:{boris.pk}:2026-03-20", boris.pk)]


def test_lots_that_end_on_one_day_are_told_of_together(boris: Client, house: House) -> None:
    for amount in (5000, 2500):
        give(boris, amount, until=date(2026, 3, 9))
    give(boris, 1000, until=date(2026, 3, 8))
    give(boris, 9900, until=None)
    Lot.objects.filter(amount__lte=5000).update(name="Cashback")

    assert night(house) == 2
    letters = Message.objects.order_by("operation")
    assert [letter.facts["amount"] for letter in letters] == ["10.00", "75.00"]
    assert [letter.facts["last_day"] for letter in letters] == ["8 March 2026", "9 March 2026"]
    assert {letter.facts["program"] for letter in letters} == {"Cashback"}
    assert {letter.facts["last_day_on"] for letter in letters} == {"2026-03-08", "2026-03-09"}


def test_a_letter_is_of_no_use_after_the_last_day(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    night(house)

    letter = Message.objects.get()
    assert letter.useless_at == datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # midnight in New York, summer time by then
    assert letter.occasion == "reminder"
    assert letter.topic == "reminders"


def test_a_missed_night_is_made_up_by_the_next(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 9))

    assert nights(house, date(2026, 3, 5), 10) == [date(2026, 3, 5)]


def test_nothing_is_told_once_it_has_ended(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 9))

    assert night(house, date(2026, 3, 10)) == 0
    assert night(house, MONDAY, now=at("2026-03-10")) == 0


def test_bonuses_that_live_shorter_are_told_of_in_the_first_night(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 5))

    assert nights(house, MONDAY, 5) == [MONDAY]


def test_pending_bonuses_are_told_of_when_they_can_be_used(boris: Client, house: House) -> None:
    give(boris, 5000, since=date(2026, 3, 4), until=date(2026, 3, 7))

    assert nights(house, MONDAY, 7) == [date(2026, 3, 4)]


def test_another_last_day_is_told_of_anew(boris: Client, house: House) -> None:
    lot = give(boris, 5000, until=date(2026, 3, 9))
    night(house)
    Lot.objects.filter(pk=lot.pk).update(last_day=date(2026, 3, 16))

    assert nights(house, date(2026, 3, 3), 20) == [date(2026, 3, 9)]


def test_what_is_owed_is_taken_off_what_ends_first(boris: Client, alice: Client, house: House) -> None:
    """Boris owes 60.00: the 50.00 of the 8th repay some of it, the rest comes off the 20.00 of the 9th."""
    give(boris, 5000, until=date(2026, 3, 8))
    give(boris, 2000, until=date(2026, 3, 9))
    give(boris, -6000, until=None)
    give(alice, 5000, until=date(2026, 3, 8))
    give(alice, -5000, until=None)

    night(house)
    assert [(letter.client_id, letter.facts["amount"]) for letter in Message.objects.all()] == [(boris.pk, "10.00")]


def test_what_was_told_already_repays_what_is_owed_all_the_same(boris: Client, house: House) -> None:
    """Boris owes 30.00, which come off the 50.00 of the 9th: told of the day before, those of the 10th are whole."""
    give(boris, 5000, until=date(2026, 3, 9))
    give(boris, 2000, until=date(2026, 3, 10))
    give(boris, -3000, until=None)

    assert nights(house, MONDAY, 9) == [date(2026, 3, 2), date(2026, 3, 3)]
    told_of = [(letter.facts["last_day_on"], letter.facts["amount"]) for letter in Message.objects.order_by("pk")]
    assert told_of == [("2026-03-09", "20.00"), ("2026-03-10", "20.00")]


def test_gift_cards_and_memberships_of_a_client_are_told_of(boris: Client, house: House) -> None:
    card = factories.AccountFactory(client=boris, unit="money")
    give(card, 3000, until=date(2026, 3, 9))
    membership = factories.AccountFactory(client=boris, unit="session")
    give(membership, 3, until=date(2026, 3, 9))
    give(factories.AccountFactory(client=None, unit="money"), 3000, until=date(2026, 3, 9))
    give(factories.AccountFactory(client=boris, unit="stamp"), 3, until=date(2026, 3, 9))

    assert nights(house, MONDAY, 9) == [MONDAY]
    told_of = {letter.operation: letter.facts["amount"] for letter in Message.objects.all()}
    assert told_of == {
        f"reminder:account:{card.pk}:2026-03-09": "30.00",
        f"reminder:account:{membership.pk}:2026-03-09": "3 sessions",
    }


def test_a_client_reads_it_in_their_language(boris: Client, house: House) -> None:
    Client.objects.filter(pk=boris.pk).update(language="ru")
    give(boris, 123450, until=date(2026, 3, 9))
    night(house)

    facts = Message.objects.get().facts
    assert facts["amount"] == "1\xa0234,50"
    assert facts["last_day"] == "9 марта 2026"


def test_where_the_letter_has_no_text_in_it_the_figures_follow_the_text(
    boris: Client, house: House, rules: LetterRules
) -> None:
    assert rules.ending is not None
    rules.ending.body_ru = rules.ending.subject_ru = rules.ending.short_ru = ""
    rules.ending.save()
    Client.objects.filter(pk=boris.pk).update(language="ru")
    give(boris, 123450, until=date(2026, 3, 9))
    night(house)

    assert Message.objects.get().facts["amount"] == "1,234.50"


def test_who_falls_is_told_what_keeps_the_tier_once(
    boris: Client, house: House, rules: LetterRules, template: Template
) -> None:
    """Silver from 500.00 and 414.00 count: 86.00 more by 15 March."""
    rules.falling = template("falling", body_en="{missing} more by {last_day} keeps {tier} of {program}")
    rules.falling_days = 14
    rules.save()
    factories.CashbackTierFactory(name="Start")
    silver = factories.CashbackTierFactory(name="Silver", from_spent=Money(50000))
    Standing.objects.create(client=boris, total_spent=Money(41400))
    TierStanding.objects.create(
        client=boris,
        program=silver.program,
        tier=silver,
        since=date(2026, 1, 15),
        falls=[["2026-03-16", silver.program.tiers.get(name="Start").pk, "2026-03-01"]],
        falls_on=date(2026, 3, 16),
    )

    assert nights(house, date(2026, 2, 27), 20) == [MONDAY]
    letter = Message.objects.get()
    facts = {place: letter.facts[place] for place in ("missing", "tier", "program", "last_day")}
    assert facts == {"missing": "86.00", "tier": "Silver", "program": "Cashback", "last_day": "15 March 2026"}
    assert letter.useless_at == datetime(2026, 3, 16, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("off", ["no rules", "no template", "template off"])
def test_without_a_letter_nothing_is_told(boris: Client, house: House, rules: LetterRules, off: str) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    if off == "no rules":
        LetterRules.objects.all().delete()
    elif off == "no template":
        LetterRules.objects.update(ending=None)
    else:
        assert rules.ending is not None
        rules.ending.enabled = False
        rules.ending.save()

    assert night(house) == 0


def test_the_erased_are_not_written_to(boris: Client, house: House) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    Client.objects.filter(pk=boris.pk).update(erased_at=factories.NOW)

    assert night(house) == 0


def many(count: int) -> None:
    rows = Account.objects.filter(client__in=crowd(count), unit="bonus")
    Lot.objects.bulk_create(
        Lot(
            account=account,
            operation=f"crowd:{account.pk}",
            name="Cashback",
            amount=Money(1000),
            remaining=Money(1000),
            first_day=date(2026, 1, 1),
            last_day=date(2026, 3, 9),
            created_at=factories.NOW,
        )
        for account in rows
    )


def reads(work: Callable[[], object]) -> int:
    """How many questions were asked. SQLite takes a row of a letter in 58s, PostgreSQL in thousands: not counted."""
    return len([sql for sql in statements(work) if not sql.startswith("INSERT")])


def test_a_thousand_letters_cost_the_queries_of_ten(house: House) -> None:
    many(10)
    few = reads(lambda: night(house))
    assert Message.objects.count() == 10
    Message.objects.all().delete()
    Client.objects.update(email=None)
    many(990)

    assert reads(lambda: night(house)) == few
    assert Message.objects.count() == 1000
    assert few < 12


def test_a_killed_night_goes_on_where_it_was(house: House, boris: Client, alice: Client) -> None:
    """As if the worker was killed between two batches: half of the letters are there."""
    for client in (boris, alice):
        give(account_of(client), 5000, until=date(2026, 3, 9))
    night(house)
    Message.objects.filter(client=alice).delete()

    assert night(house, date(2026, 3, 3)) == 1
    assert Message.objects.count() == 2
