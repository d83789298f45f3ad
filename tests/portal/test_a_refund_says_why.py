"""The client's page tells why a refund came to what it did, and nothing of what somebody else gives back."""

from __future__ import annotations

from clients.models import Client
from tests.portal.conftest import Opened, text_of
from tests.till import Till


def test_each_figure_has_its_reason_on_the_client_s_page(till: Till, boris: Client, opened: Opened) -> None:
    sold = till.sell("personal", client=boris, redeem="max")
    till.refund(sold)
    page = text_of(opened(boris).get("/me/").content.decode())
    assert "earned bonuses taken back 0.90 why What comes back 1 x Personal training, 60.00 at list price" in page
    assert "“Cumulative cashback” gave 0.90 for this check." in page
    assert "Whoever brought this client got" not in page


def test_a_refund_from_before_there_were_reasons_shows_its_figures(till: Till, boris: Client, opened: Opened) -> None:
    refund = till.refund(till.sell("session", client=boris, memberships=[]))
    refund.facts = {"taken_from_others": 0}
    refund.save()
    page = text_of(opened(boris).get("/me/").content.decode())
    assert "paid back 10.00" in page
    assert "What comes back" not in page
