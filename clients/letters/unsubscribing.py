"""Clients who do not want to hear of something: which topics, on which channels, and the link that says so.

The link is signed and does not end: a letter is found years later, and it must still be possible to stop the next one
(RFC 8058). It names a client, a channel and a topic, and opens nothing else of theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Channel, Client, Silence, Topic
from clients.refusals import Invalid, NotFound

Subscription = tuple[str, str]
"""(channel, topic)."""

SALT = "clients.letters.unsubscribing"
SHORT = 16
"""96 bits of the signature: beyond guessing, and the link still fits into an SMS."""
LONGEST = 60
LETTERS = {**{channel.value[0]: channel for channel in Channel}, **{topic.value[0]: topic for topic in Topic}}
ALL: tuple[Subscription, ...] = tuple((channel.value, topic.value) for channel in Channel for topic in Topic)


class ShortSigner(signing.Signer):
    """A signature of 16 characters."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:SHORT]


def _signer() -> ShortSigner:
    return ShortSigner(salt=SALT, sep=".")


def token_of(client: int, channel: str, topic: str) -> str:
    """ "7eo.…": client, first letters of channel and topic, signature."""
    return _signer().sign(f"{client}{channel[0]}{topic[0]}")


def read_token(token: str) -> tuple[int, str, str]:
    """(client, channel, topic). Raises `NotFound` for what is no token of ours."""
    try:
        said = _signer().unsign(token[:LONGEST])
        return int(said[:-2]), Channel(LETTERS[said[-2]]).value, Topic(LETTERS[said[-1]]).value
    except (signing.BadSignature, KeyError, ValueError):
        raise NotFound(_("This link is not one of ours.")) from None


def unsubscribe_link(client: int, channel: str, topic: str) -> str:
    """Where one press, or one request of a mail program, unsubscribes."""
    return f"{settings.BASE_URL}/letters/off/{token_of(client, channel, topic)}/"


def preferences_link(client: int, channel: str, topic: str) -> str:
    """Where a client chooses what to hear of, and how."""
    return f"{settings.BASE_URL}/letters/{token_of(client, channel, topic)}/"


def silences_of(client: Client) -> set[Subscription]:
    """What this client does not want to hear of."""
    return {(row.channel, row.topic) for row in client.silences.all()}


def unsubscribe(client: Client, channel: str, topic: str, *, by: Actor, at: datetime) -> None:
    """No more letters on this topic by this channel. Twice is the same as once."""
    Silence.objects.bulk_create(
        [Silence(client=client, channel=channel, topic=topic, since=at, by=str(by))], ignore_conflicts=True
    )


def set_silences(client: Client, wanted: Collection[Subscription], *, by: Actor, at: datetime) -> None:
    """Make these the client's unsubscriptions, all of them; what stands keeps its date. Inside a transaction."""
    present = set(Silence.objects.filter(client=client).values_list("channel", "topic"))
    for channel, topic in present - set(wanted):
        Silence.objects.filter(client=client, channel=channel, topic=topic).delete()
    for channel, topic in sorted(set(wanted) - present):
        unsubscribe(client, channel, topic, by=by, at=at)


def clean_silences(said: object) -> list[Subscription]:
    """[{channel, topic}, ...] as the API takes it. Raises `Invalid` with the field."""
    if said is None:
        return []
    if not isinstance(said, list | tuple):
        raise Invalid(_("must be a list"), field="silences")
    return list(dict.fromkeys(_silence(one, f"silences[{index}]") for index, one in enumerate(said)))


def _silence(said: object, field: str) -> Subscription:
    if not isinstance(said, dict) or set(said) != {"channel", "topic"}:
        raise Invalid(_("must be {channel, topic}"), field=field)
    for name, known in (("channel", Channel.values), ("topic", Topic.values)):
        if said[name] not in known:
            raise Invalid(_("must be one of %(codes)s") % {"codes": ", ".join(known)}, field=f"{field}.{name}")
    return said["channel"], said["topic"]


def subscriptions(rows: Iterable[Subscription]) -> list[dict[str, str]]:
    """As the API shows them."""
    return [{"channel": channel, "topic": topic} for channel, topic in sorted(rows)]
