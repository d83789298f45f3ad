"""What would make the check cheaper is told beside the total, and nowhere else."""

from __future__ import annotations

import re

from clients.models import Client
from loyalty.models import Visit
from loyalty.money import Money
from tests.desk.offers import discount
from tests.desk.screen import Screen, text_of


def hints(desk: Screen) -> list[str]:
    found = re.search(r'(?s)<ul class="hints">(.*?)</ul>', desk.html)
    return [text_of(hint) for hint in re.findall(r"<li>(.*?)</li>", found[1])] if found else []


def test_what_is_missing_is_told_and_not_in_the_explanation(desk: Screen, flexgym: object) -> None:
    discount("big", "Big basket", min_check=Money(7200))
    desk.open()
    desk.add("service:personal")
    assert hints(desk) == ["12.00 more and “Big basket” applies."]
    assert desk.text.count("12.00 more and") == 1
    desk.press(**{"quantity-0": "2"})
    assert hints(desk) == []
    desk.press(**{"quantity-0": "1"})
    desk.pay()
    receipt = desk.read(f"/desk/visits/{Visit.objects.get().pk}/")
    assert "12.00 more and" not in receipt
    assert "Big basket is for checks from 72.00: 12.00 more is needed." in receipt


def test_at_most_three_are_told(desk: Screen, alice: Client) -> None:
    for number in range(5):
        discount(f"big{number}", f"Basket {number}", min_check=Money(7000 + number))
    desk.open(alice)
    desk.add("service:personal")
    assert hints(desk) == [f"10.0{number} more and “Basket {number}” applies." for number in range(3)]
