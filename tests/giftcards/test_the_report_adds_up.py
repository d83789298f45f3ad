"""What became of gift cards by the month of their sale: every figure stated, and what came is what went."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.test import Client as Browser

from clients.models import Location, Staff
from giftcards import report
from giftcards.merging import merge
from giftcards.models import GiftCardType
from giftcards.replacing import replace
from giftcards.report import Asked, Figures
from loyalty.money import Money
from loyalty.rulebook import rulebook
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import VERA, Till, statements

pytestmark = pytest.mark.django_db
YEAR = Asked(date(2026, 1, 1), date(2026, 12, 1))


def read(till: Till, asked: Asked = YEAR) -> dict[date, Figures]:
    return dict(report.report(asked, rulebook().house, till.today))


def test_a_year_in_figures(till: Till, gift: GiftCardType, voucher: GiftCardType) -> None:
    """March: 50 (comes back), 100 (60 paid, 40 lost), a voucher of 50 (20 paid). April: 20 (never used), a voucher."""
    back, hundred, voucher_1 = Sold(till, "gift", "50"), Sold(till, "gift", "100"), Sold(till, "voucher", "50")
    april = till.later(days=40)
    Sold(april, "gift", "20")
    voucher_2 = Sold(april, "voucher", "50")
    till.refund(back.check)
    april.sell("personal", gift_cards=[hundred.code])
    april.sell("session", gift_cards=[voucher_1.code])
    towel = april.sell("towel", gift_cards=[voucher_2.code])
    april.refund(towel)
    march, in_april = date(2026, 3, 1), date(2026, 4, 1)
    assert read(april) == {
        in_april: Figures(cards=2, sold=Money(7000), outstanding=Money(7000)),
        march: Figures(
            cards=3,
            sold=Money(20000),
            used=Money(8000),
            ended=Money(4000),
            returned=Money(5000),
            outstanding=Money(3000),
        ),
    }
    december = till.later(days=280)  # the card of 20 is over, whether a night has posted it or not
    assert read(december)[in_april] == Figures(cards=2, sold=Money(7000), outstanding=Money(5000), ended=Money(2000))
    assert all(figures.came == figures.went for figures in read(december).values())


def test_a_lost_card_counts_where_it_was_sold_and_two_cards_become_one(till: Till, voucher: GiftCardType) -> None:
    first, second = Sold(till, "voucher", "50"), Sold(till.later(days=40), "voucher", "50")
    may = till.later(days=70)
    fresh = replace(card=first.card, reason="lost", by=VERA, now=may.now).card
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    assert read(may)[march] == Figures(cards=1, sold=Money(5000), outstanding=Money(5000))
    merge(card=fresh, other=second.card, reason="one is enough", by=VERA, now=may.now)
    assert read(may) == {
        april: Figures(cards=1, sold=Money(5000), moved=Money(-5000)),
        march: Figures(cards=1, sold=Money(5000), moved=Money(5000), outstanding=Money(10000)),
    }


def test_it_is_asked_by_type_and_month(till: Till, gift: GiftCardType, voucher: GiftCardType) -> None:
    Sold(till, "gift", "50")
    Sold(till.later(days=40), "voucher", "50")
    assert list(read(till, Asked(date(2026, 3, 1), date(2026, 3, 1)))) == [date(2026, 3, 1)]
    assert list(read(till, Asked(date(2026, 1, 1), date(2026, 12, 1), type=voucher))) == [date(2026, 4, 1)]


def test_the_queries_stay(till: Till, gift: GiftCardType) -> None:
    house = rulebook().house
    for month in range(3):
        Sold(till.later(days=31 * month), "gift", "50")
        assert len(statements(lambda: report.report(YEAR, house, date(2026, 12, 1)))) == 2


def test_a_manager_sees_their_own_locations_and_only_the_owner_gets_the_file(
    till: Till, gift: GiftCardType, anna: Staff
) -> None:
    Sold(till, "gift", "50")
    other: Location = factories.LocationFactory(code="river", name="Riverside")
    mara: Staff = factories.StaffFactory(username="mara", role="manager")
    mara.locations.add(other)
    with time_machine.travel(till.now, tick=False):
        page = signed_in(mara).get("/admin/giftcards/giftcard/report/")
        assert page.status_code == 200
        assert "50.00" not in page.content.decode()
        assert signed_in(mara).get("/admin/giftcards/giftcard/report.csv").status_code == 403
        page = signed_in(anna).get("/admin/giftcards/giftcard/report/")
        assert "50.00" in page.content.decode()
        file = signed_in(anna).get("/admin/giftcards/giftcard/report.csv?from=2026-03&to=2026-03")
    assert file.content.decode().splitlines() == [
        "month,cards,sold,given,topped_up,moved,used,outstanding,ended,returned",
        "2026-03,1,50.00,0.00,0.00,0.00,0.00,50.00,0.00,0.00",
    ]


def test_an_address_that_makes_no_sense_is_the_usual_report(till: Till, anna: Staff) -> None:
    with time_machine.travel(till.now, tick=False):
        for query in ("from=0000-13&to=x", "from=9999-99", "location=x&type=y", "from=2026-3", "to=٢٠٢٦-01"):
            assert signed_in(anna).get(f"/admin/giftcards/giftcard/report/?{query}").status_code == 200


def signed_in(staff: Staff) -> Browser:
    browser = Browser()
    browser.force_login(staff)
    return browser
