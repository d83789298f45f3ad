"""Segments over HTTP: which there are, who belongs now, and lists that are filled and emptied."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from auditlog.models import LogEntry

from clients.models import Client, Location
from loyalty.models import Segment, SegmentMember
from tests import factories
from tests.api.conftest import Caller


@pytest.fixture
def guests(flexgym: None) -> Segment:
    segment: Segment = Segment.objects.create(code="guests", name="Guests of honour", is_static=True)
    return segment


def registered(caller: Caller, *names: str) -> list[str]:
    return [caller.register(first_name=name)["id"] for name in names]


def test_a_list_is_filled_read_and_emptied(guests: Segment, owner: Caller) -> None:
    boris, alice, clara = registered(owner, "Boris", "Alice", "Clara")
    told = owner.post("segments/guests/clients", {"add": [boris, alice, boris, "999999"]}).ok()
    assert told == {"added": 2, "removed": 0, "clients": 2, "unknown": ["999999"]}
    assert SegmentMember.objects.get(client=int(boris)).by == "key:anna"
    told = owner.post("segments/guests/clients", {"add": [clara, alice], "remove": [boris, "17"]}).ok()
    assert told == {"added": 1, "removed": 1, "clients": 2, "unknown": []}
    assert [one["first_name"] for one in owner.get("segments/guests/clients").ok()["results"]] == ["Clara", "Alice"]
    assert [one["id"] for one in owner.get("clients?segment=guests").ok()["results"]] == [clara, alice]
    assert owner.get("segments/guests").ok()["clients"] == 2
    assert owner.send("DELETE", "segments/guests/clients").ok() == {"removed": 2}
    assert not SegmentMember.objects.exists()
    entry = LogEntry.objects.filter(content_type__model="segment").order_by("-pk")[0]
    assert (entry.changes, entry.additional_data) == ({"listed": ["2", "0"]}, {"by": "key:anna"})


def test_the_same_request_counts_once(guests: Segment, owner: Caller) -> None:
    (boris,) = registered(owner, "Boris")
    first = owner.post("segments/guests/clients", {"add": [boris]}, idempotency="one").ok()
    assert owner.post("segments/guests/clients", {"add": [boris]}, idempotency="one").ok() == first
    assert owner.post("segments/guests/clients", {"add": [boris]}).ok()["added"] == 0


def test_a_live_segment_tells_its_rule_and_takes_nobody(flexgym: None, owner: Caller) -> None:
    (boris,) = registered(owner, "Boris")
    rule = {"visits_max": 3, "spent_max": "10.00", "rfm": "new", "referrals_min": 1}
    Segment.objects.create(
        code="shy", name="Shy", visits_max=3, spent_max=1000, rfm="new", further={"referrals_min": 1}
    )
    expected = {"code": "shy", "name": "Shy", "enabled": True, "static": False, "rule": rule}
    assert owner.get("segments/shy").ok() == {**expected, "clients": 0}
    assert expected in owner.get("segments").ok()["results"]
    owner.post("segments/shy/clients", {"add": [boris]}).refused(400, "invalid")
    owner.send("DELETE", "segments/shy/clients").refused(400, "invalid")
    assert not SegmentMember.objects.exists()


def test_clients_are_found_by_segment_among_other_things(flexgym: None, owner: Caller) -> None:
    Segment.objects.create(code="all", name="All")
    Segment.objects.create(code="off", name="Off", enabled=False)
    owner.register(first_name="Boris")
    owner.register(first_name="Alice")
    assert [one["first_name"] for one in owner.get("clients?segment=all&q=ali").ok()["results"]] == ["Alice"]
    assert owner.get("clients?segment=off").ok()["results"] == []
    owner.get("clients?segment=none").refused(400, "invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"add": "17"}, "add"),
        ({"add": ["x"]}, "add[0]"),
        ({"add": [1, True]}, "add[1]"),
        ({"remove": [1.5]}, "remove[0]"),
        ({"add": ["5"], "remove": ["5"]}, "remove"),
        ({"put": []}, "put"),
        ({"add": ["9" * 40]}, "add[0]"),
        ({"add": list(range(1, 50_002))}, "add"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_its_place(
    guests: Segment, owner: Caller, body: object, field: str
) -> None:
    problem = owner.post("segments/guests/clients", body).refused(400, "invalid")
    assert list(problem["errors"]) == [field]


@pytest.mark.parametrize("path", ["segments/none", "segments/none/clients", "segments/%00/clients", "segments/a%2Fb"])
def test_there_is_no_such_segment(flexgym: None, owner: Caller, path: str) -> None:
    owner.get(path).refused(404, "not_found")


def test_lists_are_the_owners(guests: Segment, till: Caller, make_caller: Callable[..., Caller]) -> None:
    assert till.get("segments").ok()["results"][0]["code"] == "guests"
    till.get("segments/guests/clients").refused(403, "permission_denied")
    till.post("segments/guests/clients", {"add": []}).refused(403, "permission_denied")
    till.send("DELETE", "segments/guests/clients").refused(403, "permission_denied")
    main = Location.objects.get(code="main")
    make_caller("owner", main).get("segments/guests/clients").refused(403, "permission_denied")


def test_pages_of_a_long_list(guests: Segment, owner: Caller) -> None:
    people = [factories.ClientFactory(card=None).pk for _n in range(7)]
    owner.post("segments/guests/clients", {"add": [str(pk) for pk in people]}).ok()
    page = owner.get("segments/guests/clients?limit=4").ok()
    assert [one["id"] for one in page["results"]] == [str(pk) for pk in people[::-1][:4]]
    assert Client.objects.count() == 7
    assert page["next"] is not None
