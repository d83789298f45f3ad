"""Double clicks, retries, and a check that is no longer what the client saw."""

from __future__ import annotations

from clients.models import Client
from loyalty.models import Visit
from loyalty.money import Money
from loyalty.wallet import wallet
from tests import factories
from tests.desk.screen import Screen, signed_in


def test_a_double_click_settles_once(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    desk.press(use_most="1")
    before = desk.fields
    addresses = []
    for _click in range(2):
        desk.fields = before
        addresses.append(desk.pay().headers["HX-Redirect"])
    assert Visit.objects.count() == 1
    assert addresses[0] == addresses[1]
    assert wallet(boris, now=factories.NOW).balance == Money(7090)


def test_bonuses_used_elsewhere_show_the_new_check_and_what_changed(desk: Screen, boris: Client, mara: object) -> None:
    desk.open(boris)
    for _unit in range(3):
        desk.add("service:personal")
    desk.press(use_most="1")
    assert "at most 90.00 (50 %)" in desk.text

    other = signed_in(mara)  # type: ignore[arg-type]
    other.open(boris)
    other.add("service:personal")
    other.press(redeem="30.00")
    other.pay()

    answer = desk.pay()
    assert answer.status_code == 422
    assert Visit.objects.count() == 1
    assert "Something changed while this check was open." in desk.text
    assert "30.00 of the bonuses were used at Main hall." in desk.text
    assert "Bonuses could pay 90.00 and can pay at most 70.90 now." in desk.text
    assert "To pay was 90.00 and is now 109.10." in desk.text
    assert desk.pay().status_code == 204
    assert Visit.objects.latest("pk").to_pay == Money(10910)


def test_a_check_without_a_token_is_shown_first(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    assert desk.pay(token="").status_code == 422
    assert not Visit.objects.exists()


def test_paying_an_empty_check_says_what_to_do(desk: Screen, flexgym: object) -> None:
    desk.open()
    assert desk.pay().status_code == 422
    assert not Visit.objects.exists()


def test_everything_works_without_script(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    answer = desk.browser.post("/desk/check/", desk.fields | {"add": "service:towel"})
    desk.shown(answer)
    assert "<!doctype html>" in desk.html
    assert "Boris Petrov" in desk.text
    answer = desk.browser.post("/desk/pay/", desk.fields | {"pay": "cash"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/desk/visits/{Visit.objects.get().pk}/"
