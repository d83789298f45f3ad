"""At the desk: what is free is used or kept, what was collected is seen, prizes are taken and handed over."""

from __future__ import annotations

import re

import pytest

from clients.models import Client, Staff
from loyalty.models import FreeService, Prize, PrizeClaim, Visit
from loyalty.money import Money
from tests import factories
from tests.desk.screen import Screen, signed_in
from tests.presents import factories as presents
from tests.presents.conftest import give_free, left
from tests.till import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def free(boris: Client) -> FreeService:
    return give_free(Till(now=factories.NOW), boris, "towel", name="Ten towels")


@pytest.fixture
def bottle(boris: Client) -> Prize:
    """Boris has 100.00 to begin with."""
    prize: Prize = presents.PrizeFactory(free_days=30)
    return prize


def test_what_is_free_is_used_and_said(desk: Screen, boris: Client, free: FreeService) -> None:
    desk.open(boris)
    assert "1 free of “Ten towels”" in desk.text
    desk.add("service:towel")
    assert "free: 3.00" in desk.text
    assert "Free services −3.00" in desk.text
    assert "Membership −" not in desk.text
    desk.pay()
    visit = Visit.objects.get()
    assert (visit.to_pay, left(free)) == (0, 0)
    assert "Free: 1 x Towel, by “Ten towels”; left: 0." in desk.read(f"/desk/visits/{visit.pk}/")


def test_it_is_kept_when_staff_say_so(desk: Screen, boris: Client, free: FreeService) -> None:
    desk.open(boris)
    desk.add("service:towel")
    desk.press(free="no")
    assert "free: 3.00" not in desk.text
    assert "Keep what is free for another time" in desk.text
    desk.pay()
    assert (Visit.objects.get().to_pay, left(free)) == (300, 1)


def test_another_client_begins_anew(desk: Screen, boris: Client, alice: Client, free: FreeService) -> None:
    desk.open(alice)
    desk.add("service:towel")
    desk.press(free="no")
    desk.press(choose=str(boris.pk), free="no")
    assert "free: 3.00" in desk.text


def test_what_was_collected_is_seen_and_given(desk: Screen, boris: Client) -> None:
    presents.StampProgramFactory(services=["towel"], needed=2, name="Two towels")
    for _time in range(2):
        desk.open(boris)
        desk.add("service:towel")
        desk.pay()
    assert [note["code"] for note in Visit.objects.order_by("-pk")[0].facts["trace"] if note["stage"] == "stamps"] == [
        "stamps.given",
        "stamps.turned",
    ]
    desk.open(boris)
    assert "1 free of “Two towels”" in desk.text


def test_the_code_of_a_card_that_is_a_gift_is_shown_once(desk: Screen, boris: Client) -> None:
    gift = {"service": None, "good": "gift", "amount": Money(1500), "from_sum": Money(300)}
    presents.GiftProgramFactory(**gift)
    desk.open(boris)
    desk.add("service:towel")
    desk.pay()
    visit = Visit.objects.get()
    page = desk.read(f"/desk/visits/{visit.pk}/")
    assert "The gift card's code" in page
    assert re.search(r"[2-9A-Z]{6} [2-9A-Z]{6} [2-9A-Z]{6}", page)
    assert "The gift card's code" not in desk.read(f"/desk/visits/{visit.pk}/")


# --- prizes ---


def key_of(html: str) -> str:
    match = re.search(r'name="key" value="([^"]+)"', html)
    assert match is not None
    return match[1]


def take(desk: Screen, client: Client) -> PrizeClaim:
    desk.read(f"/desk/clients/{client.pk}/prizes/")
    said = {"prize": "bottle", "key": key_of(desk.html)}
    for _time in range(2):
        assert desk.browser.post(f"/desk/clients/{client.pk}/prizes/take/", said).status_code == 302
    return PrizeClaim.objects.get()


def test_a_prize_is_taken_once_and_handed_over(desk: Screen, boris: Client, bottle: Prize) -> None:
    claim = take(desk, boris)
    assert (claim.by, claim.location.code if claim.location else "") == ("staff:vera", "main")
    desk.open(boris)
    assert f"Bottle P{claim.pk:05d} Prizes to hand over" in desk.text
    page = desk.read(f"/desk/clients/{boris.pk}/prizes/")
    assert f"Waits for the client Bottle P{claim.pk:05d} 50.00 kept until 1 April 2026" in page
    assert desk.browser.post(f"/desk/clients/{boris.pk}/prizes/{claim.pk}/hand-over/").status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.closed_by) == ("handed_over", "staff:vera")
    again = desk.browser.post(f"/desk/clients/{boris.pk}/prizes/{claim.pk}/hand-over/")
    assert again.status_code == 422
    assert "was handed over already." in again.content.decode()


def test_taken_back_it_needs_a_reason(desk: Screen, boris: Client, bottle: Prize) -> None:
    claim = take(desk, boris)
    path = f"/desk/clients/{boris.pk}/prizes/{claim.pk}/take-back/"
    assert desk.browser.post(path, {"reason": " "}).status_code == 422
    assert desk.browser.post(path, {"reason": "wrong colour"}).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.reason) == ("cancelled", "wrong colour")
    assert "100.00 bonuses can be used." in desk.read(f"/desk/clients/{boris.pk}/prizes/")


def test_what_is_too_dear_is_said(desk: Screen, boris: Client, bottle: Prize) -> None:
    bottle.price = Money(15000)
    bottle.save()
    assert "50.00 more bonuses are needed." in desk.read(f"/desk/clients/{boris.pk}/prizes/")
    said = {"prize": "bottle", "key": "k" * 32}
    assert desk.browser.post(f"/desk/clients/{boris.pk}/prizes/take/", said).status_code == 422


@pytest.mark.parametrize("client", ["0", "999", "abc", "9" * 30, "%00"])
def test_odd_addresses_are_not_there(desk: Screen, bottle: Prize, client: str) -> None:
    assert desk.browser.get(f"/desk/clients/{client}/prizes/").status_code == 404
    assert desk.browser.post(f"/desk/clients/{client}/prizes/take/").status_code == 404


def test_a_prize_of_another_client_is_not_theirs(desk: Screen, boris: Client, alice: Client, bottle: Prize) -> None:
    claim = take(desk, boris)
    assert desk.browser.post(f"/desk/clients/{alice.pk}/prizes/{claim.pk}/hand-over/").status_code == 404


def test_who_may_not_record_visits_hands_nothing_over(boris: Client, bottle: Prize) -> None:
    auditor: Staff = factories.StaffFactory(username="otto", role="auditor")
    assert signed_in(auditor).browser.get(f"/desk/clients/{boris.pk}/prizes/").status_code == 403


def test_an_odd_prize_is_no_prize(desk: Screen, boris: Client) -> None:
    for odd in ("\x00", "bo\x00ttle", "9" * 400, "нет"):
        answer = desk.browser.post(f"/desk/clients/{boris.pk}/prizes/take/", {"prize": odd, "key": "k" * 20})
        assert answer.status_code == 422
