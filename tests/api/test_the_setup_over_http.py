"""`GET/PUT setup`, the description, and the page to try it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client as Browser

from loyalty.models import CashbackTier
from tests.api.conftest import Caller


def test_the_setup_loaded_back_changes_nothing(owner: Caller) -> None:
    setup = owner.get("setup").ok()
    assert (setup["business"]["name"], setup["cashback"][0]["tiers"][0]["percent"]) == ("FlexGym", "3")

    assert owner.send("PUT", "setup", setup).ok() == setup


def test_a_section_is_changed_and_the_next_quote_follows(owner: Caller) -> None:
    alice = owner.register(first_name="Alice")
    bob = owner.register(first_name="Bob", referrer=alice["card"])
    referral = {**owner.get("setup").ok()["referral"], "referrer": {"percent": "10", "when": "every_visit"}}
    owner.send("PUT", "setup", {"referral": referral}).ok()

    assert owner.settle("personal", client=bob)["referrer_earned"] == {"client": alice["id"], "amount": "6.00"}


def test_every_mistake_is_named_and_nothing_stored(owner: Caller) -> None:
    cashback = owner.get("setup").ok()["cashback"]
    cashback[0]["tiers"][0]["percent"] = "700"
    problem = owner.send("PUT", "setup", {"cashback": cashback, "colour": "red"}).refused(400, "invalid")

    assert problem["errors"]["cashback[0].tiers[0].percent"] == ["must be between 0 and 100"]
    assert problem["errors"]["colour"] == ["unknown key"]
    assert CashbackTier.objects.filter(percent=3, enabled=True).count() == 1


@pytest.mark.parametrize("document", [[], "text", 5])
def test_what_is_no_document_is_refused(owner: Caller, document: Any) -> None:
    owner.send("PUT", "setup", document).refused(400, "invalid")


def test_the_description_is_openapi_3_1_and_names_every_call(db: None) -> None:
    answer = Browser().get("/api/v1/schema/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert Browser().get("/api/v1/schema").content == answer.content
    document = json.loads(answer.content)

    assert document["openapi"] == "3.1.0"
    assert sorted(path.removeprefix("/api/v1/") for path in document["paths"]) == [
        "clients",
        "clients/{client}",
        "clients/{client}/actions",
        "clients/{client}/adjust",
        "clients/{client}/balance",
        "clients/{client}/entries",
        "clients/{client}/letters",
        "clients/{client}/prizes",
        "clients/{client}/referrals",
        "giftcards",
        "giftcards/check",
        "giftcards/{card}",
        "giftcards/{card}/block",
        "giftcards/{card}/replace",
        "giftcards/{card}/unblock",
        "memberships",
        "memberships/{membership}",
        "memberships/{membership}/end_renewal",
        "memberships/{membership}/extend",
        "memberships/{membership}/freeze",
        "memberships/{membership}/no_show",
        "memberships/{membership}/no_show_back",
        "memberships/{membership}/people",
        "memberships/{membership}/people/{client}",
        "memberships/{membership}/renew",
        "memberships/{membership}/take_up_renewal",
        "memberships/{membership}/transfer",
        "memberships/{membership}/unfreeze",
        "partners",
        "partners/{code}/statements",
        "partners/{code}/statements/{month}/paid",
        "prizes",
        "prizes/claims/{claim}/cancel",
        "prizes/claims/{claim}/hand_over",
        "promo_codes/{code}/hand_out",
        "segments",
        "segments/{code}",
        "segments/{code}/clients",
        "setup",
        "visits",
        "visits/quote",
        "visits/{visit}",
        "visits/{visit}/refund",
        "webhooks",
        "webhooks/{webhook}",
    ]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_the_page_to_try_it_takes_everything_from_our_own_files(db: None) -> None:
    answer = Browser().get("/api/v1/docs/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "http" not in page
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for part in page.split('"'):
        if part.startswith("/static/"):
            assert finders.find(part.removeprefix("/static/")), part
