"""A winter at FlexGym, night by night: bonuses that come and go by themselves, letters, a chain, a tier that falls.

Boris and Bella are born on 2 January. Both get 10.00 a week before; Boris comes and uses them, Bella does not and is
reminded twice. Alice has a check returned and is told what keeps Silver. Letters go to a real mail server, SMS to a
real gateway. Every figure is stated.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from clients.actors import Actor
from clients.letters.sending import send_due
from clients.models import Client, Gateway
from loyalty import night
from loyalty.models import ChainRun, Entry, Lot
from loyalty.proof import check_ledger
from loyalty.registration import register
from loyalty.setup import load, read_yaml
from loyalty.wallet import wallet
from tests.letters.conftest import Mailbox, Phones, mailbox, phones
from tests.published import load_preset
from tests.till import Till, cents

__all__ = ["mailbox", "phones"]
pytestmark = pytest.mark.django_db
VERA = Actor.staff("vera")
NEW_YORK = ZoneInfo("America/New_York")
PROGRAMS = """
letters:
  - code: birthday
    name: Birthday
    topic: bonuses
    subject: {en: "{name}, {amount} for your birthday"}
    body: {en: "{amount} bonuses are yours until {last_day}: {link}"}
  - code: ending
    name: What ends
    topic: reminders
    subject: {en: "{amount} end on {last_day}"}
    body: {en: "They pay up to 15 % of a check."}
    short: {en: "{business}: {amount} bonuses end on {last_day}"}
  - code: falling
    name: A tier falls
    topic: reminders
    subject: {en: "{missing} more by {last_day} keeps {tier}"}
    body: {en: "Come and see us, {name}."}
letter_rules: {falling: falling, falling_days: 30}
cashback:
  - code: cumulative
    name: Cumulative cashback
    window: lifetime
    tiers:
      - {name: Start, from: "0", percent: "3"}
      - {name: Silver, from: "500", percent: "5", grace_days: 30, privileges: Books a day earlier}
    bonus: {lifetime: {days: 180}, limit_percent: "50", min_check: "50.00"}
bonuses:
  - code: birthday
    name: Birthday
    trigger: birthday
    days_before: 7
    amount: "10"
    letter: birthday
    bonus: {lifetime: {days: 14}, limit_percent: "15"}
chains:
  - code: use-it
    name: Use it
    begins: lot_ends
    days: 7
    stop_when_visited: true
    steps:
      - {do: letter, letter: ending, channel: email}
      - {after: {days: 4}, if: not_spent, do: letter, letter: ending, channel: sms}
