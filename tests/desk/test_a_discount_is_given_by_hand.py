"""Staff who may give a discount by hand do so with a reason; for others there is nothing to fill in."""

from __future__ import annotations

from clients.models import Staff
from loyalty.models import Visit
from loyalty.money import Money
from tests.desk.offers import FIVER, promo_code
from tests.desk.screen import Screen

TEN_PERCENT = {"by_hand": "10", "by_hand_unit": "percent", "by_hand_reason": "a scratch on the locker"}


def test_a_percentage_comes_off_what_the_programs_have_left(manager: Screen) -> None:
    promo_code("FIVER", **FIVER)
    manager.open()
    manager.add("service:personal")
    manager.press(code="FIVER")
    manager.press(**TEN_PERCENT)
    assert "FIVER −5.00 , By hand −5.50" in manager.text
    assert "To pay $49.50" in manager.text
    manager.add("service:towel")
    assert manager.fields["by_hand"] == ["10"]
    manager.press(remove="2")
    manager.pay(by_hand_unit="percent")
    visit = Visit.objects.get()
    assert (visit.discount_total, visit.to_pay) == (Money(1050), Money(4950))
    receipt = manager.read(f"/desk/visits/{visit.pk}/")
    assert "By hand, 10 % of 55.00: 5.50 off. Reason: a scratch on the locker −5.50" in receipt


def test_an_amount_comes_off(manager: Screen) -> None:
    manager.open()
    manager.add("service:personal")
    manager.press(**TEN_PERCENT | {"by_hand_unit": "amount"})
    assert "By hand −10.00" in manager.text
    assert "To pay $50.00" in manager.text
    assert 'value="amount" selected' in manager.html


def test_a_percentage_may_be_typed_with_its_sign(manager: Screen, mara: Staff) -> None:
    mara.language = "ru"
    mara.save()
    manager.open()
    manager.add("service:personal")
    manager.press(**TEN_PERCENT | {"by_hand": "12,5 %"})
    assert "52,50" in manager.text
    assert manager.fields["by_hand"] == ["12,5 %"]


def test_without_a_reason_it_is_not_given_and_nothing_is_lost(manager: Screen) -> None:
    manager.open()
    manager.add("service:personal")
    manager.press(**TEN_PERCENT | {"by_hand_reason": " "})
    assert "Say why: the reason stays with the check." in manager.text
    assert "To pay $60.00" in manager.text
    assert manager.fields["by_hand"] == ["10"]
    assert manager.pay().status_code == 422
    assert not Visit.objects.exists()


def test_what_is_no_discount_stays_where_it_was_typed(manager: Screen) -> None:
    manager.open()
    manager.add("service:personal")
    for typed in ("ten", "0", "101", "-5", "9" * 20, "\x00"):
        manager.press(**TEN_PERCENT | {"by_hand": typed})
        assert 'id="by-hand-problem"' in manager.html
        assert manager.fields["by_hand"] == [typed.strip()]
        assert "To pay $60.00" in manager.text


def test_without_the_right_there_are_no_fields_and_what_is_sent_is_ignored(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:personal")
    desk.press(**TEN_PERCENT)
    assert "by_hand" not in desk.html
    assert "To pay $60.00" in desk.text
    desk.pay(**TEN_PERCENT)
    assert Visit.objects.get().to_pay == Money(6000)
