"""Partners in the admin: their page says what they get; a statement is read, printed, saved, and marked as paid."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Staff
from loyalty.money import Money
from loyalty.night import run_daily
from referrals.models import Partner, PartnerClient, PartnerStatement
from tests.admin.conftest import Gym, SignIn

PAGE = "/admin/referrals/partner/"
YOGA = {
    "name": "City Yoga",
    "code": "",
    "enabled": "on",
    "percent": "10",
    "months": "12",
    "email": "",
    "note": "IBAN 1",
}


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


@pytest.fixture
def statement(gym: Gym) -> PartnerStatement:
    """Boris named City Yoga in January and paid 80.00 then, of which 20.00 came back."""
    partner = Partner.objects.create(code="city-yoga", name="City Yoga", percent=10, note="IBAN 1")
    PartnerClient.objects.create(
        client=gym.boris, partner=partner, named_at=gym.till.later(days=-40).now, by="staff:vera"
    )
    till = gym.till.later(days=-35)
    till.sell("4 x session", client=gym.boris)
    till.refund(till.sell("session", client=gym.boris))
    run_daily(now=gym.till.later(days=1).now)
    row: PartnerStatement = PartnerStatement.objects.filter(visits__gt=0).order_by("month")[0]
    return row


def address(name: str, row: Any) -> str:
    return reverse(f"admin:referrals_partnerstatement_{name}", args=[row.pk])


def text(browser: Browser, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_a_partner_is_added_and_says_what_it_does(browser: Browser) -> None:
    assert browser.post(f"{PAGE}add/", YOGA).status_code == 302
    row = Partner.objects.get()
    assert (row.code, row.months, row.note) == ("city-yoga", 12, "IBAN 1")
    page = text(browser, f"{PAGE}{row.pk}/change/")
    assert (
        "“City Yoga” gets 10\N{NO-BREAK SPACE}% of what the clients pay whom they bring, for 12 months from the day "
        "they are named." in page
    )
    assert "Example: such a client pays 60.00 → the partner gets 6.00." in page
    assert "/join/city-yoga/" in page
    assert "City Yoga" in text(browser, PAGE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("123", "Must have a letter, else it could be a card or a phone"),
        ("CITY", "There is the partner city already."),
        ("", ""),
    ],
)
def test_a_code_that_could_be_something_else_is_refused(browser: Browser, code: str, words: str) -> None:
    Partner.objects.create(code="city", name="City", percent=5)
    answer = browser.post(f"{PAGE}add/", {**YOGA, "code": code})
    assert (answer.status_code == 302) is not bool(words)
    assert words in answer.content.decode()
    assert Partner.objects.count() == (1 if words else 2)


def test_a_clients_code_is_no_partners(gym: Gym, browser: Browser) -> None:
    answer = browser.post(f"{PAGE}add/", {**YOGA, "code": gym.alice.referral_code.code.lower()})
    assert "Is the code of a client" in answer.content.decode()
    assert not Partner.objects.exists()


def test_a_statement_stands_on_paper_without_names(browser: Browser, statement: PartnerStatement) -> None:
    page = text(browser, address("paper", statement))
    assert "City Yoga" in page
    assert "IBAN 1" in page
    assert "Boris" not in page
    assert "Petrov" not in page
    assert "statement.css" in page
    row = text(browser, address("change", statement))
    assert "On paper" in row
    assert "to pay out" in row


def test_its_checks_are_a_file_that_adds_up(browser: Browser, statement: PartnerStatement) -> None:
    answer = browser.get(address("checks", statement))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, *lines = answer.content.decode().splitlines()
    assert head == "visit,day,client,amount,counts"
    amounts = [round(float(line.split(",")[3]) * 100) for line in lines]
    assert sum(amounts) == statement.paid_in - statement.refunded


def test_a_statement_is_marked_as_paid_in_a_dialog(browser: Browser, statement: PartnerStatement) -> None:
    url = address("mark_paid", statement)
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"_form_submitted": "True", "note": "transfer 17"}).status_code == 302
    statement.refresh_from_db()
    assert (statement.paid_by, statement.paid_note) == ("staff:anna", "transfer 17")
    assert "transfer 17" in text(browser, address("change", statement))
    again = browser.post(url, {"_form_submitted": "True", "note": "again"})
    assert "was marked as paid on" in again.content.decode()


def test_rights_to_statements(gym: Gym, statement: PartnerStatement, mike: Staff, olga: Staff, sign_in: SignIn) -> None:
    """A manager of one location sees none; an auditor reads, exports nothing and pays nothing."""
    manager, auditor = sign_in(mike), sign_in(olga)
    for name in ("change", "paper", "checks"):
        assert manager.get(address(name, statement)).status_code == 403
    assert manager.get(PAGE).status_code == 403
    assert auditor.get(address("paper", statement)).status_code == 200
    assert auditor.get(address("checks", statement)).status_code == 403
    assert auditor.post(address("mark_paid", statement), {"_form_submitted": "True"}).status_code == 403
    assert auditor.get("/admin/referrals/partnerstatement/99999999999999999999/paper/").status_code == 404
    assert PartnerStatement.objects.filter(paid_at=None).count() == PartnerStatement.objects.count()
    assert statement.amount == Money(statement.amount)
