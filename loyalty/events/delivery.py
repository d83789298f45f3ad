"""Events go to whoever listens, signed as Standard Webhooks says (standardwebhooks.com), until they are taken.

Spreading: each new event becomes a delivery for every webhook that wants its name. Delivering: what is due is claimed
by moving its `due_at` to the end of a lease, so that two workers never send one at once; a worker that is killed leaves
it to be sent again when the lease is over. So an event arrives at least once, and its id tells a second time.

Taken is an answer of 200 to 299. Anything else, or none within seconds, is tried again: after 5 s, 5 and 30 minutes,
2, 5, 10, 14, 20 and 24 hours. Then the delivery is given up. 410 means that nobody listens there any more: the webhook
is switched off; so it is when for five days nothing at all was taken. They count from the first try that failed: it is
not a listener's fault if something happened long before it was written, or if no worker was there to send it.

One that goes wrong in a way that nobody foresaw has been tried, and the others are sent all the same. Whatever was
deleted while it was on its way stays deleted.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

import requests
from django.db import transaction
from django.db.models import CharField, Max
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from standardwebhooks import Webhook as Signer

from clients.refusals import Refusal
from loyalty.events.webhooks import check_is_public, unseal
from loyalty.models import Delivery, Event, Webhook

log = logging.getLogger(__name__)

AT_ONCE = 200
FEW = 10
SECONDS = 50.0
"""Beat asks again every minute."""
LEASE = timedelta(minutes=5)
PATIENCE = (5, 15)
"""Seconds to connect, and to answer."""
TAKEN = range(200, 300)
GONE = 410
AGAIN_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
SILENT_FOR = timedelta(days=5)
KEPT = timedelta(days=30)
AHEAD = ("bonus.expiring", "membership.ending")
ANSWER_LENGTH = 250


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: the status, 0 for none, and what went wrong in words."""

    status: int
    text: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status in TAKEN


class Post(Protocol):
    """Calls an address."""

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Answer: ...


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Over https, without following it elsewhere; the answer's body is of no interest."""
    try:
        check_is_public(url)
        with requests.post(
            url, data=body, headers=headers, timeout=PATIENCE, allow_redirects=False, stream=True
        ) as answer:
            return Answer(answer.status_code, answer.reason or "")
    except Refusal as refusal:
        return Answer(0, str(refusal))
    except requests.RequestException as error:
        return Answer(0, type(error).__name__)


def deliver(*, now: datetime, post: Post = post, seconds: float = SECONDS) -> int:
    """Spread what is new, then send what is due, for about so many seconds; how many deliveries were taken.

    Few are claimed at a time, so that a listener that is slow to answer lets no lease run out.
    """
    while _spread():
        pass
    began, taken = monotonic(), 0
    while (gone_by := monotonic() - began) < seconds:
        moment = now + timedelta(seconds=gone_by)
        claimed = _claim(moment, FEW)
        if not claimed:
            break
        for delivery in claimed:
            taken += _send(delivery, now + timedelta(seconds=monotonic() - began), post)
    return taken


