"""Referrals on a check and at joining: codes, who brought whom, and what both get for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.findings import Finding, Known
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Holdings, Invitation, Mechanic, Newcomer, Panel, Person, Reversal, Sale, Scene
from loyalty.models import Account, Entry, Visit
from loyalty.money import ZERO, Money
from loyalty.pricing import Earning, Idle, Step
from loyalty.rulebook import rulebook
from loyalty.sql import Compiled
from referrals import inviting, linting
from referrals.codes import give_code, read_code
from referrals.models import Code, Referral
from referrals.naming import LONGEST_SAID, ReferrerRefused, name_referrer
from referrals.program import Rules, load_rules
from referrals.rewards import MECHANIC, PROGRAM, Friendship, Rewarding

REWARD = f":{MECHANIC}:referrer"
"""In the operation of every entry that rewards a referrer, or takes such a reward back."""


class Referrals(Mechanic):
    """Rewards whoever brought the client of a check, and the client for having been brought."""

    code = MECHANIC
    client_keys = frozenset({"referrer"})
    explanations: ClassVar[Mapping[str, Any]] = {
        "referral.referrer_share": gettext_lazy(
            "Whoever brought this client gets %(amount)s bonuses: %(percent)s of %(base)s."
        ),
        "referral.referrer_amount": gettext_lazy(
            "Whoever brought this client gets %(amount)s bonuses for the first paid visit."
        ),
        "referral.month_full": gettext_lazy(
            "Whoever brought this client gets %(amount)s bonuses instead of %(would_be)s: at most %(limit)s a month."
        ),
        "referral.friend_amount": gettext_lazy(
            "The first paid visit of a client whom a friend brought: %(amount)s bonuses."
        ),
        "referral.only_first": gettext_lazy("Whoever brought this client is rewarded for the first visit only."),
        "referral.too_late": gettext_lazy("Whoever brought this client was rewarded until %(last_day)s."),
        "referral.nothing_paid": gettext_lazy(
            "Nothing on this check was paid with money, so whoever brought this client gets nothing for it."
        ),
        "referral.earning_off": gettext_lazy(
            "Staff have said that this check earns nothing, so whoever brought this client gets nothing for it."
        ),
        "referral.program_off": gettext_lazy(
            "The referral program is not running, so whoever brought this client gets nothing."
        ),
    }
    for_others = frozenset({"referral.referrer_share", "referral.referrer_amount", "referral.month_full"})

    def rules(self, house: House) -> Rules | None:
        return load_rules()

    # --- a check ---

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        rules: Rules | None = scene.rules[self.code]
        if rules is None or scene.person is None:
            return Idle()
        friendship = _friendship(scene.person, rules, scene)
        return Rewarding(rules, friendship, scene.today, scene.house.bonus_step) if friendship is not None else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        friendship: Friendship | None = sale.bill.plans.get(self.code)
        rules: Rules | None = sale.scene.rules[self.code]
        if friendship is None or rules is None:
            return ()
        earnings = (earning for earning in sale.bill.earnings if earning.mechanic == self.code)
        return [_granted(earning, friendship, rules, sale) for earning in earnings]

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return reversal.take_back_earned(self.code)

    # --- joining ---

    def join(self, newcomer: Newcomer) -> Iterable[Movement]:
        """A code of one's own; and the friend's bonus, if somebody is named."""
        give_code(newcomer.client)
        said = _said(newcomer.extras)
        if not said:
            return ()
        name_referrer(newcomer.client, said, by=newcomer.by, now=newcomer.now, is_new=True)
        return _welcome(newcomer.rules[self.code], newcomer.client, newcomer.account, newcomer.today)

    def amend(self, client: Client, extras: Mapping[str, Any], now: datetime, by: Actor) -> Iterable[Movement]:
        """Name the referrer later, but before the first visit; the friend's bonus comes then."""
        if "referrer" not in extras:
            return ()
        said = _said(extras)
        has_one = Referral.objects.filter(friend=client).exists()
        if not said and has_one:
            raise ReferrerRefused("already_named")
        if not said:
            return ()
        name_referrer(client, said, by=by, now=now)
        book = rulebook()
        account = Account.objects.get(client=client, unit=Account.Unit.BONUS)
        return () if has_one else _welcome(book.rules[self.code], client, account.pk, book.house.day(now))

    # --- what is said of it ---

    def promises(self, house: House, rules: Rules | None, today: date) -> Sequence[str]:
        return inviting.promises(house, rules, today)

    def invitation(self, code: str, house: House, rules: Rules | None, today: date) -> Invitation | None:
        return inviting.invitation(code, house, rules, today)

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
        return {
            pk: {"referral_code": codes.get(pk), "referrer": str(referrers[pk]) if pk in referrers else None}
            for pk in ids
        }

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """The code and link to share, how many friends came, what they brought; at the desk, who brought the client."""
        code = Code.objects.filter(client=client).values_list("code", flat=True).first()
        referral = Referral.objects.filter(friend=client).select_related("referrer").first()
        brought = Referral.objects.filter(referrer=client).aggregate(friends=Count("pk"))["friends"]
        rules: Rules | None = rulebook().rules[self.code]
        is_on = rules is not None and rules.is_on(house.day(now))
        shown = {
            "code": code,
            "path": f"/join/{code}/" if code else "/join/",
            "friends": brought,
            "earned": _earned(client),
            "program": rules if is_on else None,
            "promise": " ".join(inviting.promises(house, rules, house.day(now))),
            "referrer": referral.referrer if referral is not None else None,
        }
        return Holdings(portal=(Panel("referrals/portal.html", shown),), desk=(Panel("referrals/desk.html", shown),))


