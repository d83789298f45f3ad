"""The page of a membership at the desk: each verb asks first and says what happens, to those with the right."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest

from clients.models import Client, Location, Staff
from loyalty.money import Money
from memberships.models import Change, Membership, MembershipPerson, Plan
from tests import factories
from tests.desk.conftest import _noon, alice, boris, desk, flexgym, manager, mara, vera
from tests.desk.screen import Screen, signed_in
from tests.memberships.life import remaining
from tests.till import Till

__all__ = ["_noon", "alice", "boris", "desk", "flexgym", "manager", "mara", "vera"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def held(flexgym: Location, boris: Client) -> Membership:
    """Five sessions, bought on 2 March, until 31 May."""
    Plan.objects.filter(code="five").update(people=3)
    sold = Till(now=factories.NOW).sell({"membership_plan": "five"}, client=boris)
    return Membership.objects.get(sold_on__visit=sold.visit)


def do(screen: Screen, held: Membership, verb: str, **typed: Any) -> str:
    """Send the form; what the page says then."""
    answer = screen.browser.post(f"/desk/memberships/{held.pk}/{verb}/", typed)
    screen.shown(answer)
    return screen.text if answer.status_code != 302 else "done"


def sure(screen: Screen, held: Membership, verb: str) -> str:
    """Press the button of the question that is shown."""
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', _question(screen.html)))
    return do(screen, held, verb, **hidden, sure="yes")


def _question(html: str) -> str:
    return html[html.index('id="asked"') :].split("</form>", maxsplit=1)[0]


def end(held: Membership) -> str:
    return str(held.account.lots.get().last_day)


def test_the_panel_leads_to_it(desk: Screen, boris: Client, held: Membership) -> None:
    desk.open(boris)
    assert f'href="/desk/memberships/{held.pk}/"' in desk.html
    text = desk.read(f"/desk/memberships/{held.pk}/")
    assert "5 sessions left · until 31 May 2026" in text
    assert "14 freeze days of 14 left" in text
    assert "Not used yet." in text


def test_a_freeze_is_asked_about_and_done_once(desk: Screen, held: Membership) -> None:
    text = do(desk, held, "freeze", days="14", **{"from": "2026-03-03"})
    assert "Frozen for 14 days from 3 March 2026. The end moves from 31 May 2026 to 14 June 2026." in text
    assert (end(held), Change.objects.count()) == ("2026-05-31", 0)
    question = desk.html
    for _turn in range(2):
        desk.html = question
        assert sure(desk, held, "freeze") == "done"
    assert end(held) == "2026-06-14"
    text = desk.read(f"/desk/memberships/{held.pk}/")
    assert "Frozen from 3 March 2026 until 16 March 2026. The first visit ends it." in text
    assert "The end moves from 14 June 2026 to 31 May 2026." in do(desk, held, "unfreeze")
    assert sure(desk, held, "unfreeze") == "done"
    assert end(held) == "2026-05-31"


def test_a_refusal_is_said_and_what_was_typed_is_kept(desk: Screen, held: Membership) -> None:
    text = do(desk, held, "freeze", days="15", reason="holiday")
    assert "14 freeze days are left." in text
    assert 'value="holiday"' in desk.html
    assert "Say how many." in do(desk, held, "freeze", days="")


def test_only_those_with_the_right(desk: Screen, manager: Screen, held: Membership) -> None:
    assert "Extend" not in desk.read(f"/desk/memberships/{held.pk}/")
    for verb in ("extend", "transfer"):
        answer = desk.browser.post(f"/desk/memberships/{held.pk}/{verb}/", {"days": "3", "reason": "x"})
        assert answer.status_code == 404
    assert "3 days longer. The end moves from 31 May 2026 to 3 June 2026." in do(
        manager, held, "extend", days="3", reason="x"
    )
    assert sure(manager, held, "extend") == "done"
    assert end(held) == "2026-06-03"


def test_it_is_passed_on_to_somebody_who_is_found(manager: Screen, held: Membership, alice: Client) -> None:
    assert "No such client is found." in do(manager, held, "transfer", who="nobody at all", reason="x")
    text = do(manager, held, "transfer", who="Alice", sessions="2", reason="a present")
    assert "2 sessions go to" in text
    assert "with 36.00 that was paid for them." in text
    assert sure(manager, held, "transfer") == "done"
    assert (remaining(held), Membership.objects.get(client=alice).paid) == (3, Money(3600))
    assert "Out of it came “5 sessions” of" in manager.read(f"/desk/memberships/{held.pk}/")


def test_of_several_one_is_chosen(manager: Screen, held: Membership) -> None:
    twins = [factories.ClientFactory(first_name="Olga", last_name="Twin") for _turn in range(2)]
    assert "Who of them?" in do(manager, held, "transfer", who="Twin", sessions="2", reason="x")
    text = do(manager, held, "transfer", who="Twin", sessions="2", reason="x", client=str(twins[1].pk))
    assert "2 sessions go to Olga Twin" in text
    assert sure(manager, held, "transfer") == "done"
    assert Membership.objects.filter(client=twins[1]).count() == 1


def test_a_missed_appointment_and_its_session_back(desk: Screen, held: Membership) -> None:
    assert "A missed appointment takes a session: Training session." in do(desk, held, "no-show", reason="late")
    assert sure(desk, held, "no-show") == "done"
    assert remaining(held) == 4
    assert "Missed on 2 March 2026: give the session back" in desk.read(f"/desk/memberships/{held.pk}/")
    do(desk, held, "no-show-back", number="1", reason="was ill")
    assert sure(desk, held, "no-show-back") == "done"
    assert remaining(held) == 5


def test_people_are_named_and_taken_off(desk: Screen, held: Membership, alice: Client) -> None:
    assert "Alice Ivanova may use it." in do(desk, held, "person", who="Alice")
    assert sure(desk, held, "person") == "done"
    assert MembershipPerson.objects.get().client == alice
    do(desk, held, "person-off", client=str(alice.pk))
    assert sure(desk, held, "person-off") == "done"
    assert not MembershipPerson.objects.exists()


def test_another_plan_is_offered_with_what_is_to_pay(desk: Screen, held: Membership, boris: Client) -> None:
    assert "70.00 to pay" in desk.read(f"/desk/memberships/{held.pk}/")
    sent = {"client": str(boris.pk), "line": "membership_plan:ten", "detail-0-upgrade": str(held.pk)}
    desk.shown(desk.browser.post("/desk/check/", sent))
    assert "70.00" in desk.text
    assert "Changed from an earlier membership" in desk.text
    desk.pay()
    new = Membership.objects.get(origin=held)
    assert (new.paid, new.credit) == (Money(16000), Money(9000))


def test_the_calculation_is_shown_before_it_is_done(desk: Screen, held: Membership, boris: Client) -> None:
    Till(now=factories.NOW, operations=count(100)).sell("session", client=boris)
    text = desk.read(f"/desk/memberships/{held.pk}/calculation/")
    assert "Bought 5 Paid 90.00 Used 1 Left 4" in text
    assert "4 of 5 sessions are left 72.00 Comes back $72.00" in text


@pytest.mark.parametrize("odd", ["0", "999999", "x", "1" * 40, "%00"])
def test_odd_ids_are_not_found(desk: Screen, odd: str) -> None:
    assert desk.browser.get(f"/desk/memberships/{odd}/").status_code == 404
    assert desk.browser.post(f"/desk/memberships/{odd}/freeze/").status_code == 404


def test_whoever_may_not_stand_at_the_desk_sees_nothing(held: Membership) -> None:
    olga: Staff = factories.StaffFactory(username="olga", role="auditor")
    assert signed_in(olga).browser.get(f"/desk/memberships/{held.pk}/").status_code == 403
    assert Change.objects.count() == 0


def test_what_was_given_is_not_passed_on(manager: Screen, held: Membership) -> None:
    address = f"/desk/memberships/{held.pk}/"
    assert "Pass on to another client" in manager.read(address)
    Membership.objects.filter(pk=held.pk).update(given_by="referral")
    text = manager.read(address)
    assert "It was given, not bought: it stays with whoever got it." in text
    assert "Pass on to another client" not in text
