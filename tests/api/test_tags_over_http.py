"""`tags` of a client, over HTTP: a till puts them on, and reads them in order."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry

from clients.models import Client
from tests.api.conftest import Caller


def test_a_client_without_tags_has_an_empty_list(till: Caller) -> None:
    assert till.register(first_name="Boris")["tags"] == []
    assert till.register(first_name="Alice", tags=None)["tags"] == []


def test_tags_are_put_on_and_replaced(till: Caller) -> None:
    boris = till.register(first_name="Boris", tags=["evenings", " VIP ", "VIP"])
    assert boris["tags"] == ["VIP", "evenings"]
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert till.patch(f"clients/{boris['id']}", {"last_name": "Petrov"}).ok()["tags"] == ["VIP", "evenings"]
    assert till.patch(f"clients/{boris['id']}", {"tags": ["gym"]}).ok()["tags"] == ["gym"]
    assert till.patch(f"clients/{boris['id']}", {"tags": None}).ok()["tags"] == []
    records = LogEntry.objects.filter(changes__has_key="tags")
    assert [record.additional_data["by"].split(":")[0] for record in records] == ["key", "key", "key"]


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ("VIP", "tags"),
        ({"VIP": True}, "tags"),
        ([f"tag {n}" for n in range(21)], "tags"),
        (["VIP", ""], "tags[1]"),
        ([None], "tags[0]"),
        (["x" * 41], "tags[0]"),
        (["a,b"], "tags[0]"),
    ],
)
def test_what_is_no_tag_is_named_and_nothing_changes(till: Caller, tags: Any, field: str) -> None:
    boris = till.register(first_name="Boris", tags=["VIP"])
    till.post("clients", {"first_name": "Dora", "tags": tags}).refused(400, "invalid", field)
    till.patch(f"clients/{boris['id']}", {"first_name": "Bob", "tags": tags}).refused(400, "invalid", field)
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert Client.objects.count() == 1
