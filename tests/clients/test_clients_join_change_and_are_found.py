"""Joining: what is said is checked and kept in one spelling; account and welcome come with it, or nothing at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Client, Consent
from clients.refusals import Invalid, Refusal
from clients.registration import AlreadyClient, search
from loyalty.models import Account, Entry, Lot, Standing
from loyalty.registration import amend, extra_keys, register
from referrals.models import Code
from tests import factories
from tests.conftest import Together
from tests.factories import with_check_digit
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
PLASTIC = with_check_digit("77000000012")
DORA = {"first_name": "Dora", "last_name": "Novak", "phone": "(212) 555-7700"}


def join(till: Till, *, key: str = "", **details: Any) -> Client:
    extras = {name: details.pop(name) for name in ("referrer",) if name in details}
    return register(details=details, extras=extras, by=VERA, now=till.now, key=key)


def test_whoever_joins_has_a_card_an_account_and_a_code(till: Till) -> None:
    client = join(till, **DORA, email=" Dora@Example.COM ", birthday="1990-05-31", language="ru", consents=["terms"])
    client.refresh_from_db()
    assert (client.first_name, client.last_name, client.phone) == ("Dora", "Novak", "+12125557700")
    assert (client.email, client.birthday, client.language) == ("dora@example.com", date(1990, 5, 31), "ru")
    assert (client.search_name, client.created_at) == ("dora novak", till.now)
    assert len(client.cards.get().number) == 10
    account = Account.objects.get(client=client)
    assert (account.unit, account.operation) == ("bonus", f"client:{client.pk}:bonus")
    assert Standing.objects.get(client=client).total_spent == 0
    assert Code.objects.get(client=client).code.isalpha()
    consent = Consent.objects.get(client=client)
    assert (consent.topic, consent.given_at) == ("terms", till.now)
    assert not Lot.objects.exists()


def test_the_welcome_bonus_is_granted_on_joining(till: Till) -> None:
    factories.BonusProgramFactory(lifetime_days=90)
    client = join(till, **DORA)
    lot = Lot.objects.get(account__client=client)
    assert (lot.amount, lot.program, lot.last_day) == (10000, "welcome", date(2026, 5, 31))
    assert Entry.objects.get().by == "staff:vera"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"first_name": " "}, "first_name"),
        ({"last_name": "Novak"}, "first_name"),
        ({"card": PLASTIC, "phone": "2125557700"}, "first_name"),
        ({"first_name": "D\x00ra"}, "first_name"),
        ({"first_name": "Do\nra"}, "first_name"),
        ({"first_name": "Dora \u202e"}, "first_name"),
        ({"first_name": "\ud800"}, "first_name"),
        ({"first_name": "D" * 81}, "first_name"),
        ({"first_name": 5}, "first_name"),
        ({"first_name": "Dora", "phone": "555"}, "phone"),
        ({"first_name": "Dora", "phone": 2125557700}, "phone"),
        ({"first_name": "Dora", "email": "dora"}, "email"),
        ({"first_name": "Dora", "birthday": "31.05.1990"}, "birthday"),
        ({"first_name": "Dora", "birthday": "2026-03-03"}, "birthday"),
        ({"first_name": "Dora", "birthday": "1899-12-31"}, "birthday"),
        ({"first_name": "Dora", "birthday": "2025-02-29"}, "birthday"),
        ({"first_name": "Dora", "birthday": 19900531}, "birthday"),
        ({"first_name": "Dora", "language": "xx"}, "language"),
        ({"first_name": "Dora", "language": ["en"]}, "language"),
        ({"first_name": "Dora", "card": "4111111111111112"}, "card"),
        ({"first_name": "Dora", "card": "abc"}, "card"),
        ({"first_name": "Dora", "consents": ["spam"]}, "consents[0]"),
        ({"first_name": "Dora", "consents": "terms"}, "consents"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(till: Till, details: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        join(till, **details)
    assert refused.value.field == field
    assert not Client.objects.exists()
    assert not Account.objects.exists()


def test_a_card_alone_is_enough(till: Till) -> None:
    client = join(till, card=PLASTIC)
    assert (client.full_name, client.phone, client.cards.get().number) == ("", None, PLASTIC)


def test_a_phone_belongs_to_one_client(till: Till) -> None:
    join(till, **DORA)
    with pytest.raises(AlreadyClient) as refused:
        join(till, first_name="Dorothy", phone="+1 212 555 7700")
    assert (refused.value.code, refused.value.field) == ("invalid", "phone")
    assert Client.objects.count() == 1


def test_a_family_shares_an_address(till: Till) -> None:
    join(till, first_name="Dora", email="home@example.com")
    join(till, first_name="Egor", email="HOME@example.com")
    assert Client.objects.filter(email="home@example.com").count() == 2


def test_a_key_that_nobody_reads_is_refused(till: Till) -> None:
    assert extra_keys() == {"referrer"}
    with pytest.raises(Invalid) as refused:
        register(details=DORA, extras={"stamps": 5}, by=VERA, now=till.now)
    assert refused.value.field == "stamps"
    assert not Client.objects.exists()


def test_a_form_sent_twice_registers_once(till: Till) -> None:
    factories.BonusProgramFactory()
    first = join(till, first_name="Dora", key="form 1")
    assert join(till, first_name="Dora", key="form 1") == first
    assert join(till, first_name="Dora", key="form 2") != first
    assert (Client.objects.count(), Lot.objects.count()) == (2, 2)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_registers_once(till: Till, together: Together) -> None:
    answers = together(*[lambda: join(till, first_name="Dora", key="form 1")] * 2)
    assert answers[0] == answers[1] == Client.objects.get()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_with_the_same_phone_at_once_one_joins(till: Till, together: Together) -> None:
    answers = together(*[lambda: join(till, **DORA)] * 2)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [AlreadyClient]
    assert Client.objects.count() == 1


def test_only_what_is_named_changes(till: Till) -> None:
    client = join(till, **DORA, email="dora@example.com", consents=["terms", "sms"])
    amend(client=client, changes={"last_name": "Petrova", "email": None}, by=VERA, now=till.now)
    client.refresh_from_db()
    assert (client.full_name, client.search_name, client.email, client.phone) == (
        "Dora Petrova",
        "dora petrova",
        None,
        "+12125557700",
    )
    later = till.later(days=1).now
    amend(client=client, changes={"consents": ["terms", "email"]}, by=VERA, now=later)
    standing = dict(Consent.objects.filter(withdrawn_at=None).values_list("topic", "given_at"))
    assert standing == {"terms": till.now, "email": later}
    assert Consent.objects.get(topic="sms").withdrawn_at == later


@pytest.mark.parametrize("changes", [{"first_name": ""}, {"created_at": "x"}, {"phone": "+12125557701"}])
def test_a_change_that_makes_no_sense_changes_nothing(till: Till, changes: dict[str, Any]) -> None:
    client = join(till, **DORA)
    join(till, first_name="Egor", phone="+12125557701")
    with pytest.raises(Refusal) as refused:
        amend(client=client, changes={"last_name": "Other", **changes}, by=Actor.key("till"), now=till.now)
    assert refused.value.field == next(iter(changes))
    client.refresh_from_db()
    assert (client.last_name, client.phone) == ("Novak", "+12125557700")


@pytest.mark.parametrize(
    "typed",
    [
        "dora",
        "DORA NOV",
        "novak",
        "nov do",
        "2125557700",
        "+1 (212) 555-7700",
        "7700",
        "555-77",
        "dora@example.com",
        "Dora@Example.com ",
        PLASTIC,
        f"{PLASTIC[:4]} {PLASTIC[4:]}",
        PLASTIC[-4:],
    ],
)
def test_a_client_is_found_by_what_is_typed(till: Till, typed: str) -> None:
    client = join(till, **DORA, email="dora@example.com", card=PLASTIC)
    join(till, first_name="Egor", phone="+12125550001")
    assert list(search(typed)) == [client]


@pytest.mark.parametrize("typed", ["", "  ", "zzz", "%", "_", "\x00", "99999", "d%a"])
def test_nobody_is_found_by_nothing(till: Till, typed: str) -> None:
    join(till, **DORA)
    assert list(search(typed)) == []


def test_a_search_in_another_alphabet_ignores_case(till: Till) -> None:
    client = join(till, first_name="Ёлка", last_name="ИВАНОВА")
    assert list(search("ёлка")) == list(search("иванова")) == [client]


def test_at_most_twenty_are_found_the_newest_first(till: Till) -> None:
    clients = [join(till, first_name=f"Dora {n}") for n in range(22)]
    assert list(search("dora")) == clients[::-1][:20]


def test_the_welcome_is_in_the_balance(till: Till) -> None:
    factories.BonusProgramFactory()
    assert till.balance(join(till, **DORA)) == cents("100")
