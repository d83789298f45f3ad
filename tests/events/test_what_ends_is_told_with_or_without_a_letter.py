"""Whoever listens hears once of what ends soon, whether or not the client is written to, and whatever comes of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Business, Client, LetterRules, LetterTemplate, Message
from loyalty import events
from loyalty.house import load_house
from loyalty.models import Event, Lot, Webhook
from loyalty.reminders import write_reminders
from tests import factories
from tests.night.value import give
from tests.till import statements

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def listener(business: Business) -> Webhook:
    hook, _secret = events.add(
        url="https://till.example/hook", events=["bonus.expiring", "membership.ending"], by=Actor.staff("anna")
    )
    return hook


@pytest.fixture
def template() -> LetterTemplate:
    texts = {"subject_en": "Soon", "body_en": "{amount} until {last_day}", "short_en": "{amount}"}
    one: LetterTemplate = LetterTemplate.objects.create(code="soon", name="Soon", topic="reminders", **texts)
    return one


def night(day: date = MONDAY) -> int:
    return write_reminders(day=day, house=load_house(), now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def told() -> list[dict[str, Any]]:
    return list(Event.objects.order_by("pk").values_list("facts", flat=True))


def nights(first: date, count: int) -> list[date]:
    """The nights that told something."""
    heard = []
    for day in (first + timedelta(days=i) for i in range(count)):
        before = Event.objects.count()
        night(day)
        heard += [day] * (Event.objects.count() > before)
    return heard


def ends(client: Client, last_day: str, amount: str) -> dict[str, str]:
    return {"client": str(client.pk), "last_day": last_day, "amount": amount}


def test_bonuses_are_told_of_a_week_before_where_there_are_no_rules_of_letters(boris: Client) -> None:
    for amount in (5000, 2500):
        give(boris, amount, until=date(2026, 3, 20))

    assert nights(MONDAY, 30) == [date(2026, 3, 13)]
    assert told() == [ends(boris, "2026-03-20", "75.00")]
    assert Event.objects.get().name == "bonus.expiring"
    assert not Message.objects.exists()


def test_the_days_before_are_those_of_the_rules(boris: Client, business: Business) -> None:
    LetterRules.objects.create(business=business, ending_days=3)
    give(boris, 5000, until=date(2026, 3, 20))

    assert nights(MONDAY, 30) == [date(2026, 3, 17)]


def test_missed_nights_are_made_up(boris: Client) -> None:
    give(boris, 5000, until=date(2026, 3, 9))

    assert nights(date(2026, 3, 6), 10) == [date(2026, 3, 6)]


def test_another_last_day_is_told_of_anew(boris: Client) -> None:
    lot = give(boris, 5000, until=date(2026, 3, 9))
    night()
    Lot.objects.filter(pk=lot.pk).update(last_day=date(2026, 3, 16))

    assert nights(date(2026, 3, 3), 20) == [date(2026, 3, 9)]
    assert [one["last_day"] for one in told()] == ["2026-03-09", "2026-03-16"]


def test_memberships_have_an_event_and_gift_cards_have_none(boris: Client) -> None:
    give(factories.AccountFactory(client=boris, unit="money"), 3000, until=date(2026, 3, 9))
    counted, any_number = (factories.AccountFactory(client=boris, unit="session") for _ in range(2))
    give(counted, 3, until=date(2026, 3, 9))
    give(any_number, 1_000_000, until=date(2026, 3, 9))
    Lot.objects.update(name="Five")

    assert nights(MONDAY, 9) == [MONDAY]
    said = {"client": str(boris.pk), "last_day": "2026-03-09", "name": "Five"}
    assert told() == [
        {**said, "membership": str(counted.pk), "sessions": 3},
        {**said, "membership": str(any_number.pk), "sessions": None},
    ]


def test_what_is_owed_is_taken_off_what_ends_first(boris: Client) -> None:
    """Boris owes 60.00: the 50.00 of the 8th repay some of it, the rest comes off the 20.00 of the 9th."""
    give(boris, 5000, until=date(2026, 3, 8))
    give(boris, 2000, until=date(2026, 3, 9))
    give(boris, -6000, until=None)

    night()
    assert told() == [ends(boris, "2026-03-09", "10.00")]


@dataclass(frozen=True)
class Case:
    """Which letter there is in the first night and in the second."""

    first: bool
    then: bool


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(first=True, then=True), id="a letter"),
        pytest.param(Case(first=False, then=True), id="a letter is chosen later"),
        pytest.param(Case(first=True, then=False), id="the letter is switched off in between"),
    ],
)
def test_letters_that_come_and_go_tell_nobody_twice(
    boris: Client, business: Business, template: LetterTemplate, case: Case
) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    rules = LetterRules.objects.create(business=business)
    for is_chosen in (case.first, case.then):
        rules.ending = template if is_chosen else None
        rules.save()
        night()

    assert told() == [ends(boris, "2026-03-09", "50.00")]
    assert Message.objects.count() == 1


def test_a_letter_that_does_not_go_keeps_no_event_back(
    boris: Client, business: Business, template: LetterTemplate
) -> None:
    """Boris has agreed to nothing and has no address; a letter there is, and it will say why it was not sent."""
    Client.objects.filter(pk=boris.pk).update(email=None, phone=None)
    LetterRules.objects.create(business=business, ending=template, weekly_cap=0)
    give(boris, 5000, until=date(2026, 3, 9))

    night()
    assert told() == [ends(boris, "2026-03-09", "50.00")]


def test_what_was_told_long_before_is_not_forgotten_until_it_has_ended(boris: Client, business: Business) -> None:
    LetterRules.objects.create(business=business, ending_days=90)
    give(boris, 5000, until=date(2026, 5, 20))
    night()
    Event.objects.update(is_spread=True, written_at=datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert events.forget_old(now=datetime(2026, 5, 21, 3, tzinfo=UTC)) == 0  # in Los Angeles the 20th is not over
    assert nights(date(2026, 5, 18), 5) == []
    assert events.forget_old(now=datetime(2026, 5, 22, 3, tzinfo=UTC)) == 1


def test_the_same_client_elsewhere_has_another_event(boris: Client) -> None:
    """Listeners know an event by its id: that of client 1 of one installation is not that of client 1 of another."""
    lot = give(boris, 5000, until=date(2026, 3, 9))
    night()
    here = Event.objects.get().key
    Event.objects.all().delete()
    night()
    assert Event.objects.get().key == here
    Event.objects.all().delete()
    lot.account.created_at += timedelta(seconds=1)
    lot.account.save()
    night()
    assert Event.objects.get().key != here


def test_where_nobody_listens_nothing_is_asked(boris: Client, listener: Webhook) -> None:
    give(boris, 5000, until=date(2026, 3, 9))
    read = len(statements(load_house))
    listening = statements(night)
    events.remove(listener)

    assert len(statements(night)) == read + 1  # the rules of letters
    assert len([sql for sql in listening if "INSERT" in sql]) == 1


def test_many_are_told_of_by_the_questions_of_one(boris: Client) -> None:
    def asked() -> int:
        return len([sql for sql in statements(night) if not sql.startswith("INSERT")])

    give(boris, 1000, until=date(2026, 3, 9))
    few = asked()
    for client in factories.ClientFactory.create_batch(40):
        give(client, 1000, until=date(2026, 3, 9))

    assert asked() == few
    assert Event.objects.count() == 41
