"""The page of a discount: what it takes, what contradicts itself, what the next check makes of it, and who sees it."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Staff
from loyalty.models import Discount, DiscountStep, Segment
from loyalty.money import Money
from tests.admin.conftest import Gym, SignIn

ADD = "/admin/loyalty/discount/add/"
EMPTY = {"enabled": "on", "name": "New", "kind": "permanent", "min_check": "0", "priority": "100"}
EMPTY |= {"steps-TOTAL_FORMS": "0", "steps-INITIAL_FORMS": "0"}


def page(discount: Discount) -> str:
    return reverse("admin:loyalty_discount_change", args=[discount.pk])


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def steps(*rows: tuple[DiscountStep | None, str, str], gone: int = -1) -> dict[str, str]:
    data = {"steps-TOTAL_FORMS": str(len(rows)), "steps-INITIAL_FORMS": str(sum(row[0] is not None for row in rows))}
    for at, (step, start, percent) in enumerate(rows):
        data |= {f"steps-{at}-from_spent": start, f"steps-{at}-percent": percent}
        data[f"steps-{at}-id"] = str(step.pk) if step else ""
        if at == gone:
            data[f"steps-{at}-DELETE"] = "on"
    return data


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    Discount.objects.update(enabled=False)  # those of the preset are not what these tests are about
    return sign_in(anna)


def saved(browser: Browser, **values: Any) -> Discount:
    answer = browser.post(ADD, {**EMPTY, **values})
    assert answer.status_code == 302, errors(answer)
    return Discount.objects.latest("pk")


def test_everything_is_stored_as_it_was_ticked(gym: Gym, browser: Browser) -> None:
    segment = Segment.objects.create(code="regular", name="Regulars", visits_min=5)
    row = saved(
        browser,
        percent="7.5",
        services=["session", "extras"],
        exclude=["towel"],
        locations=["riverside"],
        weekdays=["tue", "mon"],
        from_time="09:00",
        to_time="12:00",
        segment=segment.pk,
        tier="Silver",
        card_kind="plastic",
        client="212 555 0102",
        min_check="50",
        max_discount="20",
        combinable="on",
    )
    assert (row.code, row.percent) == ("new", Decimal("7.5"))
    assert (row.min_check, row.max_discount) == (Money(5000), Money(2000))
    assert (sorted(row.services), row.exclude, row.locations) == (["extras", "session"], ["towel"], ["riverside"])
    assert (row.weekdays, row.from_time, row.to_time) == ("mon,tue", time(9), time(12))
    assert (row.segment, row.tier, row.card_kind, row.client) == (segment, "Silver", "plastic", gym.boris)
    assert (row.combinable, row.earns) == (True, False)


def test_the_next_check_is_cheaper(gym: Gym, browser: Browser) -> None:
    saved(browser, percent="10", services=["personal"])
    assert gym.till.quote("personal", client=gym.boris).bill.to_pay == 5400
    assert gym.till.quote("towel", client=gym.boris).bill.to_pay == 300


def test_a_stored_discount_stands_in_the_form_as_people_write_it(gym: Gym, browser: Browser) -> None:
    row = saved(browser, percent="5", weekdays=["sun"], from_time="09:00", client="+12125550102", services=["session"])
    form = browser.get(page(row)).context["adminform"].form
    assert [form[name].value() for name in ("percent", "weekdays", "services")] == ["5", ["sun"], ["session"]]
    assert form["client"].value() == str(gym.boris.cards.get())
    assert 'value="09:00"' in str(form["from_time"])


def test_all_seven_days_are_no_condition(browser: Browser) -> None:
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert saved(browser, percent="5", weekdays=week).weekdays == ""


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({}, "amount", "Either a share or an amount, one of the two."),
        ({"percent": "5", "amount": "5"}, "amount", "Either a share or an amount, one of the two."),
        ({"percent": "101"}, "percent", "Must be between 0 and 100."),
        ({"amount": "0"}, "amount", "It must be at least 0.01."),
        ({"kind": "repeat", "percent": "5", "services": ["session"]}, "days", "This kind needs it."),
        ({"kind": "repeat", "percent": "5", "days": "30"}, "services", "Choose at least one."),
        ({"kind": "delivery"}, "services", "Choose at least one."),
        (
            {"kind": "bundle", "percent": "5", "services": ["session"]},
            "services",
            "Choose at least two: together they are the set.",
        ),
        ({"kind": "hours", "percent": "5"}, "weekdays", "Choose the days or the hours."),
        ({"kind": "cheapest"}, "buy", "This kind needs it."),
        ({"percent": "5", "services": ["nothing"]}, "services", "Select a valid choice."),
        (
            {"percent": "5", "services": ["towel"], "exclude": ["towel"]},
            "exclude",
            "It is ticked above, too: “Towel”.",
        ),
        ({"percent": "5", "client": "212 555 9999"}, "client", "No client has this phone or card."),
        (
            {"percent": "5", "from_time": "09:00", "to_time": "09:00"},
            "to_time",
            "It begins and ends at the same time.",
        ),
        (
            {"percent": "5", "from_day": "2026-05-02", "to_day": "2026-05-01"},
            "to_day",
            "The last day is before the first.",
        ),
        ({"percent": "5", "tier": "Nothing"}, "tier", "Select a valid choice."),
        (
            {"kind": "repeat", "percent": "5", "services": ["session"], "days": "5000000"},
            "days",
            "Ensure this value is less than or equal to 30000.",
        ),
        ({"percent": "5", "to_day": "9999-12-31"}, "to_day", "Ensure this value is less than or equal to 2100-12-31."),
    ],
)
def test_a_contradiction_is_said_where_it_stands(
    browser: Browser, changed: dict[str, Any], field: str, words: str
) -> None:
    before = Discount.objects.count()
    said = errors(browser.post(ADD, EMPTY | changed))
    assert list(said) == [field]
    assert said[field][0].startswith(words)
    assert Discount.objects.count() == before


def test_what_a_kind_has_no_use_for_is_not_kept(browser: Browser) -> None:
    """It is hidden on the page, so nobody could see or correct it."""
    row = saved(browser, kind="hours", weekdays=["mon"], percent="10", days="x", buy="3")
    assert (row.days, row.buy) == (None, None)
    row = saved(browser, kind="cumulative", percent="10", amount="x", **steps((None, "100", "3")))
    assert (row.percent, row.amount) == (None, None)


def test_the_cheapest_and_the_delivery_are_free_if_nothing_else_is_said(browser: Browser) -> None:
    assert saved(browser, kind="cheapest", buy="3").percent == 100
    assert saved(browser, kind="delivery", services=["towel"], min_check="30").percent == 100
    assert saved(browser, kind="cheapest", buy="2", percent="50").percent == 50


# --- steps -----------------------------------------------------------------------------------------------------------


def test_steps_are_added_changed_and_taken_away(gym: Gym, browser: Browser) -> None:
    row = saved(browser, kind="cumulative", **steps((None, "0", "3"), (None, "500", "5")))
    low, high = row.steps.order_by("from_spent")
    data = {**EMPTY, "kind": "cumulative", **steps((low, "0", "4"), (high, "500", "5"), gone=1)}
    assert browser.post(page(row), data).status_code == 302
    in_use = row.steps.filter(enabled=True).values_list("from_spent", "percent")
    assert list(in_use) == [(Money(0), Decimal(4))]
    assert row.steps.filter(enabled=False, pk=high.pk).exists()
    assert gym.till.quote("personal", client=gym.boris).bill.to_pay == 5760


def test_two_steps_may_swap_their_sums(browser: Browser) -> None:
    row = saved(browser, kind="cumulative", **steps((None, "100", "3"), (None, "500", "5")))
    low, high = row.steps.order_by("from_spent")
    data = {**EMPTY, "kind": "cumulative", **steps((low, "500", "3"), (high, "100", "5"))}
    assert browser.post(page(row), data).status_code == 302
    assert list(row.steps.filter(enabled=True).order_by("from_spent").values_list("percent", flat=True)) == [5, 3]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "A discount by total spent needs a step, for example 3 % from 1000."),
        ([(None, "100", "3"), (None, "100.00", "5")], "Another step begins at 100.00 too."),
        ([(None, "1_000", "3")], "Must be an amount like 12.50."),
    ],
)
def test_steps_that_make_no_sense(browser: Browser, rows: list[Any], words: str) -> None:
    answer = browser.post(ADD, {**EMPTY, "kind": "cumulative", **steps(*rows)})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Discount.objects.filter(name="New").exists()


def test_steps_of_another_kind_are_left_alone(browser: Browser) -> None:
    row = saved(browser, kind="permanent", percent="5", **steps((None, "not a sum", "3")))
    assert not row.steps.exists()


# --- what stands above the form, and who sees it ---------------------------------------------------------------------


def test_the_effect_follows_what_is_typed(gym: Gym, browser: Browser) -> None:
    url = reverse("admin:loyalty_discount_effect_of_new")
    said = browser.post(url, {**EMPTY, "percent": "5", "client": "+12125550102"}).json()["sentences"]
    assert said[0] == "Boris Petrov gets 5\N{NO-BREAK SPACE}% off everything."
    assert said[-1] == "Example: “Personal training” of 60.00 costs 57.00."
    said = browser.post(url, {**EMPTY, "kind": "cumulative", **steps((None, "100", "3"))}).json()["sentences"]
    assert said[0].startswith("A client who has spent 100.00 gets 3")
    assert browser.post(url, {**EMPTY, "percent": "5", "amount": "5"}).json() == {"sentences": []}
    assert not Discount.objects.filter(name="New").exists()


def test_changes_are_told_in_words_and_in_the_currency(gym: Gym, browser: Browser) -> None:
    segment = Segment.objects.create(code="regular", name="Regulars", visits_min=5)
    row = saved(browser, percent="5", min_check="50")
    changed: dict[str, Any] = {
        "percent": "10",
        "min_check": "75.50",
        "services": ["session", "extras"],
        "weekdays": ["mon"],
    }
    changed |= {"segment": segment.pk, "client": "+12125550102", "locations": ["main"]}
    browser.post(page(row), EMPTY | changed)
    newest = browser.get(page(row)).context["changes"][0]
    assert {step.field: (step.before, step.after) for step in newest.steps} == {
        "discount, %": ("5\N{NO-BREAK SPACE}%", "10\N{NO-BREAK SPACE}%"),
        "for a check from": ("50.00", "75.50"),
        "on the services": ("—", "“Training session” and everything in “extras”"),
        "weekdays": ("—", "Monday"),
        "for the segment": ("—", "Regulars"),
        "for one client": ("—", "Boris Petrov"),
        "at the locations": ("—", "“Main hall”"),
    }


def test_saving_what_stands_there_changes_nothing(gym: Gym, browser: Browser) -> None:
    values = {"percent": "5", "services": ["towel", "session"], "weekdays": ["mon"], "from_time": "09:00"}
    row = saved(browser, **values, client="+12125550102")
    form = browser.get(page(row)).context["adminform"].form
    browser.post(page(row), EMPTY | values | {"client": form["client"].value(), "from_time": "09:00:00"})
    assert [change.verb for change in browser.get(page(row)).context["changes"]] == ["added"]


def test_a_step_is_told_in_the_currency(browser: Browser) -> None:
    row = saved(browser, kind="cumulative", **steps((None, "1000", "3")))
    told = [change for change in browser.get(page(row)).context["changes"] if change.thing]
    assert told[0].thing == "step “New”"
    assert sorted(told[0].told) == ["discount, %: 3\N{NO-BREAK SPACE}%", "from total spent: 1,000.00"]


def test_an_auditor_reads_names_and_changes_nothing(gym: Gym, browser: Browser, olga: Staff, sign_in: SignIn) -> None:
    row = saved(browser, percent="5", services=["session"], weekdays=["mon"], locations=["main"])
    eyes = sign_in(olga)
    text = eyes.get(page(row)).content.decode()
    assert all(word in text for word in ("“Training session”", "Monday", "“Main hall”"))
    assert '["session"]' not in text
    assert 'name="services"' not in text
    assert eyes.post(page(row), EMPTY | {"percent": "50"}).status_code == 403
    assert eyes.post(reverse("admin:loyalty_discount_effect", args=[row.pk]), EMPTY).status_code == 403


def test_a_manager_does_not_see_them(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    browser = sign_in(mike)
    assert browser.get("/admin/loyalty/discount/").status_code == 403
    assert browser.get("/admin/loyalty/promocode/").status_code == 403


def test_nobody_is_listed_to_choose_a_client_from(gym: Gym, browser: Browser) -> None:
    assert "Petrov" not in browser.get(ADD).content.decode()
