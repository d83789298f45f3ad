"""Every figure of a check is explained in the order of the check, and what did not act is told apart."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client as Browser

from clients.models import Client
from loyalty.models import Visit
from loyalty.money import Money
from loyalty.portal.links import balance_link
from tests import factories
from tests.desk.offers import FIVER, discount, promo_code
from tests.desk.screen import Screen, text_of

ACTED = (
    "Discounts Regulars: 10 % of 60.00, 6.00 off. −6.00 FIVER: 5.00 off. −5.00"
    " Earned Cumulative cashback, Start: 3 % of 49.00, 1.47 bonuses. +1.47"
    " Whoever brought this client gets 2.45 bonuses: 5 % of 49.00."
    " What did not act and why"
)
IDLE = ("Riverside only is not given at this location (Main hall).", "SPRING is not used")


def why(html: str) -> str:
    found = re.search(r'(?s)<div class="why">(.*?)</div>', html)
    assert found is not None
    return text_of(found[1])


def typed(desk: Screen, boris: Client) -> None:
    discount("regular", "Regulars")
    discount("river", "Riverside only", locations=["riverside"])
    discount("vip", "For Mrs Smith", client=factories.ClientFactory(last_name="Smith"))
    promo_code("FIVER", **FIVER)
    promo_code("SPRING", percent=5)
    desk.open(boris)
    desk.add("service:personal")
    desk.press(code="FIVER")
    desk.press(code="SPRING")


def test_the_desk_the_receipt_the_client_and_the_owner_read_the_same(desk: Screen, boris: Client) -> None:
    typed(desk, boris)
    assert why(desk.html).startswith(ACTED)
    assert all(text in why(desk.html) for text in IDLE)
    desk.pay()
    visit = Visit.objects.get()
    desk.read(f"/desk/visits/{visit.pk}/")
    assert why(desk.html).startswith(ACTED)
    assert all(text in why(desk.html) for text in IDLE)
    owner = Browser()
    owner.force_login(factories.StaffFactory(username="anna", role="owner"))
    page = owner.get(f"/admin/loyalty/visit/{visit.pk}/change/").content.decode()
    assert why(page).startswith(ACTED)
    assert all(text in why(page) for text in IDLE)
    own = Browser()
    answer: Any = own.get(balance_link(boris).removeprefix("http://localhost:8000"), follow=True)
    page = answer.content.decode()
    assert why(page).startswith(ACTED)
    assert all(text in why(page) for text in IDLE)


def test_a_client_is_not_told_whom_else_a_discount_is_for(desk: Screen, boris: Client) -> None:
    typed(desk, boris)
    assert "For Mrs Smith is for another client." in desk.text
    desk.pay()
    answer: Any = Browser().get(balance_link(boris).removeprefix("http://localhost:8000"), follow=True)
    page = text_of(answer.content.decode())
    assert "Regulars: 10 % of 60.00" in page
    assert "Mrs Smith" not in page


def test_a_line_names_each_discount_that_made_it_cheaper(desk: Screen, boris: Client) -> None:
    typed(desk, boris)
    assert "Regulars −6.00 , FIVER −5.00" in desk.text
    desk.pay()
    visit = Visit.objects.get()
    assert "Regulars −6.00 , FIVER −5.00" in desk.read(f"/desk/visits/{visit.pk}/")


def test_an_older_check_still_tells_what_it_knows(desk: Screen, boris: Client) -> None:
    paid = {"to_pay": Money(1700), "base": Money(1700), "spent": Money(1700)}
    visit = factories.VisitFactory(
        client=boris, line=None, facts=OLD, discount_total=Money(300), check_total=Money(1700), **paid
    )
    factories.VisitLineFactory(visit=visit, discount=Money(300), **paid)
    receipt = desk.read(f"/desk/visits/{visit.pk}/")
    assert "discount −3.00" in receipt
    assert "Discounts Happy hours: 15 % off, 3.00 less. −3.00" in receipt


OLD = {
    "bonus_spendable": 0,
    "sessions_used": 0,
    "tier": None,
    "earned": [],
    "trace": [
        {
            "stage": "discount",
            "rule": "hours",
            "code": "discount.taken",
            "amount": 300,
            "facts": {"name": "Happy hours", "percent": {"percent": "15"}},
        }
    ],
}


HELD = timedelta(minutes=16)
"""Longer than a quote is held."""
LATER = factories.NOW + HELD


def test_a_discount_that_changed_under_way_is_told_by_name(desk: Screen, boris: Client) -> None:
    typed(desk, boris)
    row = discount("autumn", "Autumn", percent=50, combinable=False)
    with time_machine.travel(LATER, tick=False):
        assert desk.pay().status_code == 422
    for sentence in (
        "Regulars took 6.00 off and takes nothing off now.",
        "FIVER took 5.00 off and takes nothing off now.",
        "Autumn takes 30.00 off now.",
        "To pay was 49.00 and is now 30.00.",
    ):
        assert sentence in desk.text
    row.percent = 60
    row.save()
    with time_machine.travel(LATER + HELD, tick=False):
        assert desk.pay().status_code == 422
    assert "Autumn took 30.00 off and takes 36.00 off now." in desk.text
    assert "The discount was" not in desk.text