def _friendship(person: Person, rules: Rules, scene: Scene) -> Friendship | None:
    """Who brought this client, and what the program asks about both. One query."""
    row = _asked(person.id, rules, scene)
    if row is None or row["account"] is None:
        return None
    return Friendship(
        referrer=row["referrer_id"],
        account=row["account"],
        named_day=scene.house.day(row["named_at"]),
        visits=person.visits,
        has_paid=bool(row.get("has_paid")),
        this_month=max(Money(row.get("this_month") or 0), ZERO),
    )


COLUMNS = ("referrer_id", "account", "named_at")


def _asked(friend: int, rules: Rules, scene: Scene) -> Mapping[str, Any] | None:
    """The row of the friendship; of programs with limits also what the limits are about."""
    asks_paid = rules.referrer_amount is not None or (rules.friend_amount is not None and not rules.friend_on_joining)
    if not asks_paid and rules.max_per_month is None:
        rows = BROUGHT.rows(friend)
        return dict(zip(COLUMNS, rows[0], strict=True)) if rows else None
    asked: dict[str, Any] = {}
    if asks_paid:
        asked["has_paid"] = Exists(_paid_visits())
    if rules.max_per_month is not None:
        asked["this_month"] = Subquery(_rewards_of_month(scene))
    row: Mapping[str, Any] | None = _brought(friend).annotate(**asked).values(*COLUMNS, *asked).first()
    return row


def _brought(friend: int) -> QuerySet[Referral]:
    account = Account.objects.filter(client=OuterRef("referrer"), unit=Account.Unit.BONUS).values("pk")[:1]
    rows = Referral.objects.filter(friend=friend, referrer__erased_at=None)
    return rows.annotate(account=Subquery(account))


BROUGHT = Compiled(lambda friend: _brought(friend).values_list(*COLUMNS))


def _paid_visits() -> QuerySet[Visit]:
    """Visits of the friend that brought in money; those that wholly came back count for nothing."""
    return Visit.objects.filter(client=OuterRef("friend"), is_visit=True, base__gt=0).exclude(refunds__is_whole=True)


def _rewards_of_month(scene: Scene) -> QuerySet[Any]:
    """What the referrer got this calendar month by the house's clock, over all friends, less what was taken back.

    The referrer is not locked by a friend's check: two friends at two tills at the same moment may pass the limit by
    one reward. A lock would make a referrer of thousands a place where all their friends wait.
    """
    first = scene.now.astimezone(scene.house.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rewards = Entry.objects.filter(
        account=OuterRef("account"), operation__contains=REWARD, at__gte=first, at__lt=first + relativedelta(months=1)
    )
    return rewards.order_by().values("account").annotate(sum=Sum("amount")).values("sum")


def _earned(client: Client) -> Money:
    """What friends brought this client so far, less what was taken back."""
    entries = Entry.objects.filter(account__client=client, account__unit=Account.Unit.BONUS, operation__contains=REWARD)
    return entries.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _granted(earning: Earning, friendship: Friendship, rules: Rules, sale: Sale) -> Movement:
    """The lot of the referrer, or of the friend."""
    person = sale.scene.person
    is_own = earning.for_other is None and person is not None
    return ledger.grant(
        operation=sale.operation(MECHANIC, "friend" if is_own else "referrer"),
        account=person.account if is_own and person is not None else friendship.account,
        amount=earning.amount,
        terms=rules.terms,
        today=sale.scene.today,
        program=PROGRAM,
        name=rules.name,
    )


def _welcome(rules: Rules | None, client: Client, account: int, today: date) -> list[Movement]:
    """What the friend starts with, if the program gives it on joining."""
    if rules is None or rules.friend_amount is None or not rules.friend_on_joining:
        return []
    return [
        ledger.grant(
            operation=f"client:{client.pk}:{MECHANIC}:welcome",
            account=account,
            amount=rules.friend_amount,
            terms=rules.terms,
            today=today,
            program=PROGRAM,
            name=rules.name,
        )
    ]


def _said(extras: Mapping[str, Any]) -> str:
    """Who was named. Raises `Invalid` for what is not a text."""
    said = extras.get("referrer")
    if said is not None and not isinstance(said, str):
        raise Invalid(_("must be a code, a phone or a card number"), field="referrer")
    return said.strip() if said is not None else ""
