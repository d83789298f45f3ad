"""Naming the one who brought a client: one for life, the first one named, only before the first closed visit.

Refused, with the reason (`facts["reason"]`), as `domain.md` section 8 says: oneself, the same phone, e-mail or card, a
circle of any length, someone who has been here before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from clients.actors import Actor
from clients.cards import clean_number
from clients.models import Card, Client
from clients.refusals import Refusal
from clients.registration import phone_or_none
from loyalty.models import Standing
from loyalty.rulebook import rulebook
from referrals import friends, suspicion
from referrals.codes import out_of_link, read_code
from referrals.models import Code, PartnerClient, Referral, ReferralProgram

LONGEST_SAID = 100
REASONS = {
    "unknown": gettext_lazy("No client has this code, phone or card."),
    "self": gettext_lazy("Nobody can bring themselves."),
    "same_phone": gettext_lazy("This is the client's own phone. Nobody can bring themselves."),
    "same_card": gettext_lazy("This is the client's own card. Nobody can bring themselves."),
    "same_email": gettext_lazy("Both have the same e-mail address, so this looks like one person."),
    "circle": gettext_lazy("This client brought the other one, or somebody who did."),
    "known_client": gettext_lazy("The client has been here before. A friend is named before the first visit."),
    "friend_limit": gettext_lazy("This client has brought as many friends as one can bring."),
    "program_off": gettext_lazy("The referral program is not running."),
    "partner_off": gettext_lazy("This partner brings no clients any more."),
    "already_named": gettext_lazy("Who brought this client has been said already. It does not change."),
}


class ReferrerRefused(Refusal):
    """This client cannot be the one who brought the other. `facts["reason"]` is a key of `REASONS`."""

    code = "referrer_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(str(REASONS[reason]), field="referrer", reason=reason)


def name_referrer(
    friend: Client, said: str, *, by: Actor, now: datetime, is_new: bool = False
) -> tuple[Referral, bool]:
    """Name the referrer by code, link, phone or card; whether they are named now.

    The same one named again changes nothing.
    `is_new`: the friend is being registered in this transaction, so nobody can have named them: no circle, no lock.
    Raises `ReferrerRefused`.
    """
    rules = rulebook().rules["referrals"]
    if rules is None or not rules.is_on(rulebook().house.day(now)):
        raise ReferrerRefused("program_off")
    with transaction.atomic():
        if not is_new:
            # Naming waits for naming: two that make a circle together do not see one another.
            ReferralProgram.objects.select_for_update(no_key=True).get(code=ReferralProgram.CODE)
        referrer, own = find_referrer(said)
        if referrer.pk == friend.pk:
            raise ReferrerRefused(own)
        earlier = Referral.objects.filter(friend=friend).first()
        if earlier is not None and earlier.referrer_id == referrer.pk:
            return earlier, False
        _refuse(friend, referrer, earlier, is_new=is_new)
        if rules.max_friends is not None:
            _refuse_full(referrer, rules.max_friends)
        referral = Referral.objects.create(friend=friend, referrer=referrer, named_at=now, by=str(by))
        suspicion.look(referral, today=rulebook().house.day(now), now=now)
        return referral, True


def find_referrer(said: str) -> tuple[Client, str]:
    """Who has this code, link, card or phone, and the reason to refuse them if it is oneself.

    Raises `ReferrerRefused`.
    """
    said = out_of_link(said)
    ways: list[tuple[str, Callable[[str], Client | None]]] = [
        ("self", _by_code),
        ("same_card", _by_card),
        ("same_phone", _by_phone),
    ]
    if len(said) <= LONGEST_SAID and "\x00" not in said:
        for own, find in ways:
            referrer = find(said)
            if referrer is not None and referrer.erased_at is None:
                return referrer, own
    raise ReferrerRefused("unknown")


def _by_code(said: str) -> Client | None:
    code = Code.objects.select_related("client").filter(code=read_code(said)).first()
    return code.client if code is not None else None


def _by_card(said: str) -> Client | None:
    card = Card.objects.select_related("client").filter(number=clean_number(said)).first()
    return card.client if card is not None else None


def _by_phone(said: str) -> Client | None:
    phone = phone_or_none(said)
    return Client.objects.filter(phone=phone).first() if phone is not None else None


def _refuse(friend: Client, referrer: Client, earlier: Referral | None, *, is_new: bool) -> None:
    if earlier is not None:
        raise ReferrerRefused("already_named")
    if friend.email and friend.email.casefold() == (referrer.email or "").casefold():
        raise ReferrerRefused("same_email")
    if is_new:
        return
    if PartnerClient.objects.filter(client=friend).exists():
        raise ReferrerRefused("already_named")
    if Standing.objects.filter(client=friend, visits__gt=0).exists():
        raise ReferrerRefused("known_client")
    if _was_brought_by(referrer.pk, friend.pk):
        raise ReferrerRefused("circle")


def _refuse_full(referrer: Client, most: int) -> None:
    """Naming the same referrer waits for naming: two who come at once must not both be the last friend."""
    friends.lock([referrer.pk])
    if Referral.objects.filter(referrer=referrer)[:most].count() >= most:
        raise ReferrerRefused("friend_limit")


def _was_brought_by(client: int, other: int) -> bool:
    """Whether `other` brought `client`, or brought somebody who did, however far back. A query a step: it is rare."""
    if not Referral.objects.filter(referrer=other).exists():
        return False
    above: int | None = client
    while above is not None and above != other:
        above = Referral.objects.filter(friend=above).values_list("referrer_id", flat=True).first()
    return above == other
