"""The section `memberships` of the setup document, there and back; and a segment that asks for a membership."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from clients.actors import Actor
from clients.models import Client
from loyalty.models import Segment
from loyalty.segments import members
from loyalty.setup import SetupRefused, dump, load
from memberships.models import Plan, PlanService
from tests.memberships.conftest import buy
from tests.till import Till

pytestmark = pytest.mark.django_db
BY = Actor.staff("anna")
SPA: dict[str, Any] = {
    "code": "spa",
    "name": "Spa",
    "valid": {"days": 60},
    "price": "200.00",
    "services": [{"service": "session", "sessions": 3}, {"service": "personal", "sessions": 5}],
}
MONTH: dict[str, Any] = {
    "code": "month",
    "name": "Month",
    "sessions": None,
    "valid": {"months": 1},
    "price": "50.00",
    "categories": ["training"],
    "starts": "first_visit",
    "locations": ["main"],
    "weekdays": ["mon", "tue"],
    "from_time": "22:00",
    "to_time": "02:00",
    "per_day": 2,
    "people": 3,
    "unnamed": True,
    "transferable": False,
    "no_show": False,
    "freeze_days": 14,
    "refund": "used",
}


@pytest.mark.parametrize("row", [SPA, MONTH], ids=["counts", "every key"])
def test_every_key_comes_back(till: Till, row: dict[str, Any]) -> None:
    load({"memberships": [row]}, by=BY)
    written = dump()["memberships"]
    assert written == [row]
    assert load({"memberships": written}, by=BY) == []


def test_counts_are_kept_with_the_services(till: Till) -> None:
    load({"memberships": [SPA]}, by=BY)
    rows = PlanService.objects.order_by("pk").values_list("service__code", "sessions")
    assert (list(rows), Plan.objects.get().sessions) == ([("session", 3), ("personal", 5)], None)
    changed = {**SPA, "services": [{"service": "session", "sessions": 4}]}
    (change,) = load({"memberships": [changed]}, by=BY)
    assert str(change).endswith("services added session x 4, removed session x 3, removed personal x 5")
    assert list(PlanService.objects.values_list("service__code", "sessions")) == [("session", 4)]


@pytest.mark.parametrize(
    ("change", "path", "why"),
    [
        ({"services": ["session", {"service": "personal", "sessions": 5}]}, "services", "all of them have sessions"),
        ({"sessions": 5}, "sessions", "each service has its own"),
        ({"categories": ["training"]}, "categories", "cannot be counted service by service"),
        ({"services": [{"service": "session", "sessions": 0}]}, "services[0].sessions", "must be between 1 and"),
        ({"services": [{"service": "session"}]}, "services[0].sessions", "is missing"),
        ({"services": [{"service": "nail", "sessions": 3}]}, "services[0]", "there is no service"),
        ({"services": ["session"]}, "sessions", "is missing"),
        ({"services": ["session"], "sessions": None, "categories": ["hair"]}, "categories[0]", "there is no category"),
        ({"starts": "never"}, "starts", "must be purchase or first_visit or date"),
        ({"locations": ["moon"]}, "locations[0]", "there is no location"),
        ({"per_day": 0}, "per_day", "must be between 1 and"),
        ({"people": 0}, "people", "must be between 1 and"),
        ({"from_time": "09:00", "to_time": "09:00"}, "to_time", "must not be the same"),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(till: Till, change: dict[str, Any], path: str, why: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"memberships": [SPA | change]}, by=BY)
    found = [(where, said) for where, said in refused.value.errors if why in said]
    assert [where for where, _said in found] == [f"memberships[0].{path}"]
    assert not Plan.objects.exists()


def test_something_must_be_covered(till: Till) -> None:
    row = {key: value for key, value in SPA.items() if key != "services"} | {"sessions": 5}
    with pytest.raises(SetupRefused) as refused:
        load({"memberships": [row]}, by=BY)
    assert [where for where, _why in refused.value.errors] == ["memberships[0].services"]


# --- segments --------------------------------------------------------------------------------------------------------


def segment(plan: str) -> dict[str, Any]:
    return {"code": "members", "name": "Members", "rule": {"membership": plan}}


def test_a_segment_asks_for_a_plan_of_the_same_document(till: Till) -> None:
    load({"segments": [segment("spa")], "memberships": [SPA]}, by=BY)
    assert Segment.objects.get().further == {"membership": "spa"}
    assert load({"segments": dump()["segments"]}, by=BY) == []


def test_a_plan_that_nobody_knows_is_refused(till: Till) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"segments": [segment("spaa")], "memberships": [SPA]}, by=BY)
    assert [where for where, _why in refused.value.errors] == ["segments[0].rule.membership"]


def test_any_membership_will_do(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    load({"segments": [segment("*")]}, by=BY)
    buy(till, boris, five)
    assert Segment.objects.get().further == {"membership": "*"}
    assert dump()["segments"] == [segment("*")]
    assert list(members(Segment.objects.get(), now=till.now)) == [boris]


@pytest.mark.parametrize(
    ("column", "least", "most"),
    [
        ("sessions", 1, 10_000),
        ("valid_days", 1, 30_000),
        ("valid_months", 1, 900),
        ("per_day", 1, 10_000),
        ("people", 1, 100),
        ("freeze_days", 0, 30_000),
        ("grace_days", 0, 30_000),
        ("remind_days", 0, 30_000),
    ],
)
def test_what_is_typed_in_the_office_comes_back_from_its_dump(till: Till, column: str, least: int, most: int) -> None:
    load({"memberships": [{**MONTH, "valid": None}]}, by=BY)
    plan = Plan.objects.get()
    for value in (least, most):
        setattr(plan, column, value)
        plan.full_clean()
        plan.save()
        assert load({"memberships": dump()["memberships"]}, by=BY) == []
    for value in (least - 1, most + 1):
        setattr(plan, column, value)
        with pytest.raises(ValidationError) as refusal:
            plan.full_clean()
        assert set(refusal.value.message_dict) == {column}


@pytest.mark.parametrize(("sessions", "is_taken"), [(0, False), (1, True), (10_000, True), (10_001, False)])
def test_so_does_the_count_of_a_service(till: Till, sessions: int, *, is_taken: bool) -> None:
    load({"memberships": [SPA]}, by=BY)
    for one in PlanService.objects.all():
        one.sessions = sessions
        if is_taken:
            one.full_clean()
            one.save()
        else:
            with pytest.raises(ValidationError):
                one.full_clean()
    assert load({"memberships": dump()["memberships"]}, by=BY) == []
