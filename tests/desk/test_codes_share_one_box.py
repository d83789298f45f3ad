"""One box takes promo codes and gift cards; what was taken stays with the check, what was refused stays typed."""

from __future__ import annotations

from clients.models import Client
from loyalty.models import IssuedCode, PromoUse, Visit
from loyalty.money import Money
from tests.desk.offers import FIVER, SPRING, discount, promo_code
from tests.desk.screen import Screen
from tests.desk.test_a_check_is_worked_out_as_it_grows import code_in
from tests.till import statements


def personal_with(desk: Screen, *codes: str) -> None:
    """A personal training of 60.00, and these codes typed one after the other."""
    desk.open()
    desk.add("service:personal")
    for code in codes:
        desk.press(code=code)


def test_a_promo_code_is_taken_in_any_case_and_counted_when_the_check_is_paid(desk: Screen, flexgym: object) -> None:
    promo_code("SPRING", **SPRING)
    personal_with(desk, "  spring ")
    assert desk.fields["taken"] == ["SPRING"]
    assert desk.fields["code"] == [""]
    assert "SPRING −6.00" in desk.text
    assert "To pay $54.00" in desk.text
    desk.pay()
    assert Visit.objects.get().to_pay == Money(5400)
    assert IssuedCode.objects.get(code="SPRING").used == 1


def test_a_gift_card_and_promo_codes_go_into_the_same_box(desk: Screen, flexgym: object) -> None:
    promo_code("FIVER", **FIVER)
    desk.open()
    desk.add("gift_card_type:gift:50.00")
    desk.pay()
    desk.read(f"/desk/visits/{Visit.objects.get().pk}/")
    card = code_in(desk)
    personal_with(desk, card, "fiver", card.lower())
    assert f"Gift card …{card[-4:]} −50.00" in desk.text
    assert "FIVER −5.00" in desk.text
    assert "To pay $5.00" in desk.text
    assert len(desk.fields["taken"]) == 2
    desk.pay()
    visit = Visit.objects.latest("pk")
    assert (visit.discount_total, visit.gift_card_total, visit.to_pay) == (Money(500), Money(5000), Money(500))


def test_a_code_that_does_not_fit_stays_typed_with_what_is_missing(desk: Screen, flexgym: object) -> None:
    promo_code("SPRING", **SPRING)
    promo_code("FIVER", **FIVER)
    desk.open()
    desk.add("service:towel")
    desk.press(**{"quantity-0": "6"})
    desk.press(code="FIVER")
    desk.press(code="spring")
    assert "SPRING is for checks from 30.00: 12.00 more is needed." in desk.text
    assert desk.fields["code"] == ["spring"]
    assert desk.fields["taken"] == ["FIVER"]
    assert "To pay $13.00" in desk.text
    assert desk.pay().status_code == 422
    assert not Visit.objects.exists()
    desk.press(code="")
    desk.pay()
    assert Visit.objects.get().to_pay == Money(1300)


def test_a_code_typed_twice_counts_once(desk: Screen, flexgym: object) -> None:
    promo_code("FIVER", **FIVER)
    personal_with(desk, "FIVER", " fiver ")
    assert desk.fields["taken"] == ["FIVER"]
    assert desk.fields["code"] == [""]
    assert "To pay $55.00" in desk.text


def test_a_code_is_removed(desk: Screen, flexgym: object) -> None:
    promo_code("FIVER", **FIVER)
    promo_code("SPRING", combinable=True)
    personal_with(desk, "FIVER", "SPRING")
    desk.press(drop="FIVER")
    assert desk.fields["taken"] == ["SPRING"]
    assert "To pay $54.00" in desk.text


def test_codes_stay_with_the_check_whatever_comes_and_goes(desk: Screen, boris: Client) -> None:
    promo_code("FIVER", **FIVER)
    personal_with(desk, "FIVER")
    desk.press(choose=str(boris.pk))
    desk.add("service:towel")
    assert "To pay $58.00" in desk.text
    desk.press(remove="1")
    desk.press(remove="1")
    assert desk.fields["taken"] == ["FIVER"]
    desk.press(choose="")
    desk.add("service:session")
    assert "To pay $15.00" in desk.text


