"""What the middle and right columns do: lines, quantities, bonuses, codes, memberships; refusals stand in place."""

from __future__ import annotations

import re

from django.core.cache import cache

from clients.models import Client, Staff
from giftcards.codes import new_code, show_code
from loyalty.models import Visit, VisitLine
from loyalty.money import Money
from tests.desk.screen import Screen


def test_the_same_service_added_twice_is_one_line_of_two(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    desk.add("service:towel")
    assert desk.fields["line"] == ["service:towel"]
    assert desk.fields["quantity-0"] == ["2"]
    assert "To pay $6.00" in desk.text


def test_a_line_is_removed(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    desk.add("service:session")
    desk.press(remove="1")
    assert desk.fields["line"] == ["service:session"]
    assert "To pay $20.00" in desk.text


def test_too_many_bonuses_are_refused_beside_the_field(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    desk.press(redeem="50")
    assert "Bonuses can pay at most 30.00 of this check." in desk.text
    assert desk.fields["redeem"] == ["50"]
    answer = desk.pay()
    assert answer.status_code == 422
    assert not Visit.objects.exists()


def test_as_much_as_may_be_follows_the_check(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    desk.press(use_most="1")
    assert desk.fields["redeem"] == ["30.00"]
    desk.add("service:session")
    assert desk.fields["redeem"] == ["35.00"]  # half of 60.00 and of a trial session at 10.00
    assert "To pay $35.00" in desk.text


def test_a_check_that_is_too_small_for_bonuses_says_so(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:session")
    assert "Bonuses of “Referral program” pay for checks from 50.00; this one comes to 10.00." in desk.text


def test_what_is_no_amount_stays_where_it_was_typed(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    for typed in ("1e3", "1_000", "ten", "٣", "9" * 20, "\x00"):
        answer = desk.press(redeem=typed)
        assert answer.status_code == 200
        assert desk.fields["redeem"] == [typed.strip()]
        assert "must be an amount like 12.50" in desk.text


def test_an_odd_quantity_is_refused_at_its_line(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    for typed in ("0", "-1", "1.5", "99999", "9" * 40, "", "\x00"):
        desk.press(**{"quantity-0": typed})
        assert "must be a whole number from 1 to 9999" in desk.text
        assert "Cash" not in desk.text


def test_a_code_that_nobody_knows_stays_in_its_box(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    desk.press(code="NO-SUCH-CODE")
    assert "No promo code and no gift card has this code. Check it letter by letter." in desk.text
    assert desk.fields["code"] == ["NO-SUCH-CODE"]


def test_an_unknown_gift_card_stays_in_its_box(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:towel")
    code = show_code(new_code())
    desk.press(code=code)
    assert "There is no gift card with this code. Check it letter by letter." in desk.text
    assert desk.fields["code"] == [code]


def test_a_gift_card_is_sold_and_its_code_is_told_once(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("gift_card_type:gift:50.00")
    desk.pay()
    visit = Visit.objects.get()
    first = desk.read(f"/desk/visits/{visit.pk}/")
    assert "it is shown only this once" in first
    code = code_in(desk)
    assert code not in desk.read(f"/desk/visits/{visit.pk}/")

    desk.open()
    desk.add("service:personal")
    desk.press(code=code)
    assert desk.fields["code"] == [""]
    assert "Gift card −50.00" in desk.text
    assert "To pay $10.00" in desk.text
    desk.pay()
    assert Visit.objects.latest("pk").gift_card_total == Money(5000)


def code_in(desk: Screen) -> str:
    found = re.search(r'<p class="code">([^<]+)</p>', desk.html)
    assert found is not None
    return found[1]


def test_a_membership_is_sold_and_covers_the_next_session(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("membership_plan:five")
    desk.pay()
    desk.open(boris)
    assert "5 sessions until" in desk.text
    desk.add("service:session")
    assert "membership covers 20.00" in desk.text
    desk.press(sessions="no")
    assert "membership covers" not in desk.text
    desk.fields.pop("sessions")
    desk.press()
    desk.pay("nothing")
    line = VisitLine.objects.latest("pk")
    assert (line.covered, line.to_pay) == (1, Money(0))


def test_a_membership_needs_a_client(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("membership_plan:five")
    assert desk.pay().status_code == 422
    assert not Visit.objects.exists()


def test_a_split_must_come_to_the_cent(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:session")
    desk.pay("split", **{"split-cash": "10", "split-card": "9.99"})
    assert "The payments come to 19.99, 20.00 is to pay." in desk.text
    assert desk.fields["split-card"] == ["9.99"]
    assert not Visit.objects.exists()
    desk.pay("split", **{"split-card": "10.00"})
    assert dict(Visit.objects.get().payments.values_list("method", "amount")) == {"cash": 1000, "card": 1000}


def test_a_negative_part_of_a_split_is_refused(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:session")
    assert desk.pay("split", **{"split-cash": "30", "split-card": "-10"}).status_code == 422
    assert not Visit.objects.exists()


def test_another_price_needs_the_right_and_a_reason(desk: Screen, manager: Screen) -> None:
    for screen, expected in ((desk, "To pay $60.00"), (manager, "To pay $45.00")):
        screen.open()
        screen.add("service:personal")
        screen.press(**{"price-0": "45", "reason-0": "agreed on the phone"})
        assert expected in screen.text
    manager.press(**{"reason-0": ""})
    assert manager.pay().status_code == 422
    assert not Visit.objects.exists()


def test_favourites_are_what_this_location_sells_most(desk: Screen, flexgym: object) -> None:
    desk.open()
    desk.add("service:session")
    desk.pay()
    cache.clear()
    desk.open()
    chips = re.findall(r'id="chip-\d+" name="add" value="([^"]+)"', desk.html)
    assert chips[0] == "service:session"


def test_in_russian_amounts_are_typed_and_shown_with_a_comma(desk: Screen, vera: Staff, boris: Client) -> None:
    vera.language = "ru"
    vera.save()
    desk.open(boris)
    desk.add("service:personal")
    desk.press(redeem="12,50")
    assert "47,50" in desk.text
    desk.press(use_most="1")
    assert desk.fields["redeem"] == ["30,00"]
    desk.pay()
    assert Visit.objects.get().bonus_total == Money(3000)


def test_a_slip_in_a_price_does_not_settle_more_than_the_books_can_add_up(manager: Screen) -> None:
    manager.open()
    manager.add("service:personal")
    manager.press(**{"price-0": "999999999999", "reason-0": "a slip", "quantity-0": "9999"})
    assert "come to more than a check can hold" in manager.text
    assert manager.pay("cash").status_code == 422
    assert not Visit.objects.exists()
