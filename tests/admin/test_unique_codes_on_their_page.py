"""Unique codes in the admin: made in the background, exported once, handed out one by one, and masked elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.models import Staff
from loyalty.models import CodeBatch, IssuedCode, PromoCode
from loyalty.promo_batches import ask, hand_out, make_unfinished
from tests.admin.conftest import ANNA, Gym, SignIn

SUBMIT = {"_form_submitted": "True"}


@pytest.fixture
def winter(gym: Gym) -> PromoCode:
    promo: PromoCode = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    return promo


@pytest.fixture
def batch(winter: PromoCode) -> CodeBatch:
    asked = ask(promo=winter, count=3, prefix="W", by=ANNA, now=timezone.now())
    make_unfinished()
    return asked


def address(promo: PromoCode, verb: str, *more: object) -> str:
    return reverse(f"admin:loyalty_promocode_{verb}", args=[promo.pk, *more])


@pytest.fixture
def browser(anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


def content(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


# --- making ----------------------------------------------------------------------------------------------------------


def test_codes_are_asked_for_in_a_dialog(winter: PromoCode, browser: Browser) -> None:
    answer = browser.post(
        address(winter, "make_codes"), SUBMIT | {"count": "7", "prefix": "winter"}, headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Redirect"] == address(winter, "change")
    batch = CodeBatch.objects.get()
    assert (batch.promo, batch.prefix, batch.wanted, batch.by) == (winter, "WINTER", 7, "staff:anna")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"count": "0"}, "greater than or equal to 1"),
        ({"count": "100001"}, "less than or equal to 100000"),
        ({"count": "5", "prefix": "=SUM"}, "At most 10 letters, digits and dashes"),
    ],
)
def test_a_dialog_says_what_makes_no_sense(
    winter: PromoCode, browser: Browser, values: dict[str, str], words: str
) -> None:
    answer = browser.post(address(winter, "make_codes"), SUBMIT | values)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not CodeBatch.objects.exists()


def test_the_page_shows_how_far_they_are_and_asks_again_by_itself(winter: PromoCode, browser: Browser) -> None:
    batch = ask(promo=winter, count=1_000, by=ANNA, now=timezone.now())
    CodeBatch.objects.filter(pk=batch.pk).update(made=250)
    text = browser.get(address(winter, "change")).content.decode()
    assert '<progress value="250" max="1000"' in text
    assert "250 of 1,000" in text
    assert "every 2s" in text
    part = browser.get(address(winter, "codes")).content.decode()
    assert '<progress value="250" max="1000"' in part
    assert "<html" not in part


def test_when_all_are_made_it_stops_asking(winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    part = browser.get(address(winter, "codes")).content.decode()
    assert "every 2s" not in part
    assert "3 codes are made, 0 handed out, 0 used." in part
    assert address(winter, "export", batch.pk) in part


def test_a_code_for_everybody_has_none_of_this(gym: Gym, browser: Browser) -> None:
    promo = PromoCode.objects.create(code="ONE", name="One", percent=5)
    assert "Make codes" not in browser.get(address(promo, "change")).content.decode()
    assert browser.get(address(promo, "codes")).status_code == 404
    assert (
        "typed as it is by everybody"
        in browser.post(address(promo, "make_codes"), SUBMIT | {"count": "5"}).content.decode()
    )
    assert not CodeBatch.objects.exists()


# --- exporting -------------------------------------------------------------------------------------------------------


def test_the_answer_to_the_form_is_the_file_once(winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    url = address(winter, "export", batch.pk)
    assert "The file holds 3 codes" in browser.get(url).content.decode()
    batch.refresh_from_db()
    assert batch.exported_at is None  # looking writes nothing
    answer = browser.post(url)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="Winter-{batch.pk}.csv"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert content(answer).split() == ["code", *batch.codes.order_by("pk").values_list("code", flat=True)]

    again = browser.post(url, follow=True)
    assert "These codes were exported by anna on" in again.content.decode()
    assert "exported already" in browser.get(url).content.decode()


def test_a_batch_of_another_promo_code_is_not_found(winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    other = PromoCode.objects.create(code="Other", name="Other", percent=5, is_batch=True)
    assert browser.post(address(other, "export", batch.pk)).status_code == 404
    batch.refresh_from_db()
    assert batch.exported_at is None


def test_who_may_not_change_codes_exports_and_hands_out_none(
    winter: PromoCode, batch: CodeBatch, mike: Staff, olga: Staff, vera: Staff, sign_in: SignIn
) -> None:
    for person in (mike, olga, vera):
        browser = sign_in(person)
        refused = 302 if person is vera else 403  # she is shown the sign-in
        assert browser.post(address(winter, "export", batch.pk)).status_code == refused
        assert browser.get(address(winter, "export", batch.pk)).status_code == refused
        assert browser.post(address(winter, "hand_out"), SUBMIT).status_code == refused
        assert browser.post(address(winter, "make_codes"), SUBMIT | {"count": "5"}).status_code == refused
    assert not IssuedCode.objects.exclude(handed_out_at=None).exists()
    assert CodeBatch.objects.count() == 1


# --- handing out -----------------------------------------------------------------------------------------------------


def test_a_code_is_shown_once_to_whoever_hands_it_out(
    gym: Gym, winter: PromoCode, batch: CodeBatch, browser: Browser
) -> None:
    answer = browser.post(address(winter, "hand_out"), SUBMIT | {"client": "212 555 0102"})
    assert answer.headers["Location"] == address(winter, "handed_out")
    code = IssuedCode.objects.exclude(handed_out_at=None).get()
    assert code.client == gym.boris
    shown = browser.get(address(winter, "handed_out"))
    assert code.code in shown.content.decode()
    assert "For Boris Petrov, and nobody else." in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    again = browser.get(address(winter, "handed_out"), follow=True).content.decode()
    assert "The code was shown once already." in again
    assert code.code not in again
    assert f"…{code.code[-4:]}" in again


def test_who_it_is_for_must_be_somebody(winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    answer = browser.post(address(winter, "hand_out"), SUBMIT | {"client": "212 555 9999"})
    assert "No client has this phone or card." in answer.content.decode()
    assert not IssuedCode.objects.exclude(handed_out_at=None).exists()


def test_when_none_is_left_the_dialog_says_so(winter: PromoCode, browser: Browser) -> None:
    answer = browser.post(address(winter, "hand_out"), SUBMIT)
    assert "No code of Winter is left to hand out." in answer.content.decode()


def test_who_handed_out_what_stands_on_the_page_and_among_the_changes(
    gym: Gym, winter: PromoCode, batch: CodeBatch, browser: Browser
) -> None:
    given = hand_out(promo=winter, client=gym.boris, by=ANNA, now=timezone.now())
    row = browser.get(address(winter, "change")).context["codes"].given[0]
    assert (row.code, row.client, row.by, row.used) == (f"…{given.code[-4:]}", gym.boris, "anna", 0)
    changes = browser.get(reverse("admin:auditlog_logentry_changelist")).content.decode()
    assert f"…{given.code[-4:]}" in changes
    assert given.code not in changes


def test_a_code_that_was_made_is_shown_in_full_nowhere_else(
    gym: Gym, winter: PromoCode, batch: CodeBatch, browser: Browser
) -> None:
    given = hand_out(promo=winter, client=gym.boris, by=ANNA, now=timezone.now())
    gym.till.sell("personal", client=gym.boris, promo_codes=[given.code])
    for url in (address(winter, "change"), address(winter, "codes"), address(winter, "export", batch.pk)):
        text = browser.get(url).content.decode()
        assert not [
            code for code in IssuedCode.objects.values_list("code", flat=True) if code in text and len(code) > 9
        ]


def test_codes_follow_a_limit_that_is_saved(winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    values = {"enabled": "on", "name": "Winter", "percent": "10", "min_check": "0", "priority": "200", "max_uses": "4"}
    values |= {"bonus_limit_percent": "100", "bonus_min_check": "0", "bonus_pending_days": "0"}
    assert browser.post(address(winter, "change"), values).status_code == 302
    assert set(batch.codes.values_list("limit", flat=True)) == {4}


def test_the_page_asks_no_more_for_many_codes(gym: Gym, winter: PromoCode, batch: CodeBatch, browser: Browser) -> None:
    hand_out(promo=winter, client=gym.boris, by=ANNA, now=timezone.now())
    few = _asked(browser, address(winter, "change"))
    for _time in range(4):
        ask(promo=winter, count=20, by=ANNA, now=timezone.now())
        make_unfinished()
        hand_out(promo=winter, client=gym.alice, by=ANNA, now=timezone.now())
    assert _asked(browser, address(winter, "change")) == few <= 50


def _asked(browser: Browser, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)
