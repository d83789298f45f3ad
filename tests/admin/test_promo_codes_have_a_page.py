"""The page of a promo code: one code in any case, one gift of three, limits that nobody has passed, and its uses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import Staff
from loyalty.models import CashbackProgram, CodeBatch, IssuedCode, PromoCode, PromoUse
from loyalty.money import Money
from tests.admin.conftest import Gym, SignIn

ADD = "/admin/loyalty/promocode/add/"
LIST = "/admin/loyalty/promocode/"
EMPTY = {"enabled": "on", "code": "SPRING", "name": "Spring", "min_check": "0", "priority": "200", "earns": "on"}
EMPTY |= {"bonus_limit_percent": "100", "bonus_min_check": "0", "bonus_pending_days": "0"}


def page(promo: PromoCode) -> str:
    return reverse("admin:loyalty_promocode_change", args=[promo.pk])


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    PromoCode.objects.all().update(enabled=False)  # those of the preset are not what these tests are about
    PromoCode.objects.filter(code__iexact="spring").update(code="old-spring")
    IssuedCode.objects.filter(code="SPRING").update(code="OLD-SPRING")
    return sign_in(anna)


def saved(browser: Browser, **values: Any) -> PromoCode:
    answer = browser.post(ADD, {**EMPTY, **values})
    assert answer.status_code == 302, errors(answer)
    return PromoCode.objects.latest("pk")


def test_a_code_works_at_the_next_check_in_any_case(gym: Gym, browser: Browser) -> None:
    promo = saved(browser, code="Spring", percent="10", max_uses="500")
    assert promo.code == "Spring"
    sold = gym.till.sell("personal", client=gym.boris, promo_codes=[" sPRING "])
    assert sold.visit.to_pay == 5400
    assert IssuedCode.objects.values_list("code", "limit", "used").get(promo=promo) == ("SPRING", 500, 1)


def test_bonuses_come_with_their_terms(gym: Gym, browser: Browser) -> None:
    promo = saved(browser, bonus_amount="50", bonus_lifetime_days="30", bonus_limit_percent="50")
    assert (promo.bonus_amount, promo.bonus_lifetime_days) == (Money(5000), 30)
    assert promo.bonus_limit_percent == 50
    before = gym.till.balance(gym.boris)
    gym.till.sell("towel", client=gym.boris, promo_codes=["spring"])
    assert gym.till.balance(gym.boris) == before + 5000 + 9


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({}, "percent", "Say what it gives: a share, an amount or bonuses."),
        ({"percent": "5", "amount": "5"}, "amount", "Only one of the three: a share, an amount or bonuses."),
        ({"percent": "5", "bonus_amount": "5"}, "bonus_amount", "Only one of the three"),
        ({"percent": "5", "code": ""}, "code", "This field is required."),
        ({"percent": "5", "code": "SPRING 26"}, "code", "Letters, digits, dashes and underscores"),
        (
            {"bonus_amount": "5", "bonus_lifetime_days": "5", "bonus_lifetime_months": "5"},
            "bonus_lifetime_months",
            "Either days or months, not both.",
        ),
        ({"bonus_amount": "5", "bonus_lifetime_days": "0"}, "bonus_lifetime_days", "At least 1."),
        ({"percent": "5", "max_uses": "0"}, "max_uses", "Ensure this value is greater than or equal to 1."),
        ({"percent": "5", "client": "nobody"}, "client", "No client has this phone or card."),
    ],
)
def test_a_contradiction_is_said_where_it_stands(
    browser: Browser, changed: dict[str, Any], field: str, words: str
) -> None:
    said = errors(browser.post(ADD, EMPTY | changed))
    assert list(said) == [field]
    assert said[field][0].startswith(words)
    assert not PromoCode.objects.filter(name="Spring").exists()


def test_a_code_is_one_in_any_case(browser: Browser) -> None:
    saved(browser, percent="5")
    said = errors(browser.post(ADD, EMPTY | {"code": "spring", "percent": "5"}))
    assert said == {"code": ["There is the promo code SPRING already."]}


def test_a_code_is_none_of_those_that_were_made(browser: Browser) -> None:
    winter = PromoCode.objects.create(code="Winter", name="Winter", percent=5, is_batch=True)
    batch = CodeBatch.objects.create(promo=winter, wanted=1, made=1, by="staff:anna")
    IssuedCode.objects.create(promo=winter, batch=batch, code="WINTERK7M2", limit=1)
    said = errors(browser.post(ADD, EMPTY | {"code": "winterk7m2", "percent": "5"}))
    assert said == {"code": ["It is one of the unique codes that were made for Winter."]}


def test_a_code_that_gives_bonuses_has_no_namesake_that_does(browser: Browser) -> None:
    cashback = CashbackProgram.objects.get()
    said = errors(browser.post(ADD, EMPTY | {"code": cashback.code, "bonus_amount": "5"}))
    assert said == {"code": [f"The program “{cashback.name}” has this code, and gives bonuses too."]}
    assert browser.post(ADD, EMPTY | {"code": cashback.code, "percent": "5"}).status_code == 302


def test_the_code_and_its_kind_are_given_once(browser: Browser) -> None:
    promo = saved(browser, percent="5")
    browser.post(page(promo), EMPTY | {"code": "OTHER", "is_batch": "on", "percent": "7"})
    promo.refresh_from_db()
    assert (promo.code, promo.is_batch, promo.percent) == ("SPRING", False, Decimal(7))


def test_hours_after_handing_out_are_for_unique_codes(browser: Browser) -> None:
    assert saved(browser, percent="5", valid_hours="48").valid_hours is None
    assert saved(browser, code="W", percent="5", is_batch="on", valid_hours="48").valid_hours == 48


def test_no_limit_is_below_what_is_used(gym: Gym, browser: Browser) -> None:
    promo = saved(browser, percent="10", max_uses="500")
    for _time in range(2):
        gym.till.sell("towel", client=gym.boris, promo_codes=["spring"])
    said = errors(browser.post(page(promo), EMPTY | {"percent": "10", "max_uses": "1"}))
    assert said == {"max_uses": ["It was used 2 times already."]}
    assert browser.post(page(promo), EMPTY | {"percent": "10", "max_uses": "2"}).status_code == 302
    assert IssuedCode.objects.get(promo=promo).limit == 2


# --- how often it was used -------------------------------------------------------------------------------------------


def test_the_page_tells_its_uses_and_leads_to_the_visits(gym: Gym, browser: Browser) -> None:
    promo = saved(browser, percent="10", max_uses="500")
    sold = gym.till.sell("personal", client=gym.boris, promo_codes=["spring"])
    back = gym.till.sell("towel", client=gym.boris, promo_codes=["spring"])
    gym.till.refund(back)
    answer = browser.get(page(promo))
    text = answer.content.decode()
    assert answer.context["effect"].now == "Used 1 of 500 times so far."
    assert [use.visit_id for use in answer.context["uses"]] == [back.visit.pk, sold.visit.pk]
    assert reverse("admin:loyalty_visit_change", args=[sold.visit.pk]) in text
    assert text.count("refunded: does not count") == 1


def test_the_list_tells_uses_too(gym: Gym, browser: Browser) -> None:
    saved(browser, percent="10", max_uses="500")
    saved(browser, code="FIVER", percent="10")
    gym.till.sell("personal", client=gym.boris, promo_codes=["spring"])
    text = browser.get(LIST).content.decode()
    assert "1 of 500" in text
    assert "Whoever says SPRING gets 10\N{NO-BREAK SPACE}% off everything." in text


def test_a_page_with_many_uses_asks_no_more(gym: Gym, browser: Browser) -> None:
    promo = saved(browser, percent="10")
    gym.till.sell("towel", client=gym.boris, promo_codes=["spring"])
    few = _asked(browser, page(promo))
    issued = IssuedCode.objects.get(promo=promo)
    for _time in range(6):
        visit = gym.till.sell("towel", client=gym.boris).visit
        PromoUse.objects.create(promo=promo, issued=issued, visit=visit, client=gym.boris)
    assert _asked(browser, page(promo)) == few <= 45


def _asked(browser: Browser, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_the_effect_follows_what_is_typed(browser: Browser) -> None:
    said = browser.post(reverse("admin:loyalty_promocode_effect_of_new"), EMPTY | {"amount": "5"}).json()["sentences"]
    assert (said[0], said[-1]) == (
        "Whoever says SPRING gets 5.00 off the check.",
        "Example: with a code “Personal training” of 60.00 costs 55.00.",
    )
    assert not PromoCode.objects.filter(name="Spring").exists()


def test_an_auditor_reads_and_changes_nothing(gym: Gym, browser: Browser, olga: Staff, sign_in: SignIn) -> None:
    promo = saved(browser, percent="10", services=["session"])
    eyes = sign_in(olga)
    text = eyes.get(page(promo)).content.decode()
    assert "“Training session”" in text
    assert "bonus_lifetime_days" not in text
    assert eyes.post(page(promo), EMPTY | {"percent": "50"}).status_code == 403
