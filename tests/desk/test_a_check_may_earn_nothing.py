"""Staff may say that a check earns nothing."""

from __future__ import annotations

from clients.models import Client
from loyalty.models import Visit
from loyalty.money import Money
from tests.desk.screen import Screen


def test_a_check_that_earns_nothing_says_so_and_earns_nothing(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    assert "Earns 1.80" in desk.text
    desk.press(earn="no")
    assert "Earns 0.00" in desk.text
    assert desk.fields["earn"] == ["no"]
    assert "Staff have said that this check earns nothing." in desk.text
    desk.add("service:towel")
    desk.pay()
    assert Visit.objects.get().earned_total == Money(0)


def test_it_is_asked_only_where_there_is_somebody_to_earn(desk: Screen, boris: Client) -> None:
    desk.open()
    desk.add("service:personal")
    assert "This check earns nothing" not in desk.text
    desk.press(choose=str(boris.pk))
    assert "This check earns nothing" in desk.text
    assert "earn" not in desk.fields
