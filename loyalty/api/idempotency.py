"""A request counts once: `Idempotency-Key` (P4 of the promises).

The answer is written in the same transaction as the work, before the work begins, by `INSERT … ON CONFLICT DO
NOTHING`: a duplicate sent at the same moment waits there until the first one has committed, and then reads its answer.
So a connection that was cut after COMMIT learns the truth when it asks again, and a refusal, which rolls the
transaction back, leaves nothing behind and may be tried again under the same key.

Answers are kept for a day, encrypted (one may carry a gift card's code) under a key derived from `SECRET_KEY`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django.http import HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from clients.ciphers import cipher
from clients.refusals import Invalid, Refusal
from loyalty.api.keys import Caller, caller_of
from loyalty.models import Reply
from loyalty.sql import Column, insert
from loyalty.transactions import in_one_transaction

HEADER = "Idempotency-Key"
PURPOSE = "loyalty.api.idempotency"
KEPT = timedelta(hours=24)
KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?", re.ASCII)
COLUMNS = (
    Column("api_key_id", "bigint"),
    Column("key", "varchar"),
    Column("request_hash", "varchar"),
    Column("status", "smallint"),
    Column("body", "text"),
    Column("created_at", "timestamptz"),
)


class IdempotencyKeyReused(Refusal):
    """The same key, but another request."""

    code: ClassVar[str] = "idempotency_key_reused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers."""

    status: int
    data: Any

    def body(self) -> bytes:
        return JSONRenderer().render(self.data)


Work = Callable[[str], Answer]
"""Does the work of a call under this operation key."""


def once(request: Request, work: Work, *, now: datetime) -> HttpResponse:
    """Do the work in one transaction, once for each `Idempotency-Key`; the answer it gave, or gave the first time.

    Raises what the work raises, `IdempotencyKeyReused`, and `Invalid` for a header that is no key.
    """
    return _once(request, key_of(request), work, now)


def forget_old(now: datetime) -> int:
    """Delete answers that no longer count; how many there were. For the night."""
    return Reply.objects.filter(created_at__lte=now - KEPT).delete()[0]


def key_of(request: Request) -> str | None:
    """The `Idempotency-Key` that was sent. Raises `Invalid`."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and KEY.fullmatch(key) is None:
        raise Invalid(_("must be 1 to 255 printable ASCII characters"), field=HEADER)
    return key


@in_one_transaction
def _once(request: Request, key: str | None, work: Work, now: datetime) -> HttpResponse:
    operation = f"api:{secrets.token_hex(16)}"
    if key is None:
        answer = work(operation)
        return _respond(answer.status, answer.body())
    caller, asked = caller_of(request), _hash_of(request)
    reply = _claim(caller, key, asked, now)
    if reply is None:
        return _replay(Reply.objects.get(api_key_id=caller.key, key=key), asked)
    answer = work(operation)
    body = answer.body()
    Reply.objects.filter(pk=reply).update(status=answer.status, body=cipher(PURPOSE).encrypt(body).decode())
    return _respond(answer.status, body)


def _claim(caller: Caller, key: str, asked: str, now: datetime) -> int | None:
    """Take the key for this request: the id of its row, or None if a request of the last day has it."""
    for _turn in range(2):
        row = (caller.key, key, asked, 0, "", now)
        claimed = insert("loyalty_reply", COLUMNS, [row], "ON CONFLICT (api_key_id, key) DO NOTHING RETURNING id")
        if claimed:
            return int(claimed[0][0])
        # Older than a day it does not count any more. Of two who see that, one deletes it and one waits here.
        if not Reply.objects.filter(api_key_id=caller.key, key=key, created_at__lte=now - KEPT).delete()[0]:
            break
    return None


def _replay(reply: Reply, asked: str) -> HttpResponse:
    if not secrets.compare_digest(reply.request_hash, asked):
        raise IdempotencyKeyReused(_("This key was used for another request. Use a new one for each."), field=HEADER)
    try:
        body = cipher(PURPOSE).decrypt(reply.body.encode())
    except InvalidToken:
        message = _("This request was answered, but its answer can no longer be read: the secret key has changed.")
        raise IdempotencyKeyReused(message, field=HEADER) from None
    return _respond(reply.status, body, {"Idempotent-Replayed": "true"})


def _respond(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(body, status=status, headers={"Content-Type": "application/json", **(headers or {})})


def _hash_of(request: Request) -> str:
    """What makes two requests the same: method, address and body, however the JSON was spelt."""
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=True)
    said = f"{request.method} {request.path.rstrip('/')} {body}"
    return salted_hmac(PURPOSE, said, algorithm="sha256").hexdigest()
