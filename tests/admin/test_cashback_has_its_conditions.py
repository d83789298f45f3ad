"""The page of cashback: for whom, on what, when it gives more and how much at most; said in words with an example."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from clients.models import Staff
from loyalty.admin.sentences import cashback
from loyalty.admin.sentences_cashback import limits
from loyalty.admin.words import Ware, Words
from loyalty.models import CashbackMultiplier, CashbackProgram, CashbackTier, Segment
from loyalty.money import Currency, Money
from loyalty.receipts import receipt_of_quote
from tests.admin.conftest import Gym, SignIn

USD = Currency("USD", 2)
WORDS = Words(wares={"session": Ware("session", "Training session", "training", Money(2000))}, segments={7: "VIP"})
TIER = CashbackTier(name="Start", from_spent=Money(0), percent=Decimal(10))


def told(*multipliers: CashbackMultiplier, **values: Any) -> list[str]:
    return limits(CashbackProgram(**values), multipliers, WORDS, USD)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"segment_id": 7}, "Only clients of the segment “VIP” get it."),
        (
            {"services": ["session", "goods"]},
            "It counts what is paid for “Training session” and everything in “goods”.",
        ),
        ({"exclude": ["session"]}, "It does not count “Training session”."),
        ({"max_per_check": Money(500)}, "It gives a client at most 5.00 a check."),
        (
            {"max_per_check": Money(500), "max_per_day": Money(1000), "max_per_month": Money(5000)},
            "It gives a client at most 5.00 a check, 10.00 a day and 50.00 a month.",
        ),
    ],
)
def test_each_limit_is_said(values: dict[str, Any], sentence: str) -> None:
    assert told(**values) == [sentence]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"weekdays": "mon,tue", "from_time": time(9), "to_time": time(12)},
            "It gives 2 times as much: Monday and Tuesday, 09:00 to 12:00.",
        ),
        (
            {"factor": Decimal("1.5"), "from_day": date(2026, 12, 1), "to_day": date(2026, 12, 24)},
            "It gives 1.5 times as much: from 1 December 2026 to 24 December 2026.",
        ),
        (
            {"weekdays": "sun", "to_day": date(2026, 12, 24)},
            "It gives 2 times as much: Sunday, until 24 December 2026.",
        ),
        ({"from_time": time(22)}, "It gives 2 times as much: every day, from 22:00."),
    ],
)
def test_each_multiplier_is_said(values: dict[str, Any], sentence: str) -> None:
    assert told(CashbackMultiplier(**{"factor": Decimal(2), **values})) == [sentence]


def test_figures_follow_the_readers_language() -> None:
    with translation.override("ru"):
        assert "1,5" in told(CashbackMultiplier(factor=Decimal("1.5"), weekdays="sun"))[0]


@pytest.mark.parametrize(
    ("values", "times", "said"),
    [
        ({}, None, ["Example: a client who has spent 0.00 pays 60.00 → gets 6.00."]),
        (
            {},
            Decimal("1.5"),
            [
                "Example: a client who has spent 0.00 pays 60.00 → gets 6.00.",
                "When it gives more, the same client gets 9.00.",
            ],
        ),
        (
            {"max_per_day": Money(750)},
            Decimal(2),
            [
                "Example: a client who has spent 0.00 pays 60.00 → gets 6.00.",
                "When it gives more, the same client gets 7.50, the most that it gives.",
            ],
        ),
        (
            {"max_per_check": Money(250)},
            None,
            ["Example: a client who has spent 0.00 pays 60.00 → gets 2.50, the most that it gives."],
        ),
    ],
)
def test_the_example_knows_multipliers_and_caps(values: dict[str, Any], times: Decimal | None, said: list[str]) -> None:
    program = CashbackProgram(limit_percent=100, **values)
    assert cashback(program, [TIER], USD, limits=["It is told."], times=times)[-len(said) :] == said
    assert cashback(program, [TIER], USD, limits=["It is told."])[2] == "It is told."


# --- the page ---------------------------------------------------------------------------------------------------------

NO_ROWS = {
    "tiers-TOTAL_FORMS": "0",
    "tiers-INITIAL_FORMS": "0",
    "multipliers-TOTAL_FORMS": "0",
    "multipliers-INITIAL_FORMS": "0",
}
ONE = {"multipliers-TOTAL_FORMS": "1", "multipliers-0-factor": "2"}


@pytest.fixture
def program(gym: Gym) -> CashbackProgram:
    return CashbackProgram.objects.get()


def page(program: CashbackProgram) -> str:
    return reverse("admin:loyalty_cashbackprogram_change", args=[program.pk])


def form(**said: Any) -> dict[str, Any]:
    own = {
        "name": "Cumulative cashback",
        "enabled": "on",
        "limit_percent": "50",
        "min_check": "50",
        "pending_days": "0",
    }
    return {**own, "priority": "100", **NO_ROWS, **said}


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    (formset,) = [
        one.formset for one in answer.context["inline_admin_formsets"] if one.opts.model is CashbackMultiplier
    ]
    own = answer.context["adminform"].form.errors.items()
    return {
        **{name: list(found) for name, found in own},
        **{name: list(found) for row in formset.forms for name, found in row.errors.items()},
    }


def test_everything_is_chosen_on_the_page(gym: Gym, anna: Staff, sign_in: SignIn, program: CashbackProgram) -> None:
    vip = Segment.objects.create(code="vip", name="VIP")
    said = form(
        segment=str(vip.pk),
        services=["session", "extras"],
        exclude=["towel"],
        max_per_check="5",
        max_per_month="50",
        **{
            "multipliers-TOTAL_FORMS": "1",
            "multipliers-0-factor": "1.5",
            "multipliers-0-weekdays": ["tue", "mon"],
            "multipliers-0-from_time": "09:00",
            "multipliers-0-to_time": "12:00",
            "multipliers-0-to_day": "2026-12-24",
        },
    )
    assert sign_in(anna).post(page(program), said).status_code == 302
    program.refresh_from_db()
    assert (program.segment, program.services, program.exclude) == (vip, ["session", "extras"], ["towel"])
    assert (program.max_per_check, program.max_per_day, program.max_per_month) == (500, None, 5000)
    row = program.multipliers.get()
    assert (row.factor, row.weekdays, row.from_day, row.to_day) == (Decimal("1.5"), "mon,tue", None, date(2026, 12, 24))
    assert (row.from_time, row.to_time) == (time(9), time(12))


def test_the_next_check_follows(gym: Gym, anna: Staff, sign_in: SignIn, program: CashbackProgram) -> None:
    """60.00 on the tier of 3 %: twice is 3.60, of which at most 2.50."""
    everyday = {"multipliers-TOTAL_FORMS": "1", "multipliers-0-factor": "2", "multipliers-0-from_day": "2020-01-01"}
    assert sign_in(anna).post(page(program), form(max_per_check="2.50", **everyday)).status_code == 302
    earned = receipt_of_quote(gym.till.quote("personal", client=gym.boris)).earned
    assert [(one.program, one.amount) for one in earned if one.program == program.code] == [("cumulative", 250)]


def test_what_is_no_longer_ticked_goes(gym: Gym, anna: Staff, sign_in: SignIn, program: CashbackProgram) -> None:
    program.services, program.exclude = ["gone", "session"], ["towel"]
    program.save()
    row = CashbackMultiplier.objects.create(program=program, factor=2, weekdays="mon")
    browser = sign_in(anna)
    kept = form(services=["session", "gone"], **{**ONE, "multipliers-INITIAL_FORMS": "1", "multipliers-0-id": row.pk})
    browser.post(page(program), kept | {"multipliers-0-weekdays": ["mon"], "multipliers-0-DELETE": "on"})
    program.refresh_from_db()
    assert (program.services, program.exclude, program.multipliers.count()) == (["gone", "session"], [], 0)


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({**ONE}, "weekdays", "Choose days, hours or dates: when it gives more."),
        (
            {**ONE, "multipliers-0-from_time": "09:00", "multipliers-0-to_time": "09:00"},
            "to_time",
            "It begins and ends at the same time.",
        ),
        (
            {**ONE, "multipliers-0-from_day": "2026-05-02", "multipliers-0-to_day": "2026-05-01"},
            "to_day",
            "The last day is before the first.",
        ),
        (
            {**ONE, "multipliers-0-factor": "0", "multipliers-0-weekdays": ["mon"]},
            "factor",
            "Must be more than 0 and at most 100.",
        ),
        (
            {**ONE, "multipliers-0-factor": "101", "multipliers-0-weekdays": ["mon"]},
            "factor",
            "Must be more than 0 and at most 100.",
        ),
        ({"max_per_check": "0"}, "max_per_check", "It must be at least 0.01."),
        (
            {"services": ["towel"], "exclude": ["towel"]},
            "exclude",
            "It is ticked above, too: “Towel”.",
        ),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(
    gym: Gym,
    anna: Staff,
    sign_in: SignIn,
    program: CashbackProgram,
    said: dict[str, Any],
    field: str,
    words: str,
) -> None:
    assert errors(sign_in(anna).post(page(program), form(**said))) == {field: [words]}
    assert not CashbackMultiplier.objects.exists()


def test_the_words_follow_what_is_typed(gym: Gym, anna: Staff, sign_in: SignIn, program: CashbackProgram) -> None:
    effect = reverse("admin:loyalty_cashbackprogram_effect", args=[program.pk])
    tiers = {"tiers-TOTAL_FORMS": "1", "tiers-0-name": "All", "tiers-0-from_spent": "0", "tiers-0-percent": "4"}
    said = form(max_per_check="3", **tiers, **ONE, **{"multipliers-0-weekdays": ["sun"]})
    sentences = sign_in(anna).post(effect, said).json()["sentences"]
    assert "It gives 2 times as much: Sunday." in sentences
    assert "It gives a client at most 3.00 a check." in sentences
    assert sentences[-1] == "When it gives more, the same client gets 3.00, the most that it gives."


def test_a_reader_sees_names_and_a_change_is_told_in_words(
    gym: Gym, olga: Staff, sign_in: SignIn, program: CashbackProgram
) -> None:
    program.services, program.segment = ["session"], Segment.objects.create(code="vip", name="VIP")
    program.save()
    row = CashbackMultiplier.objects.create(program=program, factor=2, weekdays="mon,tue")
    row.factor = Decimal(3)
    row.save()
    answer = sign_in(olga).get(page(program))
    text = answer.content.decode()
    assert "Monday and Tuesday" in text
    assert "“Training session”" in text
    assert "mon,tue" not in text
    told = [step for change in answer.context["changes"] for step in change.told]
    assert "times: 2 → 3" in told
    assert "on the services: — → “Training session”" in told
