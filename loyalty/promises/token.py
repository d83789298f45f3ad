"""The token of a quote. Nothing is stored for it: all that it must say it says itself, and nobody else can sign it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer, b64_decode, b64_encode

HELD = timedelta(minutes=15)
"""So long, its end included, a quote is held."""
SECOND = timedelta(seconds=1)
SALT = "loyalty.quote"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEEN, REVISION, MOMENT = 20, 16, 8
"""Bytes of each part."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a token says. `seen`: the fingerprint of everything that the client saw; `at`: when, by the real clock.

    Read from a token `at` is the last moment of that second, so that what came before the quote has come by then.
    """

    seen: str
    revision: UUID
    at: datetime

    def is_held(self, now: datetime) -> bool:
        return now - self.at <= HELD


def token_of(promise: Promise) -> str:
    """The promise as a text to hand out; the same promise, the same text. To the second: it is the clock on a wall."""
    moment = (promise.at - EPOCH) // SECOND
    raw = bytes.fromhex(promise.seen) + promise.revision.bytes + moment.to_bytes(MOMENT, "big", signed=True)
    return _signer().sign(b64_encode(raw).decode())


def read_token(token: str) -> Promise | None:
    """The promise that this text is, however old; None for a text that we have not signed."""
    try:
        raw = b64_decode(_signer().unsign(token).encode())
    except (BadSignature, ValueError):
        return None
    if len(raw) != SEEN + REVISION + MOMENT:
        return None
    seen, revision, moment = raw[:SEEN], raw[SEEN:-MOMENT], raw[-MOMENT:]
    second = EPOCH + int.from_bytes(moment, "big", signed=True) * SECOND
    return Promise(seen.hex(), UUID(bytes=revision), second + SECOND - timedelta.resolution)


def _signer() -> Signer:
    """By the keys of now: also what was signed with the key before (`SECRET_KEY_FALLBACKS`) is ours."""
    return Signer(salt=SALT)
