"""Referrals on a check and at joining: codes, who brought whom, and what both get for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.audience import Trait
from loyalty.basket import Basket
from loyalty.findings import Finding, Known
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Handing, Holdings, Invitation, Mechanic, Newcomer, Reversal, Sale, Scene
from loyalty.models import Account, Visit
from loyalty.pricing import Idle, Step
from loyalty.rulebook import rulebook
from referrals import friends, holding, inviting, linting, partners, returning, settling
from referrals.codes import give_code, read_code
from referrals.conditions import CONDITIONS, HINTS, friends_of
from referrals.explaining import EXPLANATIONS, FOR_OTHERS, IN_KIND
from referrals.giving import Won, award, welcome_of
from referrals.models import Code, Referral, Reward
from referrals.naming import LONGEST_SAID, ReferrerRefused, name_referrer
from referrals.pairs import friendship_of
from referrals.program import Rules, load_rules
from referrals.ready import ready_for
from referrals.rewards import MECHANIC, PROGRAM, Rewarding


class Referrals(Mechanic):
    """Rewards whoever brought the client of a check, and the client for having been brought."""

    code = MECHANIC
    client_keys = frozenset({"referrer"})
    explanations: ClassVar[Mapping[str, Any]] = {**EXPLANATIONS, **HINTS}
    conditions = CONDITIONS
    for_others = FOR_OTHERS
    in_kind = IN_KIND

    def rules(self, house: House) -> Rules | None:
        return load_rules()

    def traits(self, client: int, today: date) -> Mapping[str, Trait]:
        return friends_of(client)

    # --- a check ---

    def hold(self, basket: Basket, scene: Scene) -> None:
        rules: Rules | None = scene.rules[self.code]
        if rules is not None and rules.goals and scene.person is not None:
            friends.lock_referrer_of(scene.person.id)

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        rules: Rules | None = scene.rules[self.code]
        if rules is None or scene.person is None:
            return Idle()
        friendship = friendship_of(scene.person, rules, scene)
        ready = ready_for(scene.person.id, scene.today) if rules.has_discounts else None
        if friendship is None and ready is None:
            return Idle()
        return Rewarding(rules, friendship, ready, scene.today, scene.house.bonus_step)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        rules: Rules | None = sale.scene.rules[self.code]
        return settling.settle(sale, rules) if rules is not None else ()

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return returning.undo(reversal)

    def undo_accounts(self, visit: Visit) -> Q | None:
        return returning.accounts(visit)

    # --- joining ---

    def join(self, newcomer: Newcomer) -> Iterable[Movement]:
        """A code of one's own; and the friend's reward, if somebody is named."""
        give_code(newcomer.client)
        said = _said(newcomer.extras)
        if not said:
            return ()
        rules: Rules | None = newcomer.rules[self.code]
        return _brought(newcomer.client, said, rules, newcomer.today, newcomer.now, newcomer.by, newcomer.account)

    def amend(self, client: Client, extras: Mapping[str, Any], now: datetime, by: Actor) -> Iterable[Movement]:
        """Name who brought the client later, but before the first visit; the friend's reward comes then."""
        if "referrer" not in extras:
            return ()
        said = _said(extras)
        if not said:
            _refuse_to_forget(client)
            return ()
        book = rulebook()
        return _brought(client, said, book.rules[self.code], book.house.day(now), now, by)

    # --- what is said of it ---

    def promises(self, house: House, rules: Rules | None, today: date) -> Sequence[str]:
        return inviting.promises(house, rules, today)

    def invitation(self, code: str, house: House, rules: Rules | None, today: date) -> Invitation | None:
        return inviting.invitation(code, house, rules, today) or partners.invitation(code)

    def lint(self, house: House, rules: Rules | None, known: Known) -> Iterable[Finding]:
        return linting.lint(rules, known)

    def client_with(self, code: str) -> int | None:
        known = len(code) <= LONGEST_SAID and "\x00" not in code
        row = Code.objects.filter(code=read_code(code)).values_list("client_id", flat=True)
        return row.first() if known else None

    # --- what a client has ---

    def client_facts(self, clients: Sequence[Client]) -> Mapping[int, Mapping[str, Any]]:
        ids = [client.pk for client in clients]
        codes = dict(Code.objects.filter(client__in=ids).values_list("client_id", "code"))
        referrers = dict(Referral.objects.filter(friend__in=ids).values_list("friend_id", "referrer_id"))
        by_partners = partners.codes_of(ids)
        return {
            pk: {
                "referral_code": codes.get(pk),
                "referrer": str(referrers[pk]) if pk in referrers else None,
                "partner": by_partners.get(pk),
            }
            for pk in ids
        }

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """The code and link to share, the friends and what they brought; at the desk, who brought the client."""
        return holding.holdings(client, house, now, rulebook().rules[self.code])


def _brought(
    client: Client, said: str, rules: Rules | None, today: date, now: datetime, by: Actor, account: int | None = None
) -> list[Movement]:
    """Write who brought the client, and give what the client gets for it. `account`: of a newcomer's bonuses.

    The one place where what was said becomes somebody: a partner outside, or a client by code, link, phone or
    card.
    """
    if partners.named(client, said, by=by, now=now, is_new=account is not None):
        return []
    _referral, is_named_now = name_referrer(client, said, by=by, now=now, is_new=account is not None)
    return _welcome(rules, client, Handing(client.pk, today, now, by), account) if is_named_now else []


def _welcome(rules: Rules | None, client: Client, handing: Handing, account: int | None) -> list[Movement]:
    """What the friend starts with, if the program gives it on joining. A discount comes with the first check."""
    gain = rules.friend if rules is not None and rules.friend_on_joining else None
    if rules is None or gain is None or gain.is_discount:
        return []
    operation = welcome_of(client.pk)
    if not gain.is_bonuses:
        won = Won(client.pk, client.pk, Reward.Side.FRIEND, gain, operation)
        return award(won, name=rules.name, terms=rules.terms, handing=handing)[1]
    return [
        ledger.grant(
            operation=operation,
            account=account or Account.objects.get(client=client, unit=Account.Unit.BONUS).pk,
            amount=gain.amount,
            terms=rules.terms,
            today=handing.today,
            program=PROGRAM,
            name=rules.name,
        )
    ]


def _refuse_to_forget(client: Client) -> None:
    """Nobody is named, which is fine while nobody was. Raises `ReferrerRefused`."""
    if Referral.objects.filter(friend=client).exists() or partners.partner_of(client) is not None:
        raise ReferrerRefused("already_named")


def _said(extras: Mapping[str, Any]) -> str:
    """Who was named. Raises `Invalid` for what is not a text."""
    said = extras.get("referrer")
    if said is not None and not isinstance(said, str):
        raise Invalid(_("must be a code, a link, a phone or a card number"), field="referrer")
    return said.strip() if said is not None else ""
