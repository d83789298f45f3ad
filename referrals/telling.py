"""The letter to whoever brought a friend: what came for friends on a day, told in the night after it.

One letter a client and day, however many friends were here, with all their bonuses of that day in one sum (waiting ones
among them, what was taken back again taken off); a membership has a letter of its own. A gift card comes with its own
letter, and a discount is said at the desk and on the client's page. Which letter: `LetterRules.rewarded`; none, and
nobody is written to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Min, QuerySet, Sum

from clients.models import LetterRules
from loyalty import letters
from loyalty.letters import Notice
from loyalty.models import Account, Entry, Lot
from loyalty.money import Money
from loyalty.night import Night
from loyalty.paging import in_pages
from loyalty.periods import starts_at
from loyalty.transactions import in_one_transaction
from referrals.giving import FOR_THE_REFERRER
from referrals.models import Kind, Referral, Reward
from referrals.rewards import PROGRAM

OCCASION = "referral"
CAME = (Entry.Kind.GRANT, Entry.Kind.TAKE_BACK)
OF_THE_FRIEND = (":friend", ":welcome")
"""How operations end whose bonuses are the friend's own."""


def tell(night: Night) -> int:
    """Write what is to be told of the day before this night; how many there are. Told once, however often it is run."""
    rules = LetterRules.objects.select_related("rewarded").first()
    if rules is None or rules.rewarded is None or not rules.rewarded.enabled:
        return 0
    count, left = 0, _notices(rules.rewarded.pk, night)
    while batch := list(islice(left, letters.AT_ONCE)):
        count += _write(batch, night)
    return count


@in_one_transaction
def _write(batch: list[Notice], night: Night) -> int:
    return letters.write(batch, house=night.house, now=night.now)


def _notices(template: int, night: Night) -> Iterator[Notice]:
    day = night.day - timedelta(days=1)
    since, until = starts_at(day, night.house.zone), starts_at(night.day, night.house.zone)
    for client, amount, name, last_day in in_pages(
        _bonuses(since, until), "account__client", "came", "name", "last_day"
    ):
        if amount > 0:
            operation = f"referrals:rewarded:{client}:{day}"
            yield Notice(operation, client, template, OCCASION, amount=Money(amount), last_day=last_day, program=name)
    given = Reward.objects.filter(
        side__in=FOR_THE_REFERRER,
        kind=Kind.MEMBERSHIP,
        state=Reward.State.GIVEN,
        changed_at__gte=since,
        changed_at__lt=until,
        client__erased_at=None,
    )
    for pk, client, account, name in given.order_by("pk").values_list("pk", "client", "account", "name"):
        lots = Lot.objects.filter(account=account).aggregate(sessions=Sum("remaining"), last_day=Min("last_day"))
        facts = {"sessions": int(lots["sessions"] or 0), "last_day": lots["last_day"], "program": name}
        yield Notice(f"referrals:rewarded:reward:{pk}", client, template, OCCASION, **facts)


def _bonuses(since: datetime, until: datetime) -> QuerySet[Entry, Any]:
    """By client: what came for friends within these hours. Whoever has spent all of it already is not told of it."""
    lots = Lot.objects.filter(
        program=PROGRAM,
        remaining__gt=0,
        account__unit=Account.Unit.BONUS,
        account__client__in=Referral.objects.values("referrer"),
        account__client__erased_at=None,
        created_at__gte=since,
        created_at__lt=until,
    )
    for ending in OF_THE_FRIEND:
        lots = lots.exclude(operation__endswith=ending)
    entries = Entry.objects.filter(lot__in=lots, kind__in=CAME).values("account__client")
    return entries.annotate(came=Sum("amount"), name=Min("lot__name"), last_day=Min("lot__last_day"))
