"""The last hour at the sample gym: what the programs that came last look like in use.

A family with a membership that rests from tomorrow, a member of the club, cards for somebody else (one on its way,
one lost and replaced), cards from the printer, and two clients of a partner outside. Newcomers, every one of them, so
that nothing here changes what the season has come to.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from clients.models import Client
from config.demo.people import Guest
from config.demo.season import DESK, MANAGER, Season
from giftcards.batches import make
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import replace
from loyalty.money import Money
from memberships.freezing import freeze
from memberships.models import Membership
from memberships.people import add

HOUR = timedelta(hours=1)
PARTNER = "RUNNERS"
NAMES = (
    ("Nora", "Lind"),
    ("Erik", "Lind"),
    ("Maja", "Lind"),
    ("Theo", "Marsh"),
    ("Ada", "Stone"),
    ("Iris", "Field"),
    ("Paul", "Rivers"),
)


def play(season: Season) -> None:
    """The evening, after the season and with its programs."""
    at = season.now - HOUR
    nora, erik, maja, theo, ada, iris, paul = (
        _guest(len(season.cast) + place, names, at, season) for place, names in enumerate(NAMES)
    )
    for guest in (nora, erik, maja, theo, ada):
        season.register(guest, at)
    for guest in (iris, paul):
        season.register(guest, at, referrer=PARTNER)
        season.check(guest, [{"service": "personal"}], at)
    _a_family(season, nora, (erik, maja), at)
    season.check(theo, [{"membership_plan": "club"}], at)
    season.check(theo, [{"service": "session"}, {"service": "towel"}], at)
    _cards(season, ada, at)


def _guest(number: int, names: tuple[str, str], at: datetime, season: Season) -> Guest:
    first_name, last_name = names
    return Guest(
        number=number,
        first_name=first_name,
        last_name=last_name,
        birthday=None,
        joins=season.house.day(at),
        habit="session",
        in_ten_weeks=0,
        home="main",
        uses_bonuses=False,
        friend_of=None,
        stays_until=None,
    )


def _a_family(season: Season, holder: Guest, others: tuple[Guest, ...], at: datetime) -> None:
    season.check(holder, [{"membership_plan": "family"}], at)
    bought = Membership.objects.get(client=holder.id)
    for person in others:
        client = Client.objects.get(pk=person.id)
        add(membership=bought.pk, client=client, by=DESK, now=at, key=f"demo:family:{person.id}")
    season.check(others[0], [{"service": "session"}], at)
    tomorrow = season.house.day(at) + timedelta(days=1)
    reason = "Holidays"
    freeze(membership=bought.pk, from_day=tomorrow, days=14, by=DESK, now=at, key="demo:frozen", reason=reason)


def _cards(season: Season, buyer: Guest, at: datetime) -> None:
    birthday = season.house.day(at) + timedelta(days=5)
    boris = {"name": "Boris", "email": "boris@example.com", "message": "Happy birthday!", "on": birthday.isoformat()}
    season.check(buyer, [{"gift_card_type": "any", "amount": "100.00", "recipient": boris}], at)
    season.check(buyer, [{"gift_card_type": "any", "amount": "40.00"}], at)
    lost = GiftCard.objects.latest("pk")
    replace(card=lost, reason="Lost on the way home", by=MANAGER, now=at)
    make(kind=GiftCardType.objects.get(code="any"), amount=Money(5000), count=12, by=MANAGER, now=at)
