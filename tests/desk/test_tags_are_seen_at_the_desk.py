"""The tags of whoever stands at the desk, under the name."""

from __future__ import annotations

from clients.models import Client
from clients.tags import set_tags
from tests.desk.conftest import BY
from tests.desk.screen import Screen


def test_tags_stand_under_the_name(desk: Screen, boris: Client) -> None:
    set_tags(boris, ["VIP", "evenings"], by=BY)
    desk.open()
    desk.press(choose=str(boris.pk))
    assert "VIP · evenings" in desk.text


def test_nothing_stands_there_without_tags(desk: Screen, boris: Client) -> None:
    desk.open()
    desk.press(choose=str(boris.pk))
    assert "Here for the first time" in desk.text
    assert " · " not in desk.text.split("Here for the first time")[1][:40]
