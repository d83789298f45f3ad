"""Who may call what, and where: every call with every scope, and keys that belong to one location."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client as Browser
from django.urls import get_resolver
from django.utils import timezone

from clients.actors import Actor
from clients.models import Client, Location
from loyalty.api.calls import Call
from loyalty.models import ApiKey, PromoCode, Refund, Segment, Visit
from loyalty.promo_batches import ask, make_unfinished
from memberships.models import Plan
from referrals.models import Partner, PartnerStatement
from tests import factories
from tests.api.conftest import Caller, basket
from tests.presents import factories as presents

# (call, who may); everybody else is refused with 403, and nobody without a key gets anything.
ALL, TILLS, OWNER = {"owner", "till", "read"}, {"owner", "till"}, {"owner"}
CALLS: list[tuple[str, str, Any, set[str]]] = [
    ("GET", "clients", None, ALL),
    ("POST", "clients", {"first_name": "Alice"}, TILLS),
    ("GET", "clients/{client}", None, ALL),
    ("PATCH", "clients/{client}", {}, TILLS),
    ("GET", "clients/{client}/balance", None, ALL),
    ("GET", "clients/{client}/entries", None, ALL),
    ("POST", "clients/{client}/adjust", {"amount": "1", "reason": "x"}, OWNER),
    ("POST", "clients/{client}/actions", {"code": "review", "key": "1"}, TILLS),
    ("GET", "clients/{client}/letters", None, ALL),
    ("GET", "clients/{client}/referrals", None, ALL),
    ("GET", "clients/{client}/prizes", None, ALL),
    ("POST", "clients/{client}/prizes", {"prize": "bottle"}, TILLS),
    ("GET", "prizes", None, ALL),
    ("POST", "prizes/claims/{claim}/hand_over", {}, TILLS),
    ("POST", "prizes/claims/{claim}/cancel", {"reason": "x"}, TILLS),
    ("GET", "segments", None, ALL),
    ("GET", "segments/{code}", None, ALL),
    ("GET", "segments/{code}/clients", None, OWNER),
    ("POST", "segments/{code}/clients", {"add": []}, OWNER),
    ("DELETE", "segments/{code}/clients", None, OWNER),
    ("GET", "webhooks", None, OWNER),
    ("POST", "webhooks", {"url": "https://till.example/hook", "events": ["visit.settled"]}, OWNER),
    ("GET", "webhooks/{webhook}", None, OWNER),
    ("DELETE", "webhooks/{webhook}", None, OWNER),
    ("POST", "visits/quote", basket("towel"), ALL),
    ("POST", "visits", {**basket("towel"), "payments": [{"method": "cash", "amount": "3"}]}, TILLS),
    ("GET", "visits", None, ALL),
    ("GET", "visits/{visit}", None, ALL),
    ("POST", "visits/{visit}/refund", {"reason": "x"}, TILLS),
    (
        "POST",
        "giftcards",
        {"type": "gift", "amount": "20", "location": "main", "payments": [{"method": "cash", "amount": "20"}]},
        TILLS,
    ),
    ("POST", "giftcards/check", {"code": "WRONG"}, TILLS),
    ("GET", "giftcards/{card}", None, ALL),
    ("POST", "giftcards/{card}/block", {"reason": "lost"}, TILLS),
    ("POST", "giftcards/{card}/unblock", {"reason": "found"}, OWNER),
    ("POST", "giftcards/{card}/replace", {"reason": "lost"}, OWNER),
    (
        "POST",
        "memberships",
        {"client": "{client}", "plan": "five", "location": "main", "payments": [{"method": "cash", "amount": "90"}]},
        TILLS,
    ),
    ("GET", "memberships", None, ALL),
    ("GET", "memberships/{membership}", None, ALL),
    ("POST", "memberships/{membership}/freeze", {"days": 3}, TILLS),
    ("POST", "memberships/{frozen}/unfreeze", {}, TILLS),
    ("POST", "memberships/{membership}/extend", {"days": 3, "reason": "x"}, OWNER),
    ("POST", "memberships/{membership}/transfer", {"client": "{friend}", "reason": "x", "sessions": 2}, OWNER),
    ("POST", "memberships/{membership}/no_show", {"reason": "x"}, TILLS),
    ("POST", "memberships/{frozen}/no_show_back", {"number": 1, "reason": "x"}, TILLS),
    ("POST", "memberships/{membership}/people", {"client": "{friend}"}, TILLS),
    ("DELETE", "memberships/{frozen}/people/{friend}", None, TILLS),
    (
        "POST",
        "memberships/{club}/renew",
        {"location": "main", "payments": [{"method": "cash", "amount": "30"}]},
        TILLS,
    ),
    ("POST", "memberships/{club}/end_renewal", {"reason": "x"}, TILLS),
    ("POST", "memberships/{ended}/take_up_renewal", {}, TILLS),
    ("POST", "promo_codes/{code}/hand_out", {}, TILLS),
    ("GET", "partners", None, OWNER),
    ("GET", "partners/{code}/statements", None, OWNER),
    ("POST", "partners/{code}/statements/{month}/paid", {"note": "transfer 17"}, OWNER),
    ("GET", "setup", None, OWNER),
    ("PUT", "setup", {}, OWNER),
]
PLACES = ("{client}", "{friend}")
AS = {"frozen": "{membership}", "club": "{membership}", "ended": "{membership}", "friend": "{client}"}
"""Memberships in a certain state, and another client, by what the address calls them."""
STANDS_FOR = re.compile(rf"\{{({'|'.join(AS)})\}}")


@pytest.fixture
def places(owner: Caller) -> dict[str, str]:
    boris = owner.register(first_name="Boris")
    factories.BonusProgramFactory(code="review", trigger="action")
    winter = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    ask(promo=winter, count=1, by=Actor.staff("anna"), now=timezone.now())
    make_unfinished()
    Segment.objects.create(code=winter.code, name="Winter", is_static=True)
    partner = Partner.objects.create(code=winter.code, name="Winter", percent=10)
    owed: Any = {"paid_in": 1000, "refunded": 0, "amount": 100}
    PartnerStatement.objects.create(partner=partner, month="2026-01-01", clients=1, visits=1, percent=10, **owed)
    presents.PrizeFactory(free_days=30)
    owner.post(f"clients/{boris['id']}/adjust", {"amount": "200", "reason": "prizes"}).made()
    webhook = owner.post("webhooks", {"url": "https://till.example/hook", "events": ["visit.settled"]}).made()["id"]
    claim = owner.post(f"clients/{boris['id']}/prizes", {"prize": "bottle"}).made()["id"]
    visit = owner.settle("towel", client=boris)["id"]
    return {
        "client": boris["id"],
        "visit": visit,
        "code": winter.code,
        "month": "2026-01",
        "claim": claim,
        "webhook": webhook,
        "card": gift_card(owner),
        **memberships(owner, boris),
        **subscriptions(owner, boris),
    }


def gift_card(owner: Caller) -> str:
    paid = [{"method": "cash", "amount": "20"}]
    sale = {"type": "gift", "amount": "20", "location": "main", "payments": paid}
    return str(owner.post("giftcards", sale).made()["id"])


def memberships(owner: Caller, client: Any) -> dict[str, str]:
    """One that can be used, one that is frozen and had an appointment missed, and a friend who is named on that."""
    Plan.objects.filter(code="five").update(people=3)
    friend = owner.register(first_name="Olga")["id"]
    sale = {"client": client["id"], "plan": "five", "location": "main"}
    paid = [{"method": "cash", "amount": "90"}]
    held, frozen = (owner.post("memberships", {**sale, "payments": paid}).made()["id"] for _turn in range(2))
    for verb, said in (("no_show", {"reason": "x"}), ("people", {"client": friend}), ("freeze", {"days": 5})):
        owner.post(f"memberships/{frozen}/{verb}", said).ok()
    return {"membership": held, "frozen": frozen, "friend": friend}


def subscriptions(owner: Caller, client: Any) -> dict[str, str]:
    """One that goes on, and one that was ended."""
    factories.PlanFactory(code="club", price=3000, valid_days=None, valid_months=1, renews=True)
    paid = [{"method": "cash", "amount": "30"}]
    sale = {"client": client["id"], "plan": "club", "location": "main", "payments": paid}
    club, ended = (owner.post("memberships", sale).made()["id"] for _turn in range(2))
    owner.post(f"memberships/{ended}/end_renewal", {"reason": "x"}).ok()
    return {"club": club, "ended": ended}


def filled(body: Any, places: dict[str, str]) -> Any:
    return {k: v.format(**places) if v in PLACES else v for k, v in body.items()} if body else body


@pytest.mark.parametrize(("method", "path", "body", "who"), CALLS, ids=[f"{m} {p}" for m, p, _b, _w in CALLS])
def test_a_scope_may_do_what_it_is_for(
    make_caller: Callable[..., Caller], places: dict[str, str], method: str, path: str, body: Any, who: Any
) -> None:
    """Each scope calls it as if the others had not."""
    for scope in ("owner", "till", "read"):
        caller, before = make_caller(scope), counts()
        point = transaction.savepoint()
        answered = caller.send(method, path.format(**places), filled(body, places))
        after = counts()
        transaction.savepoint_rollback(point)
        if scope in who:
            assert answered.status in (200, 201) or answered.json["code"] == "gift_card_unknown"
        else:
            answered.refused(403, "permission_denied")
            assert after == before


def counts() -> tuple[int, int, int]:
    return Client.objects.count(), Visit.objects.count(), Refund.objects.count()


def test_every_call_is_in_the_table() -> None:
    """A new address without a rule fails here."""
    known = {(method, STANDS_FOR.sub(lambda found: AS[found[1]], path)) for method, path, _body, _who in CALLS}
    served = set()
    for pattern, view in _calls():
        assert issubclass(view, Call), pattern
        for method in view.scopes:
            assert hasattr(view, method.lower()), (pattern, method)
            served.add((method, pattern.replace("<str:", "{").replace(">", "}")))

    assert served == known


def _calls() -> list[tuple[str, Any]]:
    patterns: list[Any] = list(get_resolver().url_patterns)
    api = next(pattern for pattern in patterns if str(pattern.pattern) == "api/v1/")
    found = [(str(pattern.pattern), pattern.callback.view_class) for pattern in api.url_patterns]
    public = {"schema", "schema/", "docs", "docs/", ""}
    return [(path, view) for path, view in found if path not in public and not path.endswith("/")]


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p, _b, _w in CALLS], ids=[f"{m} {p}" for m, p, _b, _w in CALLS]
)
def test_nobody_gets_in_without_a_key(flexgym: None, method: str, path: str) -> None:
    for header in (None, "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer " + "x" * 5000, "bearer é"):
        headers = {"Authorization": header} if header is not None else {}
        answer = Browser().generic(method, "/api/v1/" + path, "{}", content_type="application/json", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_revoked_key_is_refused_at_once(till: Caller) -> None:
    till.get("clients").ok()
    ApiKey.objects.update(revoked_at=timezone.now())

    till.get("clients").refused(401, "not_authenticated")


# --- locations -------------------------------------------------------------------------------------------------------


@pytest.fixture
def riverside(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller("till", Location.objects.get(code="riverside"), name="riverside")


def test_a_key_of_a_location_sells_there_only(riverside: Caller) -> None:
    paid = {"payments": [{"method": "cash", "amount": "3"}]}
    riverside.post("visits/quote", basket("towel")).refused(403, "permission_denied", "location")
    riverside.post("visits", {**basket("towel"), **paid}).refused(403, "permission_denied", "location")
    sale = {"type": "gift", "amount": "20", "location": "main", "payments": [{"method": "cash", "amount": "20"}]}
    riverside.post("giftcards", sale).refused(403, "permission_denied", "location")
    assert not Visit.objects.exists()

    assert riverside.settle("towel", location="riverside")["location"] == "riverside"
    assert riverside.post("giftcards", {**sale, "location": "riverside"}).made()["amount"] == "20.00"


def test_a_key_of_a_location_sees_no_visits_of_others(riverside: Caller, owner: Caller) -> None:
    elsewhere = owner.settle("towel")
    here = owner.settle("towel", location="riverside")

    assert [visit["id"] for visit in riverside.get("visits").ok()["results"]] == [here["id"]]
    assert riverside.get("visits?location=riverside").ok()["results"] == [here]
    riverside.get("visits?location=main").refused(403, "permission_denied", "location")
    riverside.get(f"visits/{elsewhere['id']}").refused(404, "not_found")
    riverside.post(f"visits/{elsewhere['id']}/refund", {"reason": "x"}).refused(404, "not_found")
    assert not Refund.objects.exists()
    assert riverside.get(f"visits/{here['id']}").ok() == here


def test_a_key_of_a_location_registers_there(riverside: Caller) -> None:
    client = riverside.register(first_name="Boris")

    assert Client.objects.get(pk=client["id"]).home == Location.objects.get(code="riverside")


def test_the_setup_is_not_for_keys_of_a_location(make_caller: Callable[..., Caller]) -> None:
    caller = make_caller("owner", Location.objects.get(code="riverside"))

    caller.get("setup").refused(403, "permission_denied")
    caller.send("PUT", "setup", {}).refused(403, "permission_denied")


# --- making one ------------------------------------------------------------------------------------------------------


def test_create_key_prints_the_key_last_and_keeps_its_hash_only(flexgym: None) -> None:
    out = StringIO()
    call_command("create_key", "checker", "--scope", "owner", stdout=out)

    key = out.getvalue().split()[-1]
    row = ApiKey.objects.get()
    assert (row.name, row.scope) == ("checker", "owner")
    assert key not in {row.key_hash, row.name}
    Caller(key).get("setup").ok()


def test_a_key_is_for_a_till_unless_said_otherwise(flexgym: None) -> None:
    call_command("create_key", "till-1", "--location", "main", stdout=StringIO())

    row = ApiKey.objects.get()
    assert (row.scope, [place.code for place in row.locations.all()]) == ("till", ["main"])


@pytest.mark.parametrize("said", [["till-1"], [" "], ["x" * 81], ["new", "--location", "moon"], ["a\nb"]])
def test_a_key_that_cannot_be_made(till: Caller, said: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_key", *said, stdout=StringIO())

    assert ApiKey.objects.count() == 1
