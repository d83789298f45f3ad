"""What a client reads of the friends whom they brought: first name and initial, how far, what it brought and why."""

from __future__ import annotations

from django.test import Client as Browser

from clients.models import Client
from loyalty.registration import register
from referrals import portal
from referrals.models import Referral, ReferralProgram
from tests.portal.conftest import Opened, text_of
from tests.till import VERA, Till


def seen(browser: Browser, address: str) -> str:
    return text_of(browser.get(address).content.decode())


def test_a_friend_is_a_first_name_and_an_initial(till: Till, alice: Client, boris: Client, opened: Opened) -> None:
    Referral.objects.update(evidence=[{"code": "same_phone", "phone": boris.phone}], flagged_at=till.now)
    till.sell("personal", client=boris)
    for address in ("/me/", "/me/friends/"):
        text = seen(opened(alice), address)
        assert "Boris P." in text
        assert "First visit on 2 March 2026." in text
        assert "+3.00" in text
        for hidden in ("Petrov", "5550102", "555 0102", "boris@example.com"):
            assert hidden not in text, (address, hidden)


def test_many_friends_have_a_page_of_their_own(till: Till, alice: Client, boris: Client, opened: Opened) -> None:
    browser = opened(alice)
    assert "All friends you brought" not in seen(browser, "/me/")
    for number in range(22):
        extras = {"referrer": alice.referral_code.code}
        register(details={"first_name": f"Friend{number}"}, extras=extras, by=VERA, now=till.now)
    text = seen(browser, "/me/")
    assert "23 friends joined, 0 were here" in text
    assert ("Friend21" in text, "Friend16" in text, "All friends you brought" in text) == (True, False, True)
    first = browser.get("/me/friends/")
    assert "Friend3" in text_of(first.content.decode())
    later = seen(browser, f"/me/friends/?after={first.context['next']}")
    assert ("Friend1" in later, "Boris P." in later) == (True, True)
    for odd in ("x", "-1", "9" * 40, "%00", "²"):
        assert browser.get(f"/me/friends/?after={odd}").status_code == 200


def test_friends_stay_when_the_program_is_off(till: Till, alice: Client, boris: Client, opened: Opened) -> None:
    till.sell("personal", client=boris)
    program = ReferralProgram.objects.get()
    program.enabled = False
    program.save()
    text = seen(opened(alice), "/me/")
    assert "Friends you brought" in text
    assert "Boris P." in text
    assert alice.referral_code.code not in text


def test_the_page_is_for_the_client_of_the_session(till: Till, alice: Client, boris: Client, opened: Opened) -> None:
    assert [pattern.name for pattern in portal.urlpatterns] == ["mine"]
    assert Browser().get("/me/friends/").headers["Location"] == "/me/enter/"
    browser = opened(boris)
    assert "Boris" not in seen(browser, "/me/friends/")
    assert browser.post("/me/friends/").status_code == 405
    assert browser.get("/me/friends/").headers["Cache-Control"] == "no-store, private"