def test_a_code_that_fits_no_longer_says_why_and_holds_the_payment(desk: Screen, flexgym: object) -> None:
    promo_code("SPRING", **SPRING)
    promo_code("FIVER", **FIVER)
    desk.open()
    desk.add("service:session")
    desk.press(**{"quantity-0": "2"})
    desk.press(code="SPRING")
    desk.press(code="FIVER")
    desk.press(**{"quantity-0": "1"})
    assert "SPRING SPRING is for checks from 30.00: 10.00 more is needed." in desk.text
    assert desk.fields["taken"] == ["SPRING", "FIVER"]
    assert "To pay $15.00" in desk.text
    assert desk.pay().status_code == 422
    assert not Visit.objects.exists()

    desk.press(**{"quantity-0": "3"})
    assert "is needed" not in desk.text
    desk.press(**{"quantity-0": "1"})
    desk.press(drop="SPRING")
    assert desk.pay().status_code == 204
    assert Visit.objects.get().to_pay == Money(1500)


def test_a_code_that_another_discount_outbids_says_so_and_is_not_counted(desk: Screen, flexgym: object) -> None:
    promo_code("SPRING")
    discount("half", "Half price", percent=50, combinable=False)
    personal_with(desk, "SPRING")
    assert "SPRING not used: another discount is better" in desk.text
    assert "SPRING is not used: another discount makes this check cheaper." in desk.text
    assert "To pay $30.00" in desk.text
    desk.pay()
    assert not PromoUse.objects.exists()


def test_a_code_that_gives_bonuses_says_how_many(desk: Screen, boris: Client) -> None:
    promo_code("BONUS50", bonus_amount=Money(5000))
    desk.open(boris)
    desk.add("service:personal")
    desk.press(code="BONUS50")
    assert "BONUS50 +50.00" in desk.text
    desk.press(choose="")
    assert "The promo code BONUS50 is for clients: say who it is." in desk.text
    assert desk.fields["taken"] == ["BONUS50"]


def test_a_code_in_the_box_is_not_passed_over_when_the_check_is_paid(desk: Screen, flexgym: object) -> None:
    promo_code("FIVER", **FIVER)
    personal_with(desk)
    assert desk.pay(code="FIVER").status_code == 422
    assert "FIVER takes 5.00 off now." in desk.text
    assert "To pay was 60.00 and is now 55.00." in desk.text
    assert desk.fields["taken"] == ["FIVER"]
    desk.pay()
    assert Visit.objects.get().to_pay == Money(5500)


def test_more_codes_than_a_check_can_have_are_refused_one_by_one(desk: Screen, flexgym: object) -> None:
    for number in range(21):
        promo_code(f"CODE{number}", amount=Money(10), combinable=True)
    personal_with(desk)
    desk.press(taken=[f"CODE{number}" for number in range(20)], code="CODE20")
    assert "must have at most 20 codes" in desk.text
    assert desk.fields["code"] == ["CODE20"]
    assert "To pay $58.00" in desk.text


def test_codes_cost_as_much_for_one_line_as_for_many(desk: Screen, boris: Client) -> None:
    promo_code("FIVER", **FIVER)
    promo_code("SPRING", combinable=True)
    desk.open(boris)
    desk.add("service:personal")
    none = len(statements(desk.press))
    desk.press(code="FIVER")
    one = len(statements(desk.press))
    desk.press(code="SPRING")
    for service in ("session", "towel"):
        desk.add(f"service:{service}")
    assert len(statements(desk.press)) == one == none + 1


def test_a_refused_code_costs_one_more_quote(desk: Screen, boris: Client) -> None:
    promo_code("SPRING", **SPRING)
    promo_code("FIVER", **FIVER)
    desk.open(boris)
    desk.add("service:towel")
    desk.press(code="FIVER")
    fits = len(statements(desk.press))
    desk.press(code="SPRING")
    assert "more is needed" in desk.text
    assert len(statements(desk.press)) <= fits + QUOTE_WITH_A_CODE


QUOTE_WITH_A_CODE = 6
