"""Partners outside: a business or a person whose code newcomers name as they would a friend's.

Named like a referrer, and instead of one: the first named stays for life, and only before the first closed visit. The
client gets nothing for it; the partner is paid a share of what the client pays (`referrals.statements`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty.mechanics import Invitation
from loyalty.models import Standing
from referrals.codes import out_of_link, read_code
from referrals.models import Code, Partner, PartnerClient, Referral, ReferralProgram
from referrals.naming import ReferrerRefused

LONGEST_CODE = 40


def partner_with(said: str) -> Partner | None:
    """The partner whose code or link this is, in any case, on or off."""
    code = out_of_link(said).strip()
    if not code or len(code) > LONGEST_CODE or "\x00" in code:
        return None
    return Partner.objects.filter(code__iexact=code).first()


def named(client: Client, said: str, *, by: Actor, now: datetime, is_new: bool = False) -> bool:
    """Name the partner whose code was said; whether it is one's. Raises `ReferrerRefused`."""
    partner = partner_with(said)
    if partner is None:
        return False
    name_partner(client, partner, by=by, now=now, is_new=is_new)
    return True


def partner_of(client: Client) -> Partner | None:
    """The partner who brought the client."""
    row = PartnerClient.objects.filter(client=client).select_related("partner").first()
    return row.partner if row is not None else None


def codes_of(clients: Sequence[int]) -> Mapping[int, str]:
    """Client → the code of the partner who brought them. One query."""
    return dict(PartnerClient.objects.filter(client__in=clients).values_list("client", "partner__code"))


def invitation(code: str) -> Invitation | None:
    """The partner invites by name. Nothing is promised: a partner is paid, and not their clients."""
    partner = partner_with(code)
    return Invitation(partner.name, "") if partner is not None and partner.enabled else None


def check_code(code: str, *, among_clients: bool = True) -> None:
    """Refuse a code that could be taken for something else, a friend's among it. Raises `Invalid`, field "code"."""
    if not any(symbol.isalpha() for symbol in code):
        raise Invalid(_("must have a letter, else it could be a card or a phone"), field="code")
    if among_clients and Code.objects.filter(code=read_code(code)).exists():
        raise Invalid(_("is the code of a client"), field="code")


def name_partner(client: Client, partner: Partner, *, by: Actor, now: datetime, is_new: bool = False) -> PartnerClient:
    """The partner brought this client. The same one named again changes nothing. Raises `ReferrerRefused`.

    `is_new`: the client is being registered in this transaction, so nobody can have named anybody for them.
    """
    with transaction.atomic():
        if not is_new:
            # Naming waits for naming, of a friend or of a partner: only one of them stays.
            list(ReferralProgram.objects.select_for_update(no_key=True).values_list("pk"))
        earlier = PartnerClient.objects.filter(client=client).first()
        if earlier is not None and earlier.partner_id == partner.pk:
            return earlier
        _refuse(client, partner, earlier, is_new=is_new)
        return _named(client, partner, by, now)


def _named(client: Client, partner: Partner, by: Actor, now: datetime) -> PartnerClient:
    try:
        with transaction.atomic():
            return PartnerClient.objects.create(client=client, partner=partner, named_at=now, by=str(by))
    except IntegrityError:  # two tills at once, where there is no referral program to wait at
        raise ReferrerRefused("already_named") from None


def _refuse(client: Client, partner: Partner, earlier: PartnerClient | None, *, is_new: bool) -> None:
    if not partner.enabled:
        raise ReferrerRefused("partner_off")
    if earlier is not None or Referral.objects.filter(friend=client).exists():
        raise ReferrerRefused("already_named")
    if client.email and client.email == partner.email.lower():
        raise ReferrerRefused("same_email")
    if not is_new and Standing.objects.filter(client=client, visits__gt=0).exists():
        raise ReferrerRefused("known_client")
