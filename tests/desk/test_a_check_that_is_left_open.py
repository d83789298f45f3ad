"""An open check at the desk is held for 15 minutes; an older one settles as it was shown, or shows what has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from clients.models import Client
from loyalty.models import PromisedRules, Service, Visit
from loyalty.money import Money
from tests import factories
from tests.desk.screen import Screen, signed_in


def later(**delta: float) -> time_machine.travel:
    return time_machine.travel(factories.NOW + timedelta(**delta), tick=False)


def dearer(price: int = 350) -> None:
    towel = Service.objects.get(code="towel")
    towel.price = Money(price)
    towel.save()


def test_for_a_quarter_of_an_hour_the_client_pays_what_was_shown(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    dearer()
    with later(minutes=15):
        assert desk.pay().status_code == 204
    assert Visit.objects.get().to_pay == Money(300)


def test_later_a_price_that_changed_is_told_and_then_held(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    dearer()
    with later(minutes=16):
        assert desk.pay().status_code == 422
        assert "Something changed while this check was open." in desk.text
        assert "To pay was 3.00 and is now 3.50." in desk.text
        assert not Visit.objects.exists()
    dearer(400)
    with later(minutes=30):
        assert desk.pay().status_code == 204
    assert Visit.objects.get().to_pay == Money(350)


@pytest.mark.parametrize("is_unrelated_change", [False, True])
def test_later_a_check_that_is_still_the_same_settles_without_a_word(
    desk: Screen, boris: Client, *, is_unrelated_change: bool
) -> None:
    desk.open(boris)
    desk.add("service:personal")
    desk.press(use_most="1")
    if is_unrelated_change:
        dearer()
    with later(hours=3):
        assert desk.pay().status_code == 204
    visit = Visit.objects.get()
    assert (visit.bonus_total, visit.to_pay, visit.at) == (3000, 3000, factories.NOW + timedelta(hours=3))


def test_a_click_shows_the_present_figures_and_they_are_promised_from_then_on(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    dearer()
    with later(minutes=10):
        desk.add("service:towel")
        assert "7.00" in desk.text
    dearer(400)
    with later(minutes=25):
        assert desk.pay().status_code == 204
    assert Visit.objects.get().to_pay == Money(700)


def test_bonuses_used_elsewhere_end_the_promise_at_once(desk: Screen, boris: Client, mara: object) -> None:
    desk.open(boris)
    for _unit in range(3):
        desk.add("service:personal")
    desk.press(use_most="1")
    other = signed_in(mara)  # type: ignore[arg-type]
    other.open(boris)
    other.add("service:personal")
    other.press(redeem="30.00")
    other.pay()
    dearer()
    assert desk.pay().status_code == 422
    assert "30.00 of the bonuses were used at Main hall." in desk.text
    assert Visit.objects.count() == 1


def test_an_empty_check_promises_nothing(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    assert not PromisedRules.objects.exists()
    desk.add("service:towel")
    assert PromisedRules.objects.count() == 1
