"""Tags of a client: who puts them on, where they are seen, and the record that a change leaves."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry

from clients.actors import Actor
from clients.models import Client, ClientTag
from clients.refusals import Invalid
from clients.tags import set_tags, tags_of
from loyalty.registration import amend, register
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
SHOP = Actor.key("web shop")


def records() -> list[LogEntry]:
    """Oldest first."""
    return list(LogEntry.objects.filter(changes__has_key="tags").order_by("pk"))


def told() -> list[tuple[str, list[str]]]:
    """Of what, and from what to what."""
    return [(entry.object_repr, entry.changes["tags"]) for entry in records()]


def test_whoever_registers_may_have_tags(till: Till) -> None:
    client = register(details={"first_name": "Dora", "tags": [" VIP ", "gluten-free"]}, by=SHOP, now=till.now)
    assert tags_of(client) == ["VIP", "gluten-free"]


def test_a_change_replaces_them_all(till: Till, boris: Client) -> None:
    amend(client=boris, changes={"tags": ["VIP", "evenings"]}, by=VERA, now=till.now)
    kept = ClientTag.objects.get(name="VIP").pk
    amend(client=boris, changes={"tags": ["morning", "VIP"]}, by=VERA, now=till.now)
    assert tags_of(boris) == ["VIP", "morning"]
    assert ClientTag.objects.get(name="VIP").pk == kept
    amend(client=boris, changes={"first_name": "Bob"}, by=VERA, now=till.now)
    assert tags_of(boris) == ["VIP", "morning"]
    amend(client=boris, changes={"tags": None}, by=VERA, now=till.now)
    assert tags_of(boris) == []


def test_letters_stay_as_they_are_written_and_the_same_counts_once(boris: Client) -> None:
    set_tags(boris, ["vip", "VIP", " vip", "Ночной"], by=VERA)
    assert tags_of(boris) == ["VIP", "vip", "Ночной"]


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ("VIP", "tags"),
        ([f"tag {n}" for n in range(21)], "tags"),
        (["VIP", " "], "tags[1]"),
        (["x" * 41], "tags[0]"),
        ([7], "tags[0]"),
        ([None], "tags[0]"),
        (["a, b"], "tags[0]"),
        (["a\nb"], "tags[0]"),
        (["a\u202eb"], "tags[0]"),
    ],
)
def test_what_is_no_tag_is_refused_at_its_place(till: Till, boris: Client, tags: Any, field: str) -> None:
    set_tags(boris, ["VIP"], by=VERA)
    with pytest.raises(Invalid) as refused:
        amend(client=boris, changes={"tags": tags, "first_name": "Bob"}, by=VERA, now=till.now)
    assert refused.value.field == field
    assert tags_of(boris) == ["VIP"]
    assert Client.objects.get().first_name == "Boris"


def test_twenty_of_forty_letters_fit(boris: Client) -> None:
    set_tags(boris, [f"{n:040}" for n in range(20)], by=VERA)
    assert len(tags_of(boris)) == 20


def test_a_change_leaves_a_record_that_says_who(boris: Client, vera: Any) -> None:
    set_tags(boris, ["VIP"], by=SHOP)
    set_tags(boris, ["gym", "VIP"], by=Actor.staff(vera.username))
    set_tags(boris, ["VIP", "gym"], by=SHOP)
    assert told() == [("Boris Petrov", ["", "VIP"]), ("Boris Petrov", ["VIP", "VIP, gym"])]
    first, second = records()
    assert (first.actor, first.additional_data) == (None, {"by": "key:web shop"})
    assert (second.actor, second.additional_data) == (vera, None)
