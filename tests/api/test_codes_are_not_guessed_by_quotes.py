"""What a gift card is worth is told to tills, not to a key that only reads; and nobody guesses codes by quoting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from clients.models import Throttle
from loyalty.api.visits import UNKNOWN_CODES
from tests.api.conftest import Caller, basket

SALE = {"type": "gift", "amount": "50.00", "location": "main", "payments": [{"method": "cash", "amount": "50.00"}]}


@pytest.fixture
def code(till: Caller) -> str:
    return str(till.post("giftcards", SALE).made()["code"])


def offers(code: str, **more: Any) -> dict[str, Any]:
    return basket("towel", gift_cards=[code], **more)


def tops_up(code: str) -> dict[str, Any]:
    return {"location": "main", "lines": [{"gift_card_top_up": code, "amount": "10"}]}


def sells(code: str) -> dict[str, Any]:
    return {"location": "main", "lines": [{"gift_card_type": "gift", "amount": "50", "gift_card": code}]}


@pytest.mark.parametrize(
    ("said", "field"),
    [(offers, "gift_cards"), (tops_up, "lines[0].gift_card_top_up"), (sells, "lines[0].gift_card")],
)
def test_a_key_that_reads_names_no_card(
    make_caller: Callable[..., Caller], code: str, said: Callable[[str], Any], field: str
) -> None:
    reader = make_caller("read")
    for typed in (code, "WRONG"):
        reader.post("visits/quote", said(typed)).refused(403, "permission_denied", field)


@pytest.mark.parametrize("more", [{}, {"gift_cards": []}, {"gift_cards": None}])
def test_its_other_quotes_are_answered(make_caller: Callable[..., Caller], more: dict[str, Any]) -> None:
    assert make_caller("read").post("visits/quote", basket("towel", **more)).ok()["to_pay"] == "3.00"


def test_a_till_is_told(till: Caller, owner: Caller, code: str) -> None:
    for caller in (till, owner):
        assert caller.post("visits/quote", offers(code)).ok()["gift_card_total"] == "3.00"


def guess(caller: Caller, way: str, number: int) -> Any:
    code, paid = f"WRONG{number}", [{"method": "cash", "amount": "3.00"}]
    if way == "sale":
        return caller.post("giftcards", {**SALE, "code": code})
    if way == "visit":
        return caller.post("visits", {**offers(code), "payments": paid})
    return caller.post("visits/quote", {"quote": offers, "top up": tops_up, "sold": sells}[way](code))


@pytest.mark.parametrize("way", ["quote", "top up", "sold", "visit", "sale"])
def test_so_many_wrong_codes_and_no_more(make_caller: Callable[..., Caller], code: str, way: str) -> None:
    caller = make_caller("till", name="guesser")
    answers = [guess(caller, way, number) for number in range(UNKNOWN_CODES + 2)]
    assert [answer.status for answer in answers] == [422] * UNKNOWN_CODES + [429] * 2
    answers[0].refused(422, "gift_card_unknown")
    answers[-1].refused(429, "throttled")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_beyond_the_limit_a_right_code_is_not_told_from_a_wrong_one(
    make_caller: Callable[..., Caller], code: str
) -> None:
    caller = make_caller("till", name="guesser")
    for number in range(UNKNOWN_CODES):
        guess(caller, ("quote", "visit")[number % 2], number)
    caller.post("visits/quote", offers(code)).refused(429, "throttled")
    caller.post("visits/quote", tops_up(code)).refused(429, "throttled")
    assert caller.post("visits/quote", basket("towel")).ok()["to_pay"] == "3.00"
    other = make_caller("till", name="till-2")
    assert other.post("visits/quote", offers(code)).ok()["gift_card_total"] == "3.00"


def test_a_card_that_is_there_counts_nothing(till: Caller, code: str) -> None:
    for _time in range(UNKNOWN_CODES + 2):
        till.post("visits/quote", offers(code)).ok()
    assert not Throttle.objects.exists()


def test_a_minute_later_it_may_try_again(make_caller: Callable[..., Caller], code: str) -> None:
    caller = make_caller("till", name="guesser")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(UNKNOWN_CODES + 1):
            guess(caller, "quote", number)
        clock.shift(timedelta(seconds=61))
        assert caller.post("visits/quote", offers(code)).ok()["gift_card_total"] == "3.00"
        guess(caller, "quote", 0).refused(422, "gift_card_unknown", "gift_cards[0]")
