"""Who may be written to, by which channel: asked when a letter is sent, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from clients.letters import reasons
from clients.models import Channel, Client, Consent, Silence


@dataclass(frozen=True, slots=True)
class Permissions:
    """The clients of a batch, what they agreed to, and what they do not want to hear of."""

    clients: dict[int, Client]
    consents: set[tuple[int, str]]
    silences: set[tuple[int, str, str]]

    def refusal(self, client: int, channel: str, topic: str) -> str:
        """Why this client is not written to; "" if nothing speaks against it."""
        known = self.clients[client]
        if known.erased_at is not None:
            return reasons.ERASED
        if not address(known, channel):
            return reasons.NO_ADDRESS
        if (client, channel) not in self.consents:
            return reasons.NO_CONSENT
        return reasons.SILENT if (client, channel, topic) in self.silences else ""


def address(client: Client, channel: str) -> str:
    """Where letters of this channel go; "" if it is not known."""
    return (client.email if channel == Channel.EMAIL else client.phone) or ""


def permissions(clients: Collection[Client]) -> Permissions:
    """Two queries, however many clients."""
    ids = [client.pk for client in clients]
    consents = Consent.objects.filter(client__in=ids, withdrawn_at=None, topic__in=Channel.values)
    silences = Silence.objects.filter(client__in=ids)
    return Permissions(
        clients={client.pk: client for client in clients},
        consents=set(consents.values_list("client_id", "topic")),
        silences=set(silences.values_list("client_id", "channel", "topic")),
    )
