"""The desk asks the database no more often for a long check or an old client."""

from __future__ import annotations

from clients.models import Client
from tests.desk.screen import Screen
from tests.till import statements

SIGNED_IN = 6
"""Session, person, two for the rights, the revision of the settings, their locations."""
QUOTE = 3
"""Of a client with bonuses whom a friend brought."""


def test_a_live_quote_costs_little_more_than_the_quote(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    desk.add("service:personal")
    one = len(statements(lambda: desk.press(redeem="10")))
    for code in ("session", "towel", "personal"):
        desk.add(f"service:{code}")
    many = len(statements(lambda: desk.press(redeem="20")))
    assert one == many
    assert one == SIGNED_IN + QUOTE


def test_a_client_with_many_visits_costs_as_much_as_a_new_one(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    new = len(statements(lambda: desk.open(boris)))
    for _visit in range(4):
        desk.open(boris)
        desk.add("service:towel")
        desk.pay()
    assert len(statements(lambda: desk.open(boris))) <= new + 1  # the refunds of the last visits


def test_a_search_costs_the_same_for_one_and_for_many(desk: Screen, boris: Client) -> None:
    def search() -> None:
        desk.browser.get("/desk/clients/", {"q": "boris"})

    one = len(statements(search))
    for number in range(9):
        Client.objects.create(first_name="Boris", last_name=str(number))
    assert len(statements(search)) == one
