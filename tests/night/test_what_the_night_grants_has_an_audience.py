"""What the night gives goes to whom the program is for, until its budget is used up, with a letter for each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from clients.models import Client, LetterTemplate, Location, Message
from loyalty import occasions
from loyalty.birthdays import grant_birthday_bonuses
from loyalty.models import BonusProgram, Budget, Lot, Standing
from loyalty.money import Money
from loyalty.winback import grant_winback_bonuses
from tests import factories
from tests.conftest import Together
from tests.night.value import account_of, tonight

pytestmark = pytest.mark.django_db
MARCH_2 = date(2026, 3, 2)
GIVE = {"amount": Money(3000), "lifetime_days": 14}


def birthday(**facts: Any) -> BonusProgram:
    program: BonusProgram = factories.BonusProgramFactory(
        **{"code": "birthday", "name": "Birthday", "trigger": "birthday", **GIVE, **facts}
    )
    return program


def celebrating(**facts: Any) -> Client:
    client: Client = factories.ClientFactory(birthday=date(1990, 3, 2), **facts)
    account_of(client)
    return client


def night(days_late: int = 0) -> int:
    return grant_birthday_bonuses(tonight(MARCH_2, days_late=days_late))


def given_to() -> list[int | None]:
    return list(Lot.objects.order_by("pk").values_list("account__client", flat=True))


# --- for whom -----------------------------------------------------------------------------------------------------


def test_a_program_of_a_segment_gives_to_its_members(business: object) -> None:
    segment = factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    birthday(segment=segment)
    friend, _other = celebrating(), celebrating()
    friend.tags.create(name="friend")

    assert (night(), given_to()) == (1, [friend.pk])


def test_a_segment_is_asked_as_of_the_night(business: object) -> None:
    """Ten days since the last visit on 2 March; when the night is made up on the 7th it is fifteen."""
    segment = factories.SegmentFactory(code="recent", visits_min=None, last_visit_days_max=10)
    birthday(segment=segment)
    client = celebrating()
    Standing.objects.create(client=client, visits=1, last_visit_at=datetime(2026, 2, 20, 17, 0, tzinfo=UTC))

    assert night(days_late=5) == 1


def test_a_segment_that_is_off_has_nobody(business: object) -> None:
    birthday(segment=factories.SegmentFactory(enabled=False))
    celebrating()

    assert night() == 0


def test_a_program_of_a_location_gives_to_those_who_registered_there(location: Location) -> None:
    birthday(locations=["main"])
    here, _elsewhere, _nowhere = (
        celebrating(home=location),
        celebrating(home=factories.LocationFactory(code="riverside")),
        celebrating(),
    )

    assert (night(), given_to()) == (1, [here.pk])


def test_absence_has_the_same_audience(location: Location) -> None:
    factories.BonusProgramFactory(
        code="missyou", name="Miss you", trigger="inactivity", days=60, locations=["main"], **GIVE
    )
    here, elsewhere = celebrating(home=location), celebrating()
    for client in (here, elsewhere):
        Standing.objects.create(client=client, visits=1, last_visit_at=datetime(2025, 12, 1, 17, 0, tzinfo=UTC))

    assert grant_winback_bonuses(tonight(MARCH_2)) == 1
    assert given_to() == [here.pk]


# --- the budget ---------------------------------------------------------------------------------------------------


def used(program: BonusProgram) -> Money:
    return Budget.objects.get(program=program).given


def test_the_budget_goes_to_the_oldest_accounts_and_no_further(business: object) -> None:
    program = birthday(budget=Money(10000))
    people = [celebrating() for _client in range(5)]

    assert (night(), night()) == (3, 0)
    assert given_to() == [client.pk for client in people[:3]]
    assert used(program) == 9000


def test_what_was_given_before_does_not_count_twice(business: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first night was killed after its first batch; a budget that is raised gives to the others."""
    monkeypatch.setattr(occasions, "AT_ONCE", 2)
    program = birthday(budget=Money(6000))
    for _client in range(5):
        celebrating()
    assert night() == 2

    program.budget = Money(12000)
    program.save()

    assert (night(), used(program)) == (2, 12000)


def test_without_a_budget_nothing_is_counted(business: object) -> None:
    birthday()
    celebrating()

    assert (night(), Budget.objects.count()) == (1, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_keep_the_budget(business: object, together: Together) -> None:
    program = birthday(budget=Money(60000))
    for _client in range(40):
        celebrating()

    counts = together(night, night, night)

    assert (sum(counts), used(program), Lot.objects.count()) == (20, 60000, 20)


# --- the letter ---------------------------------------------------------------------------------------------------


@pytest.fixture
def letter(business: object) -> LetterTemplate:
    return LetterTemplate.objects.create(
        code="party", name="Party", topic="bonuses", subject_en="Party", body_en="{amount} until {last_day}"
    )


def test_each_new_grant_is_told_once(letter: LetterTemplate) -> None:
    birthday(letter=letter)
    client = celebrating(email="boris@example.com")

    assert (night(), night()) == (1, 0)
    message = Message.objects.get()
    assert message.operation == f"letter:birthday:2026:birthday:client:{client.pk}"
    assert (message.client, message.template, message.occasion) == (client, letter, "program:birthday")
    assert (message.facts["amount"], message.facts["program"]) == ("30.00", "Birthday")


def test_a_night_that_is_made_up_tells_of_what_can_still_be_spent(letter: LetterTemplate) -> None:
    birthday(letter=letter)
    celebrating()

    assert (night(days_late=14), Message.objects.count()) == (1, 1)
    message = Message.objects.get()
    assert message.useless_at == datetime(2026, 3, 17, 4, 0, tzinfo=UTC)  # the end of 16 March in New York


def test_a_night_that_is_made_up_too_late_tells_nothing(letter: LetterTemplate) -> None:
    birthday(letter=letter)
    celebrating()

    assert (night(days_late=15), Message.objects.count()) == (1, 0)


def test_only_those_who_got_something_are_told(letter: LetterTemplate) -> None:
    birthday(letter=letter, budget=Money(3000))
    first, _second = celebrating(), celebrating()

    night()

    assert list(Message.objects.values_list("client", flat=True)) == [first.pk]
