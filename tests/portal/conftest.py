"""FlexGym as published, Alice who invites and Boris who came by her code, and a visitor's browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from html import unescape
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client as Browser

from clients.actors import Actor
from clients.models import Client
from loyalty.portal.links import balance_link
from loyalty.registration import register
from tests.published import load_preset
from tests.till import VERA, Till

Opened = Callable[[Client], Browser]


@pytest.fixture
def till(now: datetime, db: None) -> Iterator[Till]:
    """The desk of FlexGym, and the clock of the pages, on 2 March 2026."""
    load_preset(by=Actor.command("test"))
    with time_machine.travel(now, tick=False):
        yield Till(now=now)


@pytest.fixture
def alice(till: Till) -> Client:
    details = {"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101", "email": "alice@example.com"}
    return register(details=details, by=VERA, now=till.now)


@pytest.fixture
def boris(till: Till, alice: Client) -> Client:
    details = {"first_name": "Boris", "last_name": "Petrov", "phone": "+12125550102", "email": "boris@example.com"}
    extras = {"referrer": alice.referral_code.code}
    return Client.objects.get(pk=register(details=details, extras=extras, by=VERA, now=till.now).pk)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def opened() -> Opened:
    """A browser that has followed the client's link."""

    def open_page(client: Client) -> Browser:
        browser = Browser()
        browser.get(urlsplit(balance_link(client)).path)
        return browser

    return open_page


def text_of(html: str) -> str:
    """What a person reads of a page, in one line."""
    html = re.sub(r"<(style|script|title)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
