"""`visits`: the worked examples of `domain.md` figure by figure, and every way in which a check is refused."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from clients.models import Client
from loyalty.models import Entry, Visit
from tests.api.conftest import Caller, basket

CASH_30 = [{"method": "cash", "amount": "30.00"}]


@pytest.fixture
def alice(till: Caller) -> Any:
    return till.register(first_name="Alice", phone="+12125550101")


@pytest.fixture
def bob(till: Caller, alice: Any) -> Any:
    """Referred by Alice: 100 bonuses."""
    return till.register(first_name="Bob", referrer="+12125550101")


def figures(check: Any, *names: str) -> list[Any]:
    return [check[name] for name in names]


def test_bob_pays_half_with_bonuses_and_both_earn(till: Caller, alice: Any, bob: Any) -> None:
    quote = till.post("visits/quote", basket("personal", client=bob, redeem="max")).ok()
    assert figures(quote, "currency", "list_total", "membership_total", "discount_total", "check_total") == [
        *("USD", "60.00", "0.00", "0.00", "60.00")
    ]
    assert figures(quote, "bonus_spendable", "bonus_total", "gift_card_total", "to_pay", "earned_total") == [
        *("30.00", "30.00", "0.00", "30.00", "0.90")
    ]
    assert quote["earned"] == [{"program": "cumulative", "percent": "3", "amount": "0.90"}]
    assert quote["referrer_earned"] == {"client": alice["id"], "amount": "1.50"}
    assert quote["tier"] == {"name": "Start", "percent": "3"}
    assert figures(quote, "sessions_used", "payments", "client", "location") == [0, [], bob["id"], "main"]
    (line,) = quote["lines"]
    assert figures(line, "line", "service", "quantity", "list", "bonus", "to_pay", "earned") == [
        *(1, "personal", 1, "60.00", "30.00", "30.00", "0.90")
    ]
    assert [note["code"] for note in quote["trace"]] == [
        *("bonus.lot_used", "bonus.limit", "cashback.earned", "referral.referrer_share")
    ]

    visit = till.post(
        "visits", {**basket("personal", client=bob, redeem="max"), "payments": CASH_30, "quote": quote["token"]}
    ).made()
    assert {name: visit[name] for name in quote if name not in {"token", "payments", "at"}} == {
        name: quote[name] for name in quote if name not in {"token", "payments", "at"}
    }
    assert figures(visit, "status", "payments", "by") == ["settled", CASH_30, "key:till-1"]
    assert till.balance(bob)["balance"] == "70.90"
    assert till.balance(alice)["balance"] == "1.50"
    assert till.get(f"visits/{visit['id']}").ok() == visit


def test_on_a_check_of_40_bob_may_use_none(till: Caller, alice: Any, bob: Any) -> None:
    check = basket(client=bob, lines=[{"service": "session", "quantity": 2}])
    till.settle("towel", client=bob)  # the trial is over after a first visit with a service

    quote = till.post("visits/quote", {**check, "redeem": "max"}).ok()
    assert figures(quote, "check_total", "bonus_spendable", "bonus_total", "to_pay", "earned_total") == [
        *("40.00", "0.00", "0.00", "40.00", "1.20")
    ]
    assert quote["referrer_earned"] == {"client": alice["id"], "amount": "2.00"}
    refused = till.post("visits/quote", {**check, "redeem": "1"}).refused(422, "redeem_exceeds_limit", "redeem")
    assert refused["max"] == "0.00"


def test_the_trial_session_costs_half(till: Caller, bob: Any) -> None:
    quote = till.post("visits/quote", basket("session", client=bob)).ok()

    assert figures(quote, "list_total", "discount_total", "to_pay") == ["20.00", "10.00", "10.00"]


def test_a_quote_writes_nothing_and_is_the_same_again(till: Caller, bob: Any) -> None:
    entries = Entry.objects.count()
    with time_machine.travel(timezone.now(), tick=False):
        first, second = (till.post("visits/quote", basket("session", client=bob)).ok() for _i in range(2))

    assert first == second
    assert (Visit.objects.count(), Entry.objects.count()) == (0, entries)


def test_keys_that_offer_nothing_may_be_said(till: Caller, bob: Any) -> None:
    offers: dict[str, Any] = {"promo_codes": [], "gift_cards": [], "memberships": "auto", "redeem": "0", "at": None}

    assert till.settle("personal", client=bob, **offers)["to_pay"] == "60.00"


def test_somebody_unknown_can_buy(till: Caller) -> None:
    visit = till.settle("session", pay="20.00")

    assert figures(visit, "client", "tier", "earned", "referrer_earned", "to_pay") == [None, None, [], None, "20.00"]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_more_than_the_limit_and_more_than_is_there(till: Caller, bob: Any) -> None:
    over = till.post("visits/quote", basket("personal", client=bob, redeem="30.01"))
    assert over.refused(422, "redeem_exceeds_limit", "redeem")["max"] == "30.00"
    more = till.post("visits/quote", basket("personal", client=bob, redeem="100.01"))
    assert more.refused(422, "insufficient_balance", "redeem")["max"] == "30.00"
    till.post("visits/quote", basket("towel", client=bob, redeem="1")).refused(400, "invalid", "redeem")


@pytest.mark.parametrize("paid", [[], [{"method": "cash", "amount": "29.99"}], [*CASH_30, *CASH_30]])
def test_payments_must_match_to_the_cent(till: Caller, bob: Any, paid: Any) -> None:
    answered = till.post("visits", {**basket("personal", client=bob, redeem="max"), "payments": paid})

    assert answered.refused(422, "payment_mismatch", "payments")["to_pay"] == "30.00"
    assert (Visit.objects.count(), till.balance(bob)["balance"]) == (0, "100.00")


def test_two_methods_pay_together(till: Caller, bob: Any) -> None:
    paid = [{"method": "cash", "amount": "10"}, {"method": "card", "amount": "20.0"}]
    visit = till.post("visits", {**basket("personal", client=bob, redeem="max"), "payments": paid}).made()

    assert visit["payments"] == [{"method": "cash", "amount": "10.00"}, {"method": "card", "amount": "20.00"}]


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"client": "999"}, 404, "not_found", "client"),
        ({"client": "x"}, 400, "invalid", "client"),
        ({"client": "9" * 40}, 400, "invalid", "client"),
        ({"location": "moon"}, 400, "invalid", "location"),
        ({"location": None}, 400, "invalid", "location"),
        ({"lines": []}, 400, "invalid", "lines"),
        ({"lines": None}, 400, "invalid", "lines"),
        ({"lines": ["session"]}, 400, "invalid", "lines[0]"),
        ({"lines": [{"service": "flight"}]}, 400, "invalid", "lines[0].service"),
        ({"lines": [{"service": "session", "quantity": 0}]}, 400, "invalid", "lines[0].quantity"),
        ({"lines": [{"service": "session", "quantity": 1.0}]}, 400, "invalid", "lines[0].quantity"),
        ({"lines": [{"service": "session", "quantity": True}]}, 400, "invalid", "lines[0].quantity"),
        ({"lines": [{"service": "session", "price": 10.5}]}, 400, "invalid", "lines[0].price"),
        ({"lines": [{"service": "session", "price": 10}]}, 400, "invalid", "lines[0].price"),
        ({"lines": [{"service": "session", "price": "-1"}]}, 400, "invalid", "lines[0].price"),
        ({"lines": [{"service": "session", "note": "x"}]}, 400, "invalid", "lines[0].note"),
        ({"lines": [{"service": "session"}, {"gift_card_type": "none", "amount": "20"}]}, 400, "invalid", ""),
        ({"lines": [{"gift_card_type": "gift", "amount": "21"}]}, 400, "invalid", "lines[0].amount"),
        ({"lines": [{"membership_plan": "hundred"}]}, 400, "invalid", "lines[0].membership_plan"),
        ({"redeem": 5}, 400, "invalid", "redeem"),
        ({"redeem": "all"}, 400, "invalid", "redeem"),
        ({"memberships": ["77"]}, 422, "membership_not_applicable", "memberships[0]"),
        ({"memberships": "none"}, 400, "invalid", "memberships"),
        ({"promo_codes": ["SPRING"]}, 422, "promo_code_unknown", "promo_codes[0]"),
        ({"promo_codes": [5]}, 400, "invalid", "promo_codes[0]"),
        ({"promo_codes": "SPRING"}, 400, "invalid", "promo_codes"),
        ({"gift_cards": ["NOSUCHCODE"]}, 422, "gift_card_unknown", "gift_cards[0]"),
        ({"gift_cards": [5]}, 400, "invalid", "gift_cards[0]"),
        ({"at": "yesterday"}, 400, "invalid", "at"),
        ({"at": "2026-05-12T18:30:00"}, 400, "invalid", "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, 400, "invalid", "at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, 400, "invalid", "at"),
        ({"tip": "1.00"}, 400, "invalid", "tip"),
        ({"lines": [{"service": "session", "quantity": 9999, "price": "999999999999"}]}, 400, "invalid", "lines"),
    ],
)
def test_a_basket_that_makes_no_sense_is_named(
    owner: Caller, bob: Any, changed: Any, status: int, code: str, field: str
) -> None:
    check = {**basket("session", client=bob), **changed}

    owner.post("visits/quote", check).refused(status, code, field)
    owner.post("visits", {**check, "payments": []}).refused(status, code, field)
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    ("paid", "field"),
    [
        ("30", "payments"),
        ([{"method": "gold", "amount": "30"}], "payments[0].method"),
        ([{"method": ["cash"], "amount": "30"}], "payments[0].method"),
        ([{"method": "cash", "amount": 30}], "payments[0].amount"),
        ([{"method": "cash", "amount": 30.0}], "payments[0].amount"),
        ([{"method": "cash", "amount": "-30"}], "payments[0].amount"),
        ([{"method": "cash"}], "payments[0].amount"),
        ([{"method": "cash", "amount": "30", "note": ""}], "payments[0].note"),
        ([{"method": "cash", "amount": "1"}] * 21, "payments"),
    ],
)
def test_payments_that_make_no_sense_are_named(till: Caller, bob: Any, paid: Any, field: str) -> None:
    check = basket("personal", client=bob, redeem="max")
    till.post("visits", {**check, "payments": paid}).refused(400, "invalid", field)

    assert not Visit.objects.exists()


def test_a_quote_takes_no_payments(till: Caller) -> None:
    till.post("visits/quote", {**basket("session"), "payments": []}).refused(400, "invalid", "payments")
    till.post("visits", {**basket("session"), "quote": 5}).refused(400, "invalid", "quote")


def test_who_asked_to_be_forgotten_cannot_buy(till: Caller, bob: Any) -> None:
    Client.objects.filter(pk=bob["id"]).update(erased_at="2026-01-01T00:00:00Z")

    till.post("visits/quote", basket("session", client=bob)).refused(410, "client_erased", "client")


def test_a_till_may_say_another_price(till: Caller) -> None:
    line = {"service": "session", "price": "15.00", "price_reason": "the shower was cold"}
    visit = till.settle(lines=[line], pay="15.00")

    assert (visit["list_total"], visit["lines"][0]["price"]) == ("15.00", "15.00")


# --- another time ----------------------------------------------------------------------------------------------------


def test_only_the_owner_records_a_visit_of_another_time_and_never_a_future_one(till: Caller, owner: Caller) -> None:
    past = {**basket("session"), "at": "2026-05-12T18:30:00-04:00"}
    future = {**basket("session"), "at": "2099-05-12T18:30:00-04:00"}

    assert till.post("visits/quote", past).ok()["at"] == "2026-05-12T18:30:00-04:00"
    till.post("visits", {**past, "payments": []}).refused(403, "permission_denied", "at")
    owner.post("visits", {**future, "payments": []}).refused(400, "invalid", "at")
    assert not Visit.objects.exists()

    assert owner.settle("session", at="2026-05-12T22:30:00Z", pay="20.00")["at"] == "2026-05-12T18:30:00-04:00"


# --- lists -----------------------------------------------------------------------------------------------------------


def test_visits_are_listed_by_client_location_and_day(owner: Caller, bob: Any) -> None:
    first = owner.settle("towel", client=bob, at="2026-05-12T23:30:00-04:00")
    second = owner.settle("towel", at="2026-05-13T00:30:00-04:00")
    third = owner.settle("towel", at="2026-05-14T12:00:00-04:00", location="riverside")

    def listed(query: str) -> list[Any]:
        return [visit["id"] for visit in owner.get(f"visits?{query}").ok()["results"]]

    ids = [third["id"], second["id"], first["id"]]
    assert listed("") == ids
    assert listed(f"client={bob['id']}") == [first["id"]]
    assert listed("client=999") == []
    assert listed("location=riverside") == [third["id"]]
    assert listed("from=2026-05-13") == ids[:2]
    assert listed("to=2026-05-12") == [first["id"]]
    assert listed("from=2026-05-13&to=2026-05-13") == [second["id"]]
    assert listed("from=2026-05-13T00:30:00-04:00&to=2026-05-13T04:30:00Z") == [second["id"]]
    assert listed("from=2026-05-13T04:30:00+00:00&to=2026-05-13") == [second["id"]]
    assert owner.get("visits?limit=1").ok()["results"] == [third]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("client=x", "client"),
        ("client=%00", "client"),
        ("client=" + "9" * 40, "client"),
        ("location=moon", "location"),
        ("from=2026-02-30", "from"),
        ("from=today", "from"),
        ("from=2026-05-12T10:00:00", "from"),
        ("to=0001-01-01", "to"),
        ("to=9999-12-31T23:59:59-14:00", "to"),
        ("status=settled", "status"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(till: Caller, query: str, name: str) -> None:
    till.get(f"visits?{query}").refused(400, "invalid", name)


def test_a_list_is_read_page_by_page_and_back_while_more_comes_in(till: Caller) -> None:
    visits = [till.settle("towel")["id"] for _i in range(5)][::-1]

    first = till.get("visits?limit=2").ok()
    till.settle("towel")
    second = till.get(_path(first["next"])).ok()
    third = till.get(_path(second["next"])).ok()
    assert [_ids(page) for page in (first, second, third)] == [visits[:2], visits[2:4], visits[4:]]
    assert (first["previous"], third["next"]) == (None, None)

    back = till.get(_path(third["previous"])).ok()
    assert (_ids(back), back["next"] is None) == (visits[2:4], False)
    newest = till.get(_path(till.get(_path(back["previous"])).ok()["previous"])).ok()
    assert (len(newest["results"]), newest["previous"]) == (1, None)


def _ids(page: Any) -> list[str]:
    return [row["id"] for row in page["results"]]


def _path(link: str) -> str:
    return link.partition("/api/v1/")[2]
