"""`dates` of a client, over HTTP: all that the client has, by name."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from tests.api.conftest import Caller

CHILD = {"name": "child", "day": "2015-05-31"}


def test_a_client_without_dates_has_an_empty_list(till: Caller) -> None:
    assert till.register(first_name="Boris")["dates"] == []
    assert till.register(first_name="Alice", dates=None)["dates"] == []


def test_dates_are_said_and_replaced(till: Caller) -> None:
    wedding = {"name": "wedding", "day": "2026-08-01"}
    boris = till.register(first_name="Boris", dates=[wedding, CHILD, CHILD])
    assert boris["dates"] == [CHILD, wedding]
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert till.patch(f"clients/{boris['id']}", {"last_name": "Petrov"}).ok()["dates"] == [CHILD, wedding]
    assert till.patch(f"clients/{boris['id']}", {"dates": [wedding]}).ok()["dates"] == [wedding]
    assert till.patch(f"clients/{boris['id']}", {"dates": None}).ok()["dates"] == []


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ("child", "dates"),
        ([CHILD] * 11, "dates"),
        (["2015-05-31"], "dates[0]"),
        ([{**CHILD, "year": 1}], "dates[0].year"),
        ([CHILD, {"name": "", "day": "2015-05-31"}], "dates[1].name"),
        ([{"name": "x" * 41, "day": "2015-05-31"}], "dates[0].name"),
        ([{"day": "2015-05-31"}], "dates[0].name"),
        ([{"name": "child"}], "dates[0].day"),
        ([{"name": "child", "day": "2015-02-30"}], "dates[0].day"),
        ([{"name": "child", "day": "20150531"}], "dates[0].day"),
        ([{"name": "child", "day": "1899-12-31"}], "dates[0].day"),
        ([{"name": "child", "day": "2099-01-01"}], "dates[0].day"),
        ([{"name": "child", "day": 7}], "dates[0].day"),
    ],
)
def test_what_is_no_date_is_named_and_nothing_changes(till: Caller, dates: Any, field: str) -> None:
    boris = till.register(first_name="Boris", dates=[CHILD])
    till.post("clients", {"first_name": "Dora", "dates": dates}).refused(400, "invalid", field)
    till.patch(f"clients/{boris['id']}", {"first_name": "Bob", "dates": dates}).refused(400, "invalid", field)
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert Client.objects.count() == 1
