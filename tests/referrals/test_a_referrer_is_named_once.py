"""Naming the one who brought a client (`domain.md` section 8): once, before the first visit, and nobody oneself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from clients.models import Client
from loyalty.models import Lot
from loyalty.registration import amend
from referrals.models import Code, Referral, ReferralProgram
from referrals.naming import ReferrerRefused
from tests.conftest import Together
from tests.referrals.conftest import Join, change
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def name(till: Till, friend: Client, said: str | None) -> None:
    amend(client=friend, changes={}, extras={"referrer": said}, by=VERA, now=till.now)


def code_of(client: Client) -> str:
    return Code.objects.get(client=client).code


def test_a_friend_names_a_code_a_link_a_phone_or_a_card(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", phone="+12125550100")
    code, card = code_of(ann), ann.cards.get().number
    said = [
        code,
        f" {code.lower()[:4]}-{code.lower()[4:]} ",
        "(212) 555-0100",
        "+12125550100",
        f"{card[:4]} {card[4:]}",
        f"http://localhost:8000/join/{code}/",
        f"Come with me: www.flexgym.example/JOIN/{code.lower()}?from=ann",
        "https://flexgym.example/join/%2B12125550100/",
        f"/join/{card}",
    ]
    friends = [join(f"Friend {n}", way) for n, way in enumerate(said)]
    assert [Referral.objects.get(friend=friend).referrer for friend in friends] == [ann] * 9
    first = Referral.objects.get(friend=friends[0])
    assert (first.named_at, first.by) == (till.now, "staff:vera")


def test_the_friend_starts_with_the_bonus_on_the_terms_of_the_program(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    ann = join("Ann")
    bob = join("Bob", code_of(ann))
    lot = Lot.objects.get()
    assert (lot.account.client, lot.amount, lot.program, lot.name) == (bob, 10000, "referral", "Referral program")
    assert (lot.last_day, lot.limit_percent, lot.min_check) == (date(2027, 3, 2), Decimal(50), cents("50"))
    assert lot.operation == f"client:{bob.pk}:referrals:welcome"


def test_whoever_names_nobody_gets_nothing(till: Till, program: ReferralProgram, join: Join) -> None:
    for said in (None, "", "  "):
        join("Bob", said)
    assert not Lot.objects.exists()
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        "NOBODYXX",
        "+12125559999",
        "79927398713",
        "ann",
        "A\x00",
        "A" * 500,
        "http://localhost:8000/join/NOBODYXX/",
        "http://localhost:8000/join/",
        "/join/A%00",
        "/join/" + "A" * 500,
    ],
)
def test_an_unknown_referrer_is_refused_and_nobody_is_registered(
    till: Till, program: ReferralProgram, join: Join, said: str
) -> None:
    join("Ann")
    with pytest.raises(ReferrerRefused) as refused:
        join("Bob", said)
    assert (refused.value.code, refused.value.field) == ("referrer_refused", "referrer")
    assert refused.value.facts == {"reason": "unknown"}
    assert Client.objects.get().first_name == "Ann"


def test_nobody_brings_themselves(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", phone="+12125550100", email="ann@example.com")
    refusals = []
    for said in (code_of(ann), "+12125550100", ann.cards.get().number):
        with pytest.raises(ReferrerRefused) as refused:
            name(till, ann, said)
        refusals.append(refused.value.facts["reason"])
    with pytest.raises(ReferrerRefused) as refused:
        join("Ann again", code_of(ann), email="ANN@example.com")
    assert [*refusals, refused.value.facts["reason"]] == ["self", "same_phone", "same_card", "same_email"]
    assert not Referral.objects.exists()
    assert Client.objects.count() == 1


def test_the_first_named_stays_for_life(till: Till, program: ReferralProgram, join: Join) -> None:
    ann, carl = join("Ann"), join("Carl")
    bob = join("Bob", code_of(ann))
    for said in (code_of(carl), None):
        with pytest.raises(ReferrerRefused) as refused:
            name(till, bob, said)
        assert refused.value.facts["reason"] == "already_named"
    name(till, bob, code_of(ann))
    assert Referral.objects.get(friend=bob).referrer == ann
    assert Lot.objects.count() == 1


def test_a_referrer_is_named_until_the_first_visit(till: Till, program: ReferralProgram, join: Join) -> None:
    ann, bob, carl = join("Ann"), join("Bob"), join("Carl")
    name(till, bob, code_of(ann))
    assert till.balance(bob) == cents("100")
    visit = till.sell("session", client=carl)
    with pytest.raises(ReferrerRefused) as refused:
        name(till, carl, code_of(ann))
    assert refused.value.facts["reason"] == "known_client"
    till.refund(visit)  # a visit that wholly came back counts for nothing
    name(till, carl, code_of(ann))
    assert Referral.objects.filter(referrer=ann).count() == 2


@pytest.mark.parametrize("length", [2, 3, 6])
def test_a_circle_is_refused_whatever_its_length(till: Till, program: ReferralProgram, join: Join, length: int) -> None:
    clients = [join("First")]
    for n in range(1, length):
        clients.append(join(f"Client {n}", code_of(clients[-1])))
    with pytest.raises(ReferrerRefused) as refused:
        name(till, clients[0], code_of(clients[-1]))
    assert refused.value.facts["reason"] == "circle"
    assert not Referral.objects.filter(friend=clients[0]).exists()
    name(till, clients[0], code_of(join("Somebody else")))


@pytest.mark.parametrize("off", [{"enabled": False}, {"from_day": date(2026, 3, 3)}, {"to_day": date(2026, 3, 1)}])
def test_nobody_is_named_while_the_program_is_off(
    till: Till, program: ReferralProgram, join: Join, off: dict[str, object]
) -> None:
    ann = join("Ann")
    change(program, **off)
    with pytest.raises(ReferrerRefused) as refused:
        join("Bob", code_of(ann))
    assert refused.value.facts["reason"] == "program_off"
    assert Client.objects.count() == 1


def test_codes_are_letters_that_do_not_look_alike(till: Till, program: ReferralProgram, join: Join) -> None:
    codes = [code_of(join(f"Client {n}")) for n in range(30)]
    assert len(set(codes)) == 30
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("0123456789IOL")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_name_each_other_at_once_make_no_circle(
    till: Till, program: ReferralProgram, join: Join, together: Together
) -> None:
    ann, bob = join("Ann"), join("Bob")
    answers = together(lambda: name(till, ann, code_of(bob)), lambda: name(till, bob, code_of(ann)))
    refused = [answer for answer in answers if isinstance(answer, ReferrerRefused)]
    assert [answer.facts["reason"] for answer in refused] == ["circle"]
    assert Referral.objects.count() == 1
