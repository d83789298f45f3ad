"""What happens in the years of the simulation, drawn beforehand from a seed: who joins, comes, pays how, wants back.

What is drawn does not depend on how the nights run. Bonuses are spent, checks returned and gift cards sold only on
days whose nights have all come (`calm`): what a night has not granted yet cannot be spent, so whoever pays with
bonuses during an outage pays with less, and that is right. Everything else happens during outages as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from config.demo.dice import Dice

LONGEST_OUTAGE = 5


@dataclass(frozen=True)
class Event:
    """Something that happens at a minute of a day, by the clock of the business; in the order of these."""

    day: date
    minute: int
    client: int


@dataclass(frozen=True)
class Join(Event):
    birthday: date | None = None
    child: date | None = None
    referrer: int | None = None


@dataclass(frozen=True)
class Come(Event):
    service: str = "session"
    quantity: int = 1
    redeem: bool = False
    card: bool = False
    """Pays with the gift card they have, if they have one."""
    number: int = 0
    """To be found again by a refund."""


@dataclass(frozen=True)
class Buy(Event):
    what: str = "membership"
    """Or `card`."""


@dataclass(frozen=True)
class Return(Event):
    number: int = 0


@dataclass(frozen=True)
class Review(Event):
    pass


@dataclass
class Script:
    first: date
    last: date
    seed: str
    clients: int
    calm: Collection[date]
    """Days whose nights have all come, whichever outages there were."""
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = Dice(self.seed)
        for client in range(self.clients):
            self._life(client, dice)
        self.events.sort(key=lambda event: (event.day, event.minute, event.client))

    def _life(self, client: int, dice: Dice) -> None:
        span = (self.last - self.first).days
        joined = self.first + timedelta(days=dice.below(max(span * 2 // 3, 1)))
        born = date(1970 + dice.below(30), 1, 1) + timedelta(days=dice.below(366))
        if dice.chance(4):
            born = date(1988, 2, 29)
        self.events.append(
            Join(
                joined,
                dice.below(300) + 480,
                client,
                birthday=born if dice.chance(85) else None,
                child=date(2015 + dice.below(8), 1 + dice.below(12), 1 + dice.below(28)) if dice.chance(30) else None,
                referrer=dice.below(client) if client and dice.chance(40) else None,
            )
        )
        self._visits(client, joined, dice)

    def _visits(self, client: int, joined: date, dice: Dice) -> None:
        """Some come every week, some rarely; everybody stays away for a time now and then."""
        pause = 3 + dice.below(20)
        day = joined + timedelta(days=1 + dice.below(pause))
        number = client * 10_000
        while day <= self.last:
            number += 1
            self._visit(client, day, number, dice)
            gap = 1 + dice.below(pause * 2)
            if dice.chance(4):
                gap += 40 + dice.below(120)
            day += timedelta(days=gap)

    def _visit(self, client: int, day: date, number: int, dice: Dice) -> None:
        service = dice.one_of(["session", "session", "session", "personal", "coffee"])
        calm, minute = day in self.calm, 800 + dice.below(500)
        self.events.append(
            Come(
                day,
                minute,
                client,
                service=service,
                quantity=1 + dice.below(2) + (dice.below(3) if service == "coffee" else 0),
                redeem=dice.chance(35) and calm,
                card=dice.chance(60) and calm,
                number=number,
            )
        )
        if dice.chance(6):
            self.events.append(Buy(day, minute + 10, client, what=dice.one_of(["membership", "membership", "card"])))
        if dice.chance(5):
            self.events.append(Review(day, minute + 20, client))
        back = day + timedelta(days=dice.below(8))
        if dice.chance(6) and service != "coffee" and back in self.calm and back <= self.last:
            self.events.append(Return(back, 1360, client, number=number))


def outages(seed: str, first: date, last: date) -> frozenset[date]:
    """Days on which no worker runs, at most five in a row."""
    dice, day, off = Dice(seed), first, set()
    while day <= last:
        day += timedelta(days=6 + dice.below(40))
        length = 1 + dice.below(LONGEST_OUTAGE)
        off |= {day + timedelta(days=i) for i in range(length)}
        day += timedelta(days=length)
    return frozenset(day for day in off if day <= last)


def calm_days(first: date, last: date, patterns: Sequence[Collection[date]]) -> frozenset[date]:
    """Days on which a worker runs, whichever of the patterns it is."""
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return frozenset(day for day in days if not any(day in pattern for pattern in patterns))
