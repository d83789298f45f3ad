"""The same years played through the house: the till, the desk's calls, and a worker that is off now and then."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from clients.actors import Actor
from clients.models import Client, PersonalDate
from clients.refusals import Refusal
from loyalty.actions import record_action
from loyalty.checkout import Paid, Settled, quote, refund, settle
from loyalty.counter import read_basket
from loyalty.models import Account, FreeService, Lot, Standing, TierStanding
from loyalty.money import Money
from loyalty.night import run_daily
from loyalty.registration import register
from loyalty.rulebook import rulebook
from loyalty.setup.document import load
from referrals.models import Code
from tests.simulation import business as b
from tests.simulation.people import Person
from tests.simulation.script import Buy, Come, Event, Join, Return, Review, Script

DESK = Actor.staff("vera")
ZONE = ZoneInfo(b.ZONE)
NIGHT = time(3, 30)
"""After the hour that the clocks skip or repeat."""


class House:
    """The business, day after day."""

    def __init__(self, script: Script, off: Collection[date]) -> None:
        self.script, self.off = script, off
        self.clients: dict[int, Client] = {}
        self.sold: dict[int, Settled] = {}
        self.cards: dict[int, list[tuple[int, str]]] = {}
        self.keys = 0

    def play(self) -> None:
        load(b.document(range(self.script.first.year, self.script.last.year + 1)), by=Actor.command("load_setup"))
        events = iter([*self.script.events, None])
        event = next(events)
        day = self.script.first
        while day <= self.script.last:
            self.night(day)
            while event is not None and event.day == day:
                with transaction.atomic():
                    self.happens(event)
                event = next(events)
            day += timedelta(days=1)
        self.off = ()
        self.night(day)

    def night(self, day: date) -> None:
        if day in self.off:
            return
        now = datetime.combine(day, NIGHT, tzinfo=ZONE).astimezone(UTC)
        failures = [run.failure for run in run_daily(now=now) if run.failure]
        assert not failures, failures

    def happens(self, event: Event) -> None:
        now = self.moment(event)
        match event:
            case Join():
                self.join(event, now)
            case Come():
                self.come(event, now)
            case Buy():
                self.buy(event, now)
            case Return() if event.number in self.sold:
                self.give_back(event, now)
            case Review():
                self.review(event, now)

    def moment(self, event: Event) -> datetime:
        at = time(event.minute // 60, event.minute % 60)
        return datetime.combine(event.day, at, tzinfo=ZONE).astimezone(UTC)

    def key(self) -> str:
        self.keys += 1
        return f"simulation:{self.keys}"

    # --- what happens ---

    def join(self, event: Join, now: datetime) -> None:
        referrer = self.clients.get(event.referrer) if event.referrer is not None else None
        extras = {"referrer": Code.objects.get(client=referrer).code} if referrer is not None else {}
        details = {"first_name": f"Client {event.client}", "birthday": event.birthday}
        client = register(details=details, extras=extras, by=DESK, now=now)
        if event.child is not None:
            PersonalDate.objects.create(client=client, name="child", day=event.child)
        self.clients[event.client] = client

    def sell(self, client: int, line: dict[str, Any], now: datetime, **offers: Any) -> Settled:
        raw = {"location": "main", "client": str(self.clients[client].pk), "lines": [line], **offers}
        basket = read_basket(raw, rulebook().house)
        to_pay = quote(basket, now=now).bill.to_pay
        return settle(basket=basket, payments=[Paid("cash", to_pay)], key=self.key(), by=DESK, now=now)

    def come(self, event: Come, now: datetime) -> None:
        offers: dict[str, Any] = {"redeem": "max"} if event.redeem else {}
        line = {"service": event.service, "quantity": event.quantity}
        card = self.card_of(event) if event.card else None
        if card is not None and self.to_pay(event, line, offers, now):
            offers["gift_cards"] = [card]
        self.sold[event.number] = self.sell(event.client, line, now, **offers)

    def to_pay(self, event: Come, line: dict[str, Any], offers: dict[str, Any], now: datetime) -> Money:
        raw = {"location": "main", "client": str(self.clients[event.client].pk), "lines": [line], **offers}
        return quote(read_basket(raw, rulebook().house), now=now).bill.to_pay

    def card_of(self, event: Come) -> str | None:
        """The first card of the client that still pays."""
        for card, code in self.cards.get(event.client, ()):
            lots = Lot.objects.filter(account__gift_card=card, remaining__gt=0, last_day__gte=event.day)
            if lots.exists():
                return code
        return None

    def buy(self, event: Buy, now: datetime) -> None:
        if event.what == "card":
            sold = self.sell(event.client, {"gift_card_type": "gift", "amount": b.money(b.CARD["amount"])}, now)
            [[card]] = sold.revealed.values()
            self.cards.setdefault(event.client, []).append((int(card["id"]), card["code"]))
        else:
            self.sell(event.client, {"membership_plan": "five"}, now)

    def give_back(self, event: Return, now: datetime) -> None:
        visit = self.sold.pop(event.number).visit
        refund(visit_id=visit.pk, lines=None, reason="did not like it", key=self.key(), by=DESK, now=now)

    def review(self, event: Review, now: datetime) -> None:
        with contextlib.suppress(Refusal):  # counted already
            record_action(client=self.clients[event.client], code="review", key=self.key(), by=DESK, now=now)


# --- what came of it --------------------------------------------------------------------------------------------------

Facts = dict[str, Any]
BONUS, MONEY, SESSION, STAMP = (Account.Unit.BONUS, Account.Unit.MONEY, Account.Unit.SESSION, Account.Unit.STAMP)


def of_the_house(house: House) -> dict[int, Facts]:
    """Client of the script → what they hold, in the database."""
    return {number: _held(house, client, number) for number, client in house.clients.items()}


def _held(house: House, client: Client, number: int) -> Facts:
    lots = Lot.objects.filter(account__client=client).order_by("pk")
    coffees = set(FreeService.objects.filter(client=client).values_list("pk", flat=True))
    sessions = lots.filter(account__unit=SESSION)
    cards = [card for card, _code in house.cards.get(number, ())]
    standing = Standing.objects.get(client=client)
    return {
        "bonuses": _rows(lots.filter(account__unit=BONUS)),
        "sessions": _rows(sessions.exclude(account__in=coffees)),
        "coffees": _rows(sessions.filter(account__in=coffees)),
        "stamps": _rows(lots.filter(account__unit=STAMP)),
        "cards": _rows(Lot.objects.filter(account__gift_card__in=cards)),
        "total": int(standing.total_spent),
        "visits": standing.visits,
        "tiers": _tiers(client),
    }


def _rows(lots: Any) -> list[tuple[Any, ...]]:
    rows = lots.values_list("amount", "remaining", "first_day", "last_day")
    return sorted(rows, key=repr)


def _tiers(client: Client) -> dict[str, str]:
    held = TierStanding.objects.filter(client=client).values_list("program__code", "tier__name")
    return {"club": b.CLUB[0][0], "season": b.SEASON[0][0], **dict(held)}


def of_the_words(people: dict[int, Person]) -> dict[int, Facts]:
    """The same, of the reference."""
    return {number: _meant(person) for number, person in people.items()}


def _meant(person: Person) -> Facts:
    groups = {
        "bonuses": person.lots,
        "sessions": person.sessions,
        "coffees": person.coffees,
        "stamps": person.stamps,
        "cards": person.cards,
    }
    rows = {
        name: sorted(((lot.amount, lot.remaining, lot.first, lot.last) for lot in lots), key=repr)
        for name, lots in groups.items()
    }
    rungs = person.rungs
    return {
        **rows,
        "total": person.total,
        "visits": person.visits,
        "tiers": {
            "club": b.CLUB[rungs["club"].tier if "club" in rungs else 0][0],
            "season": b.SEASON[rungs["season"].tier if "season" in rungs else 0][0],
        },
    }


def differences(meant: dict[int, Facts], held: dict[int, Facts]) -> list[str]:
    """Client, what, what the words say and the house does not, and the other way round."""
    lines = []
    for number, facts in meant.items():
        for what, value in facts.items():
            found = held[number][what]
            if found == value:
                continue
            if isinstance(value, list):
                both = Counter(value) & Counter(found)
                pair = [list((Counter(some) - both).elements()) for some in (value, found)]
            else:
                pair = [value, found]
            lines.append(f"client {number}: {what}: meant {pair[0]}, held {pair[1]}")
    return lines
