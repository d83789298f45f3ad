"""The desk offers the refund to who may make it, by the age of the check, and says whom to ask otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clients.models import Client, Location, Staff
from loyalty.models import HouseRules, Refund, Visit
from tests import factories
from tests.desk.screen import Screen, signed_in
from tests.till import Till

WHOLE = {"refund_key": "r" * 32, "reason": "The trainer fell ill", "whole": "1"}
FORM = 'name="reason"'


TILL = Till(now=factories.NOW)


def sold(client: Client, **ago: float) -> Visit:
    """A personal training, so long ago."""
    return replace(TILL, now=TILL.now - timedelta(**ago)).sell("personal", client=client).visit


def confirmed(screen: Screen, visit: Visit) -> int:
    return int(screen.browser.post(f"/desk/visits/{visit.pk}/refund/", WHOLE | {"confirm": "1"}).status_code)


def test_the_front_desk_refunds_what_is_young_enough(desk: Screen, boris: Client) -> None:
    HouseRules.objects.update(desk_refund_hours=2)
    young, old = sold(boris, hours=2), sold(boris, hours=3)
    desk.read(f"/desk/visits/{young.pk}/")
    assert FORM in desk.html
    assert "A manager refunds it from this page." in desk.read(f"/desk/visits/{old.pk}/")
    assert FORM not in desk.html
    assert (confirmed(desk, old), confirmed(desk, young)) == (403, 302)
    assert [refund.visit for refund in Refund.objects.all()] == [young]


def test_without_hours_the_front_desk_refunds_nothing(desk: Screen, boris: Client) -> None:
    visit = sold(boris, hours=0)
    assert "A manager refunds it from this page." in desk.read(f"/desk/visits/{visit.pk}/")
    assert confirmed(desk, visit) == 403


def test_what_is_too_old_for_a_manager_is_the_owner_s(desk: Screen, manager: Screen, boris: Client) -> None:
    HouseRules.objects.update(desk_refund_hours=2, manager_refund_days=7)
    visit = sold(boris, days=8)
    for screen in (desk, manager):
        assert "so old that only the owner refunds it" in screen.read(f"/desk/visits/{visit.pk}/")
        assert confirmed(screen, visit) == 403
    assert not Refund.objects.exists()
    owner = signed_in(factories.StaffFactory(role="owner"))
    owner.read(f"/desk/visits/{visit.pk}/")
    assert FORM in owner.html
    assert confirmed(owner, visit) == 302


@pytest.mark.parametrize("days", [None, 7])
def test_a_manager_refunds_what_is_within_the_days(manager: Screen, boris: Client, days: int | None) -> None:
    HouseRules.objects.update(manager_refund_days=days)
    assert confirmed(manager, sold(boris, days=6)) == 302


def test_the_reasons_stand_under_the_figures_before_and_after(manager: Screen, boris: Client) -> None:
    visit = sold(boris, hours=1)
    manager.shown(manager.browser.post(f"/desk/visits/{visit.pk}/refund/", WHOLE))
    tried = "Why these figures What comes back 1 x Personal training, 60.00 at list price: 60.00 in money."
    assert tried in manager.text
    assert not Refund.objects.exists()
    assert confirmed(manager, visit) == 302
    page = manager.read(f"/desk/visits/{visit.pk}/")
    assert tried in page
    assert "Whoever brought this client got 3.00 for this check." in page


def test_a_person_of_another_place_gets_no_reason(flexgym: Location, boris: Client) -> None:
    visit = sold(boris, hours=1)
    elsewhere: Staff = factories.StaffFactory(role="manager", locations=[Location.objects.get(code="riverside")])
    assert confirmed(signed_in(elsewhere), visit) == 404
