"""Unsubscriptions and letters of a client, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from clients.letters import Letter, write
from clients.models import Client, Message, Silence
from tests.api.conftest import Caller
from tests.letters.conftest import make_template

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
OFFERS = {"channel": "email", "topic": "offers"}
BONUSES = {"channel": "sms", "topic": "bonuses"}


def test_unsubscriptions_are_read_and_replaced(till: Caller) -> None:
    assert till.register(first_name="Alice")["silences"] == []
    boris = till.register(first_name="Boris", silences=[BONUSES, OFFERS, OFFERS])
    assert boris["silences"] == [OFFERS, BONUSES]
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert till.patch(f"clients/{boris['id']}", {"last_name": "Petrov"}).ok()["silences"] == [OFFERS, BONUSES]
    assert till.patch(f"clients/{boris['id']}", {"silences": [BONUSES]}).ok()["silences"] == [BONUSES]
    assert Silence.objects.get().by == "key:till-1"
    assert till.patch(f"clients/{boris['id']}", {"silences": None}).ok()["silences"] == []


@pytest.mark.parametrize(
    ("silences", "field"),
    [
        ("email", "silences"),
        (["email"], "silences[0]"),
        ([{"channel": "email"}], "silences[0]"),
        ([{**OFFERS, "since": "2026-01-01"}], "silences[0]"),
        ([OFFERS, {**OFFERS, "channel": "pigeon"}], "silences[1].channel"),
        ([{**OFFERS, "topic": ["offers"]}], "silences[0].topic"),
    ],
)
def test_what_is_no_unsubscription_is_named_and_nothing_changes(till: Caller, silences: Any, field: str) -> None:
    boris = till.register(first_name="Boris", silences=[OFFERS])
    till.post("clients", {"first_name": "Dora", "silences": silences}).refused(400, "invalid", field)
    till.patch(f"clients/{boris['id']}", {"first_name": "Bob", "silences": silences}).refused(400, "invalid", field)
    assert till.get(f"clients/{boris['id']}").ok() == boris
    assert Client.objects.count() == 1


def test_letters_are_listed_newest_first(till: Caller) -> None:
    boris = till.register(first_name="Boris")
    template = make_template("back")
    assert till.get(f"clients/{boris['id']}/letters").ok()["results"] == []
    letters = [Letter(f"test:{n}", int(boris["id"]), template.pk, "chain:back", "email") for n in range(3)]
    write(letters, now=NOW)
    Message.objects.filter(operation="test:2").update(state="refused", reason="no_figure:tier")

    page = till.get(f"clients/{boris['id']}/letters?limit=2").ok()
    assert [letter["state"] for letter in page["results"]] == ["refused", "waiting"]
    assert page["results"][0] == {
        "id": str(Message.objects.get(operation="test:2").pk),
        "letter": "back",
        "occasion": "chain:back",
        "channel": "email",
        "topic": "offers",
        "state": "refused",
        "reason": "no_figure:tier",
        "reason_text": "there is nothing to put into {tier}",
        "subject": "",
        "text": "",
        "written_at": "2026-03-02T12:00:00-05:00",
        "due_at": "2026-03-02T12:00:00-05:00",
        "sent_at": None,
        "tries": 0,
    }
    assert page["next"]
    till.get("clients/999/letters").refused(404, "not_found")
