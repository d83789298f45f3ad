"""What a client hears of and how, as they choose it on their page: each topic on each channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clients.actors import Actor
from clients.letters.consent import address
from clients.letters.unsubscribing import ALL, Subscription, set_silences, silences_of
from clients.models import Channel, Client, Consent, Topic


@dataclass(frozen=True, slots=True)
class Wish:
    """A topic on a channel, and whether the client wants to hear of it."""

    channel: str
    topic: Topic
    is_wanted: bool

    @property
    def name(self) -> str:
        """Of its box in a form: "email.offers"."""
        return f"{self.channel}.{self.topic.value}"


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that a client may choose for."""

    channel: Channel
    address: str
    wishes: tuple[Wish, ...]


def ways_of(client: Client, *, may_agree: bool) -> list[Way]:
    """The channels to choose for: those that the client agreed to; with `may_agree` every one that has an address.

    Whoever holds a letter may turn off and on what the client agreed to; agreeing to a channel is for the client's own
    page alone.
    """
    agreed, silent = _agreed(client), silences_of(client)
    return [
        Way(channel, address(client, channel), tuple(_wish(channel, topic, agreed, silent) for topic in Topic))
        for channel in Channel
        if address(client, channel) and (may_agree or channel.value in agreed)
    ]


def _wish(channel: Channel, topic: Topic, agreed: Collection[str], silent: Collection[Subscription]) -> Wish:
    return Wish(channel.value, topic, channel.value in agreed and (channel.value, topic.value) not in silent)


def choose(client: Client, wanted: Collection[Subscription], *, may_agree: bool, at: datetime) -> None:
    """Make it so. A channel that is wanted for anything is agreed to; one that is not shown stays as it is."""
    with transaction.atomic():
        locked = Client.objects.select_for_update(no_key=True).get(pk=client.pk)
        agreed, silent = _agreed(locked), silences_of(locked)
        for way in ways_of(locked, may_agree=may_agree):
            own = {(channel, topic) for channel, topic in ALL if channel == way.channel}
            if way.channel.value not in agreed:
                if not own & set(wanted):
                    continue
                Consent.objects.create(client=locked, topic=way.channel.value, given_at=at)
            silent = (silent - own) | (own - set(wanted))
        set_silences(locked, silent, by=Actor.client(locked.pk), at=at)


def _agreed(client: Client) -> set[str]:
    return set(Consent.objects.filter(client=client, withdrawn_at=None).values_list("topic", flat=True))