"""


@dataclass
class Gym:
    """FlexGym on a day of the winter: the nights that have come, and the letters of the morning."""

    day: date
    mailbox: Mailbox
    phones: Phones
    operations: Any = field(default_factory=itertools.count)

    def at(self, hour: int) -> datetime:
        return datetime.combine(self.day, time(hour), tzinfo=NEW_YORK).astimezone(UTC)

    @property
    def till(self) -> Till:
        return Till(now=self.at(18), operations=self.operations)

    def until(self, day: date) -> None:
        """Night after night, and what goes out at ten."""
        while self.day < day:
            self.day += timedelta(days=1)
            failures = [run.failure for run in night.run_daily(now=self.at(3)) if run.failure]
            assert failures == []
            send_due(now=self.at(10))

    def letters(self) -> list[tuple[str, str]]:
        """What came since the last look: to whom, and what about."""
        found = [(letter["To"], letter["Subject"]) for letter in self.mailbox.letters]
        self.mailbox.letters.clear()
        return found


@pytest.fixture
def gym(db: None, mailbox: Mailbox, phones: Phones) -> Gym:
    load_preset(by=Actor.command("test"))
    load(read_yaml(PROGRAMS), by=Actor.command("test"))
    Gateway.objects.create(name="SMS", url=phones.url())
    gym = Gym(date(2026, 12, 1), mailbox, phones)
    night.run_daily(now=gym.at(3))
    return gym


def joined(gym: Gym, name: str, **details: Any) -> Client:
    email = f"{name.lower()}@example.com"
    said = {"first_name": name, "email": email, "consents": ["email", "sms"], **details}
    return register(details=said, extras={}, by=VERA, now=gym.at(12))


def test_birthday_bonuses_come_are_used_or_end_and_a_chain_goes_its_way(gym: Gym) -> None:
    born = date(1990, 1, 2)
    boris = joined(gym, "Boris", birthday=born, phone="+12125550102")
    bella = joined(gym, "Bella", birthday=born, phone="+12125550103")

    gym.until(date(2026, 12, 25))
    assert gym.letters() == []
    gym.until(date(2026, 12, 26))
    for client in (boris, bella):
        lot = Lot.objects.get(account__client=client)
        assert (lot.amount, lot.first_day, lot.last_day) == (cents("10"), date(2026, 12, 26), date(2027, 1, 9))
    assert sorted(gym.letters()) == [
        ("bella@example.com", "Bella, 10.00 for your birthday"),
        ("boris@example.com", "Boris, 10.00 for your birthday"),
    ]

    # They end on 9 January: seven days before, the chain begins with a letter.
    gym.until(date(2027, 1, 1))
    assert gym.letters() == []
    gym.until(date(2027, 1, 2))
    assert sorted(gym.letters()) == [
        ("bella@example.com", "10.00 end on 9 January 2027"),
        ("boris@example.com", "10.00 end on 9 January 2027"),
    ]

    # Boris comes on the 5th: 15 % of 60.00 is 9.00, and 3 % of the 51.00 in cash come back.
    gym.until(date(2027, 1, 5))
    visit = gym.till.sell("personal", client=boris, redeem="max").visit
    assert (visit.bonus_total, visit.to_pay, visit.earned_total) == (cents("9"), cents("51"), cents("1.53"))

    # On the 6th the SMS is due: Bella gets it, and Boris's way is at its end because he was here.
    gym.until(date(2027, 1, 6))
    assert gym.letters() == []
    [(path, body)] = gym.phones.messages
    assert path == "/+12125550103"
    assert "FlexGym: 10.00 bonuses end on 9 January 2027" in body
    ways = dict(ChainRun.objects.values_list("client__first_name", "state"))
    assert ways == {"Boris": "stopped", "Bella": "done"}

    # Usable to the end of the 9th; the night of the 10th writes down what was lost.
    gym.until(date(2027, 1, 9))
    assert gym.till.balance(bella) == cents("10")
    gym.until(date(2027, 1, 10))
    assert (gym.till.balance(bella), gym.till.balance(boris)) == (0, cents("1.53"))
    ended = Entry.objects.filter(kind="expire").order_by("amount").values_list("amount", "at")
    midnight = datetime(2027, 1, 10, 5, tzinfo=UTC)
    assert list(ended) == [(-cents("10"), midnight), (-cents("1"), midnight)]

    # One birthday brings them once.
    gym.until(date(2027, 1, 31))
    assert Lot.objects.filter(account__client=bella, program="birthday").count() == 1
    assert check_ledger(now=timezone.now()) == []


def test_a_tier_falls_with_its_warning_before(gym: Gym) -> None:
    alice = joined(gym, "Alice", phone="+12125550101")
    sold = gym.till.sell("9 x personal", client=alice)  # 540.00: Silver from the next check on
    assert tier(alice, gym) == ("Silver", cents("0"))

    # One of them comes back on 10 January: 480.00 are left, 20.00 too few. Silver has 30 days of grace.
    gym.until(date(2027, 1, 10))
    gym.till.refund(sold, (1, 1))
    gym.until(date(2027, 1, 11))
    assert gym.letters() == [("alice@example.com", "20.00 more by 9 February 2027 keeps Silver")]

    gym.until(date(2027, 2, 9))
    assert gym.letters() == []  # told once
    assert tier(alice, gym)[0] == "Silver"
    assert gym.till.quote("session", client=alice).bill.earnings[0].amount == cents("1")  # 5 % of 20.00

    # Time decides: the tier has fallen on the 10th, before any night has run.
    gym.day = date(2027, 2, 10)
    assert tier(alice, gym) == ("Start", cents("20"))
    assert gym.till.quote("session", client=alice).bill.earnings[0].amount == cents("0.60")  # 3 %
    gym.day = date(2027, 2, 9)
    gym.until(date(2027, 2, 10))
    assert tier(alice, gym) == ("Start", cents("20"))


def test_who_spends_in_time_keeps_the_tier(gym: Gym) -> None:
    alice = joined(gym, "Alice", phone="+12125550101")
    sold = gym.till.sell("9 x personal", client=alice)
    gym.until(date(2027, 1, 10))
    gym.till.refund(sold, (1, 1))

    gym.until(date(2027, 2, 9))
    gym.till.sell("session", client=alice)  # 20.00: the trial is for newcomers
    gym.until(date(2027, 3, 20))
    assert tier(alice, gym)[0] == "Silver"


def tier(client: Client, gym: Gym) -> tuple[str, int]:
    """Where the client stands, and what is missing to the next tier (nothing above the highest)."""
    [ladder] = wallet(client, now=gym.at(18)).ladders
    assert ladder.rung is not None
    return ladder.rung.name, ladder.remaining
