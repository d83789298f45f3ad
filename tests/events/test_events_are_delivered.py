"""Deliveries are signed as Standard Webhooks says, made again until they are taken, and never to a private address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from clients.actors import Actor
from clients.models import Business, Client
from clients.refusals import Invalid
from loyalty import events
from loyalty.events.delivery import AGAIN_AFTER, Answer, deliver
from loyalty.events.delivery import post as call
from loyalty.models import Delivery, Event, Webhook
from tests.conftest import Together
from tests.till import Till

OWNER = Actor.staff("anna")
URL = "https://till.example/hook"


@dataclass
class Listener:
    """Takes what is posted, or answers as told."""

    status: int = 200
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.got.append((url, body, headers))
        return Answer(self.status, "said so")


@pytest.fixture
def secret(business: Business) -> str:
    return events.add(url=URL, events=["tier.changed"], by=OWNER)[1]


def happened(name: str = "tier.changed", **facts: Any) -> None:
    events.write([events.Happened(name, facts)], now=timezone.now())


def test_it_arrives_once_and_its_signature_holds(secret: str) -> None:
    happened(client="7", tier="Серебро")
    happened("client.created", client="7")
    listener, now = Listener(), timezone.now()
    assert [deliver(now=now, post=listener) for _time in range(2)] == [1, 0]
    ((url, body, headers),) = listener.got
    assert url == URL
    said = Verifier(secret).verify(body, headers)
    assert said == json.loads(body)
    assert (said["type"], said["data"]) == ("tier.changed", {"client": "7", "tier": "Серебро"})
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(secret).verify(body.replace(b"7", b"8"), headers)


def test_what_is_not_taken_is_sent_again_and_given_up_at_last(secret: str) -> None:
    happened()
    listener, now = Listener(status=500), timezone.now()
    for wait in AGAIN_AFTER:
        assert deliver(now=now, post=listener) == 0
        assert deliver(now=now + wait - timedelta(seconds=1), post=listener) == 0
        now += wait
    deliver(now=now, post=listener)
    deliver(now=now + timedelta(days=1), post=listener)
    delivery = Delivery.objects.get()
    assert (len(listener.got), delivery.tries, delivery.answer) == (10, 10, "500 said so")
    assert delivery.given_up_at is not None
    assert len({headers["webhook-id"] for _url, _body, headers in listener.got}) == 1

    events.send_again(delivery, now=now)
    assert deliver(now=now, post=Listener()) == 1


@pytest.mark.parametrize("status", [301, 404, 0])
def test_only_an_answer_of_the_200s_takes_it(secret: str, status: int) -> None:
    happened()
    assert deliver(now=timezone.now(), post=Listener(status=status)) == 0
    assert Delivery.objects.get().delivered_at is None


def test_whoever_is_gone_is_not_called_any_more(secret: str) -> None:
    happened()
    deliver(now=timezone.now(), post=Listener(status=410))
    hook = Webhook.objects.get()
    assert (hook.enabled, hook.disabled_reason) == (False, "It answered that nobody listens there any more.")
    happened()
    assert Event.objects.count() == 1


def test_five_silent_days_switch_it_off(secret: str) -> None:
    happened()
    now = timezone.now()
    deliver(now=now, post=Listener(status=500))
    assert Webhook.objects.get().enabled
    deliver(now=now + timedelta(days=6), post=Listener(status=500))
    assert not Webhook.objects.get().enabled


FAILS, TAKES = Listener(status=503), Listener()
DAY = timedelta(days=1)


def is_on() -> bool:
    return Webhook.objects.get().enabled


def test_five_days_count_from_the_first_try_not_from_when_it_happened(till: Till, boris: Client) -> None:
    with time_machine.travel(till.now, tick=False):
        events.add(url=URL, events=["visit.settled"], by=OWNER)
        till.sell("session", client=boris, at=till.later(days=-6).now.isoformat())
    deliver(now=till.now, post=FAILS)
    assert (Delivery.objects.get().tries, is_on()) == (1, True)
    deliver(now=till.now + 4 * DAY, post=FAILS)
    assert is_on()
    deliver(now=till.now + 6 * DAY, post=FAILS)
    assert not is_on()


def test_days_without_a_worker_are_not_the_listeners(secret: str) -> None:
    happened()
    now = timezone.now() + 6 * DAY
    deliver(now=now, post=FAILS)
    assert is_on()
    assert deliver(now=now + DAY, post=TAKES) == 1


def test_what_was_given_up_before_something_was_taken_counts_no_more(secret: str) -> None:
    happened()
    now = timezone.now()
    for wait in (timedelta(0), *AGAIN_AFTER):  # and a second, for the time that sending takes
        now += wait + timedelta(seconds=1)
        deliver(now=now, post=FAILS)
    assert Delivery.objects.get().given_up_at is not None
    happened()
    assert deliver(now=now + DAY, post=TAKES) == 1
    happened()
    deliver(now=now + 9 * DAY, post=FAILS)
    assert is_on()


def test_switched_on_again_it_has_five_days_again(secret: str) -> None:
    happened()
    now = timezone.now()
    deliver(now=now, post=FAILS)
    deliver(now=now + 6 * DAY, post=FAILS)
    assert not is_on()
    events.switch_on(Webhook.objects.get())
    deliver(now=now + 8 * DAY, post=FAILS)
    assert is_on()
    deliver(now=now + 14 * DAY, post=FAILS)
    assert not is_on()


def test_what_happened_before_is_not_told(secret: str) -> None:
    before = timezone.now() - timedelta(hours=1)
    Event.objects.create(name="tier.changed", at=before, written_at=before)
    assert deliver(now=timezone.now(), post=Listener()) == 0
    assert not Delivery.objects.exists()


def test_a_check_of_another_time_is_told_as_of_that_time(till: Till, boris: Client) -> None:
    """Vera records on Tuesday what Boris bought on Monday; the webhook was made that morning."""
    with time_machine.travel(till.now, tick=False):
        events.add(url=URL, events=["visit.settled"], by=OWNER)
        monday = till.later(days=-1)
        till.sell("session", client=boris, at=monday.now.isoformat())
        listener = Listener()
        assert deliver(now=till.now, post=listener) == 1
    ((_url, body, _headers),) = listener.got
    assert json.loads(body)["timestamp"] == monday.now.isoformat()


def test_a_check_of_long_ago_is_not_forgotten_before_a_month(till: Till, boris: Client) -> None:
    with time_machine.travel(till.now, tick=False):
        events.add(url=URL, events=["visit.settled"], by=OWNER)
        till.sell("session", client=boris, at=till.later(days=-40).now.isoformat())
    deliver(now=till.now, post=Listener(status=500))
    assert events.forget_old(now=till.now + timedelta(days=29)) == 0
    assert events.forget_old(now=till.now + timedelta(days=31)) == 1


def test_told_events_are_forgotten_after_a_month(secret: str) -> None:
    happened()
    now = timezone.now()
    deliver(now=now, post=Listener())
    assert events.forget_old(now=now + timedelta(days=29)) == 0
    assert events.forget_old(now=now + timedelta(days=31)) == 1
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        *("http://till.example/", "ftp://till.example/", "https://", "https://u:p@till.example/", "no", "https://a:0/"),
        *("https://a:99999/", "https://[::1", "https://[x]/", "https://a\N{ACCOUNT OF}b.example/"),
        *(f"https://{70 * 'a'}.example/", f"https://{130 * 'a.'}example/", "https://a..b/", "https://.example/"),
        *("https://a b.example/", "https://a%00.example/", "https://./"),
    ],
)
def test_an_address_that_cannot_be_is_refused(business: Business, url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        events.add(url=url, events=["tier.changed"], by=OWNER)
    assert refusal.value.field == "url"
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "https://till.example./",
        "https://касса.example/",
        "https://my_till:8443/",
        "https://[2001:db8::1]/",
        "https://8.8.8.8",
    ],
)
def test_whatever_can_be_a_host_is_taken(business: Business, url: str) -> None:
    assert events.add(url=url, events=["tier.changed"], by=OWNER)[0].url == url


@pytest.mark.parametrize("names", [[], ["tier.changes"]])
def test_only_names_of_the_contract_are_heard(business: Business, names: list[str]) -> None:
    with pytest.raises(Invalid):
        events.add(url=URL, events=names, by=OWNER)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]", "localhost"])
def test_a_private_address_is_never_called(host: str) -> None:
    answer = call(f"https://{host}/hook", b"{}", {})
    assert (answer.status, answer.text) == (0, "This address is on a private network.")


@pytest.mark.parametrize("host", [70 * "a" + ".example", "a..b", ".example"])
def test_a_name_that_cannot_be_looked_up_is_an_answer_like_another(host: str) -> None:
    """Addresses that were given before such names were refused."""
    answer = call(f"https://{host}/hook", b"{}", {})
    assert (answer.status, answer.text) == (0, "The name of this address is not known.")


def test_one_that_fails_as_nobody_foresaw_is_a_try_and_holds_up_no_other(secret: str) -> None:
    events.add(url="https://poison.example/", events=["tier.changed"], by=OWNER)
    events.add(url="https://third.example/", events=["tier.changed"], by=OWNER)
    happened()
    listener, now = Listener(), timezone.now()

    def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        if "poison" in url:
            raise LookupError("nobody thought of this")
        return listener(url, body, headers)

    assert deliver(now=now, post=post) == 2
    poisoned = Delivery.objects.get(webhook__url="https://poison.example/")
    assert (poisoned.tries, poisoned.answer) == (1, "LookupError")
    assert poisoned.due_at >= now + AGAIN_AFTER[0]
    assert sorted(url for url, _body, _headers in listener.got) == ["https://third.example/", URL]


@pytest.mark.parametrize("status", [200, 410, 500])
def test_a_webhook_that_is_removed_while_it_is_called_stays_removed(secret: str, status: int) -> None:
    other = events.add(url="https://other.example/", events=["tier.changed"], by=OWNER)[0]
    happened()
    listener = Listener(status=status)

    def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        if url == URL:
            events.remove(Webhook.objects.get(url=URL))
        return listener(url, body, headers)

    deliver(now=timezone.now(), post=post)
    assert len(listener.got) == 2
    assert [(one.webhook, one.tries) for one in Delivery.objects.all()] == [(other, 1)]
    assert list(Webhook.objects.all()) == [other]


def test_the_secret_is_not_readable_in_the_database(secret: str) -> None:
    assert secret not in Webhook.objects.get().sealed_secret


class Server(BaseHTTPRequestHandler):
    got: list[bytes]

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_said: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    Server.got = []
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def test_a_real_listener_gets_it(business: Business, server: HTTPServer, settings: Any) -> None:
    settings.DEBUG = True
    events.add(url=f"http://127.0.0.1:{server.server_port}/hook", events=["tier.changed"], by=OWNER)
    happened(client="7")
    assert deliver(now=timezone.now()) == 1
    assert [json.loads(body)["data"] for body in Server.got] == [{"client": "7"}]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_it_once(secret: str, together: Together, now: datetime) -> None:
    for _number in range(20):
        happened()
    listener, moment = Listener(), timezone.now()
    together(*[lambda: deliver(now=moment, post=listener) for _worker in range(3)])
    assert len(listener.got) == Delivery.objects.count() == 20
