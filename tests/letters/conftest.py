"""A real mail server in this process, FlexGym at noon, and letters to Boris who agreed to them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from clients.letters import Letter, write
from clients.models import Business, Channel, Client, Consent, LetterRules, LetterTemplate, Message
from loyalty.models import HouseRules
from tests import factories


class Mailbox:
    """What the server took, and what it answers in the place of taking it: {"boris@example.com": "550 nobody"}."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections: set[int] = set()
        self.refuses: dict[str, str] = {}
        self.says_to_data = ""
        self.on_data: Callable[[], None] | None = None

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.connections.add(id(server))
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.says_to_data:
            return self.says_to_data
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        self.envelopes.append(envelope)
        if self.on_data is not None:
            self.on_data()
        return "250 OK"

    def to(self) -> list[str]:
        """Who got a letter, in order."""
        return [envelope.rcpt_tos[0] for envelope in self.envelopes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server on a free port, to which Django sends."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.DEFAULT_FROM_EMAIL = "no-reply@flexgym.example"
    settings.BASE_URL = "https://flexgym.example"
    yield box
    controller.stop()


class Phones:
    """A gateway that takes messages over HTTP: [(path, body)]. `status` is what it answers."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.status = 200
        self.port = 0

    def url(self, path: str = "{phone}") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"


@pytest.fixture
def phones() -> Iterator[Phones]:
    taken = Phones()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            taken.messages.append((self.path, body))
            self.send_response(taken.status)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    taken.port = server.server_port
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def rules(business: Business) -> LetterRules:
    """No limit a week unless a test sets one."""
    factories.HouseRulesFactory(business=business)
    assert HouseRules.objects.exists()
    return LetterRules.objects.create(business=business, weekly_cap=None)


@pytest.fixture
def boris(business: Business) -> Client:
    client: Client = factories.ClientFactory(
        first_name="Boris", last_name="Petrov", email="boris@example.com", phone="+12125550102"
    )
    return agreeing(client)


def agreeing(client: Client, *channels: str) -> Client:
    for channel in channels or Channel.values:
        Consent.objects.create(client=client, topic=channel)
    return client


@pytest.fixture
def template(db: None) -> LetterTemplate:
    return make_template()


def make_template(code: str = "hello", **columns: Any) -> LetterTemplate:
    said = {
        "name": code.capitalize(),
        "topic": "offers",
        "subject_en": "{name}, a gift",
        "body_en": "Hello, {name}.\n\n{amount} bonuses until {last_day}.",
        "short_en": "{amount} bonuses until {last_day}",
        **columns,
    }
    return LetterTemplate.objects.create(code=code, **said)


FACTS = {"amount": "300.00", "last_day": "30 May 2026", "last_day_on": "2026-05-30"}


def put(client: Client, template: LetterTemplate, now: datetime, operation: str = "", **facts: Any) -> Message:
    """A letter that waits."""
    given = {"channel": "email", "facts": FACTS, "occasion": "test", **facts}
    operation = operation or f"test:{Message.objects.count()}"
    write([Letter(operation=operation, client=client.pk, template=template.pk, **given)], now=now)
    return Message.objects.get(operation=operation)


def fate(letter: Message) -> tuple[str, str]:
    """(state, reason)."""
    letter.refresh_from_db()
    return letter.state, letter.reason
