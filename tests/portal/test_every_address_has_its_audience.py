"""Each address of the client pages is for everybody, for whoever holds a link, or for the client of the session."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from clients.models import Client, PublicRequest
from giftcards import portal as gift
from loyalty.portal import urls
from tests.portal.conftest import Opened
from tests.till import Till

EVERYBODY = {"welcome", "join", "joined", "join-by-code", "enter", "sent"}
HOLDER_OF_A_LINK = {"open", "open-once", "letters-off", "letters-by-link"}
CLIENT = {"me": "/me/", "leave": "/me/leave/", "letters": "/me/letters/", "prizes": "/me/prizes/"}


def test_no_address_is_without_an_audience() -> None:
    """Whoever adds a page says here who may see it."""
    assert {pattern.name for pattern in urls.urlpatterns} == EVERYBODY | HOLDER_OF_A_LINK | set(CLIENT)
    assert [pattern.name for pattern in gift.urlpatterns] == ["page", "picture"]


def test_no_address_of_a_client_names_one() -> None:
    """What is shown hangs on the session alone, so there is no id to try."""
    for pattern in urls.urlpatterns:
        if pattern.name in CLIENT:
            assert not pattern.pattern.converters, pattern.name


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_public_pages_say_nothing_of_the_client_of_the_session(
    till: Till, boris: Client, opened: Opened, name: str
) -> None:
    addresses = {
        "welcome": "/",
        "join": "/join/",
        "joined": "/join/done/",
        "join-by-code": "/join/NOBODYAA/",
        "enter": "/me/enter/",
        "sent": "/me/enter/sent/",
    }
    page = opened(boris).get(addresses[name]).content.decode()

    for known in (boris.first_name, boris.last_name, boris.email, boris.phone):
        assert str(known) not in page


def test_no_client_page_is_changed_by_looking(till: Till, boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    for address in ("/", "/join/", "/me/", "/me/letters/", "/me/prizes/", "/me/enter/", "/gift/"):
        browser.get(address)
        browser.head(address)

    assert not PublicRequest.objects.exists()
    for address in ("/", "/me/", "/join/done/", "/me/enter/sent/"):
        assert browser.post(address).status_code == 405, address
    for address in CLIENT.values():
        assert Browser().delete(address).status_code == 405, address