def send_again(delivery: Delivery, *, now: datetime) -> None:
    """By hand: once more, at the next minute."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=now, given_up_at=None, delivered_at=None)


def forget_old(*, now: datetime) -> int:
    """Events and their deliveries that were written more than a month ago, whenever they happened.

    What told that something ends is kept until it has ended: it says that this was told (`Happened.once`).
    """
    old = Event.objects.filter(written_at__lt=now - KEPT, is_spread=True)
    old = old.annotate(last_day=Cast(KT("facts__last_day"), CharField()))
    yesterday = str((now - timedelta(days=1)).date())  # by UTC: nowhere is it over before
    _count, by_model = old.exclude(name__in=AHEAD, last_day__gte=yesterday).delete()
    return by_model.get(Event._meta.label, 0)


@transaction.atomic
def _spread() -> int:
    """Make the deliveries of the oldest events that have none yet; how many events."""
    found = list(
        Event.objects.filter(is_spread=False).order_by("pk").select_for_update(skip_locked=True, no_key=True)[:AT_ONCE]
    )
    hooks = list(Webhook.objects.filter(enabled=True)) if found else []
    pairs = [(event, hook) for event in found for hook in hooks if _hears(hook, event)]
    Delivery.objects.bulk_create(
        [Delivery(event=event, webhook=hook, due_at=event.written_at) for event, hook in pairs], ignore_conflicts=True
    )
    Event.objects.filter(pk__in=[event.pk for event in found]).update(is_spread=True)
    return len(found)


def _hears(hook: Webhook, event: Event) -> bool:
    """Whether it wants the name, and listened when the event was written; it may have happened before."""
    return event.name in hook.events and hook.created_at <= event.written_at


@transaction.atomic
def _claim(now: datetime, most: int) -> list[Delivery]:
    due = Delivery.objects.filter(delivered_at=None, given_up_at=None, due_at__lte=now, webhook__enabled=True)
    due = due.select_related("event", "webhook").select_for_update(skip_locked=True, no_key=True, of=("self",))
    found = list(due.order_by("due_at", "pk")[:most])
    Delivery.objects.filter(pk__in=[one.pk for one in found]).update(due_at=now + LEASE)
    return found


def _send(delivery: Delivery, now: datetime, post: Post) -> bool:
    """Whether it was taken. Raises nothing but what the database does."""
    try:
        answer = _called(delivery, now, post)
    except Exception as error:
        log.exception("delivery %d failed in an unforeseen way", delivery.pk)
        answer = Answer(0, type(error).__name__)
    _write(delivery, answer, now)
    return answer.is_taken


def _called(delivery: Delivery, now: datetime, post: Post) -> Answer:
    secret = unseal(delivery.webhook.sealed_secret)
    if secret is None:
        return Answer(0, _("The secret was kept with another SECRET_KEY."))
    event, body = delivery.event, body_of(delivery.event)
    headers = {
        "content-type": "application/json",
        "user-agent": "Regulars",
        "webhook-id": str(event.key),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(str(event.key), now, body),
    }
    return post(delivery.webhook.url, body.encode(), headers)


def body_of(event: Event) -> str:
    """What is sent: `{"type", "timestamp", "data"}`."""
    said: dict[str, Any] = {"type": event.name, "timestamp": event.at.isoformat(), "data": event.facts}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _write(delivery: Delivery, answer: Answer, now: datetime) -> None:
    """What becomes of it."""
    tries = delivery.tries + 1
    delivery.first_tried_at = delivery.first_tried_at or now
    said = f"{answer.status or ''} {answer.text}".strip()[:ANSWER_LENGTH]
    written: dict[str, Any] = {"tries": tries, "answer": said, "first_tried_at": delivery.first_tried_at}
    if answer.is_taken:
        written["delivered_at"] = now
    elif tries > len(AGAIN_AFTER):
        written["given_up_at"] = now
    else:
        written["due_at"] = now + AGAIN_AFTER[tries - 1]
    Delivery.objects.filter(pk=delivery.pk).update(**written)
    if answer.status == GONE:
        _switch_off(delivery.webhook, _("It answered that nobody listens there any more."))
    elif not answer.is_taken and _is_silent(delivery.webhook, now):
        _switch_off(delivery.webhook, _("For five days it took nothing."))


def _is_silent(hook: Webhook, now: datetime) -> bool:
    """Whether something was tried five days ago, and from then on nothing was taken."""
    first = hook.deliveries.filter(delivered_at=None, first_tried_at__lt=now - SILENT_FOR)
    taken = hook.deliveries.filter(delivered_at__isnull=False).aggregate(last=Max("delivered_at"))["last"]
    return first.exists() if taken is None else first.filter(first_tried_at__gt=taken).exists()


def _switch_off(hook: Webhook, reason: str) -> None:
    Webhook.objects.filter(pk=hook.pk).update(enabled=False, disabled_reason=reason)
    hook.deliveries.filter(delivered_at=None).update(first_tried_at=None)
