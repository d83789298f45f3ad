"""Naming a partner where a friend's code is said: the first named stays, and only before the first visit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clients.models import Client
from loyalty.models import Lot
from loyalty.registration import amend
from referrals.models import Code, Partner, PartnerClient, Referral, ReferralProgram
from referrals.naming import ReferrerRefused
from tests.conftest import Together
from tests.referrals.conftest import Join
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def yoga(till: Till) -> Partner:
    return Partner.objects.create(code="City-Yoga", name="City Yoga", percent=Decimal(10), email="city@example.com")


def name(till: Till, client: Client, said: str | None) -> None:
    amend(client=client, changes={}, extras={"referrer": said}, by=VERA, now=till.now)


def code_of(client: Client) -> str:
    return Code.objects.get(client=client).code


@pytest.mark.parametrize("said", ["City-Yoga", "CITY-YOGA", " city-yoga "])
def test_a_newcomer_names_a_partner_in_any_case(
    till: Till, program: ReferralProgram, join: Join, yoga: Partner, said: str
) -> None:
    bob = join("Bob", said)
    row = PartnerClient.objects.get()
    assert (row.client, row.partner, row.named_at, row.by) == (bob, yoga, till.now, "staff:vera")
    assert not Referral.objects.exists()
    assert not Lot.objects.exists()  # the friend's bonus is for friends


def test_partners_are_named_while_the_referral_program_is_off_or_not_there(
    till: Till, join: Join, yoga: Partner
) -> None:
    join("Bob", "city-yoga")
    assert PartnerClient.objects.count() == 1


def test_the_first_named_stays_for_life(till: Till, program: ReferralProgram, join: Join, yoga: Partner) -> None:
    other = Partner.objects.create(code="Cafe", name="Cafe", percent=Decimal(5))
    ann = join("Ann")
    bob = join("Bob", "City-Yoga")
    name(till, bob, "city-yoga")  # the same once more changes nothing
    for said in (other.code, code_of(ann), None):
        with pytest.raises(ReferrerRefused) as refused:
            name(till, bob, said)
        assert refused.value.facts == {"reason": "already_named"}
    carl = join("Carl", code_of(ann))
    with pytest.raises(ReferrerRefused) as refused:
        name(till, carl, yoga.code)
    assert refused.value.facts == {"reason": "already_named"}
    assert PartnerClient.objects.get().partner == yoga
    assert Referral.objects.get().friend == carl


def test_a_partner_is_named_until_the_first_visit(till: Till, join: Join, yoga: Partner) -> None:
    bob = join("Bob")
    visit = till.sell("session", client=bob)
    with pytest.raises(ReferrerRefused) as refused:
        name(till, bob, yoga.code)
    assert refused.value.facts == {"reason": "known_client"}
    till.refund(visit)
    name(till, bob, yoga.code)
    assert PartnerClient.objects.get().client == bob


def test_a_partner_who_is_off_brings_nobody(till: Till, join: Join, yoga: Partner) -> None:
    Partner.objects.update(enabled=False)
    with pytest.raises(ReferrerRefused) as refused:
        join("Bob", yoga.code)
    assert (refused.value.field, refused.value.facts) == ("referrer", {"reason": "partner_off"})
    assert not Client.objects.exists()


def test_a_partner_does_not_bring_themselves(till: Till, join: Join, yoga: Partner) -> None:
    with pytest.raises(ReferrerRefused) as refused:
        join("City", yoga.code, email="City@example.com")
    assert refused.value.facts == {"reason": "same_email"}
    assert not Client.objects.exists()


def test_a_clients_code_is_none_that_a_partner_has(
    till: Till, join: Join, yoga: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["CITY", "CITYGYMS"])
    monkeypatch.setattr("referrals.codes.new_code", lambda: next(drawn))
    Partner.objects.create(code="city", name="City", percent=Decimal(5))
    assert code_of(join("Ann")) == "CITYGYMS"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_friend_and_a_partner_named_at_once_do_not_both_stay(
    till: Till, program: ReferralProgram, join: Join, yoga: Partner, together: Together
) -> None:
    ann, bob = join("Ann"), join("Bob")
    answers = together(lambda: name(till, bob, code_of(ann)), lambda: name(till, bob, yoga.code))
    assert [type(answer) for answer in answers].count(ReferrerRefused) == 1
    assert Referral.objects.count() + PartnerClient.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_partners_named_at_once_do_not_both_stay(till: Till, join: Join, yoga: Partner, together: Together) -> None:
    Partner.objects.create(code="Cafe", name="Cafe", percent=Decimal(5))
    bob = join("Bob")
    answers = together(lambda: name(till, bob, "cafe"), lambda: name(till, bob, yoga.code))
    assert [type(answer) for answer in answers].count(ReferrerRefused) == 1
    assert PartnerClient.objects.count() == 1
