"""Four months at the sample gym, played through the real till: registration, quotes, checks, refunds, and the nights.

Nothing is written past the rules: each day is what a desk would have done with the clock of that day, each night is
`run_daily`. So `check_ledger` proves the result like that of any other business.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from clients.actors import Actor
from clients.models import Client, Location
from config.demo.dice import Dice
from config.demo.people import Guest, guests
from loyalty.checkout import Back, Paid, Quote, Settled, quote, refund, settle
from loyalty.counter import read_basket
from loyalty.house import House
from loyalty.money import Money
from loyalty.night import run_daily
from loyalty.periods import starts_at
from loyalty.registration import register
from loyalty.rulebook import rulebook
from loyalty.terms import Terms
from loyalty.wallet import adjust

DAYS = 122
GUESTS = 80
DESK = Actor.staff("desk")
MANAGER = Actor.staff("manager")
PLANS = ("five", "ten")
CONSOLATION = Money(1000)
METHODS = ("card", "card", "cash", "transfer")
REASONS = ("The shower was cold", "The class was cancelled", "Charged twice by mistake")


class Season:
    """The story, one day after the other. `play` yields after each day, so that a progress bar can follow."""

    def __init__(self, now: datetime, *, days: int = DAYS, count: int = GUESTS) -> None:
        self.now = now
        self.house: House = rulebook().house
        self.today = self.house.day(now)
        self.first_day = self.today - timedelta(days=days)
        self.dice = Dice("FlexGym")
        self.cast = guests(count, self.first_day, days, self.dice)
        self.places = {place.code: place for place in Location.objects.all()}
        self.checks = 0

    @property
    def length(self) -> int:
        """In days."""
        return (self.today - self.first_day).days + 1

    def play(self) -> Iterator[date]:
        for i in range(self.length):
            day = self.first_day + timedelta(days=i)
            with transaction.atomic():
                self._night(day)
                self._day(day)
            yield day

    def _night(self, day: date) -> None:
        runs = run_daily(now=starts_at(day, self.house.zone) + timedelta(minutes=10))
        failed = [run.failure for run in runs if run.failure]
        if failed:
            raise RuntimeError(failed[0])

    def _day(self, day: date) -> None:
        """Everybody who comes today, in the order in which they come."""
        opens = starts_at(day, self.house.zone) + timedelta(hours=7)
        coming = sorted(((self.dice.below(14 * 60), guest) for guest in self._coming(day)), key=lambda pair: pair[0])
        for minute, guest in coming:
            at = opens + timedelta(minutes=minute)
            if at < self.now:
                self._come(guest, at)

    def _coming(self, day: date) -> list[Guest]:
        return [guest for guest in self.cast if guest.joins <= day and self._comes(guest, day)]

    def _comes(self, guest: Guest, day: date) -> bool:
        if guest.stays_until is not None and day > guest.stays_until:
            return False
        return not guest.id or self.dice.below(70) < guest.in_ten_weeks

    def _come(self, guest: Guest, at: datetime) -> None:
        """One visit: what they take, sometimes a card for a friend, sometimes all of it back."""
        if not guest.id:
            self.register(guest, at, referrer=self._friend_of(guest))
        lines = self._takes(guest)
        if guest.habit in PLANS and not self._quote(guest, lines, at).bill.sessions_used:
            self.check(guest, [{"membership_plan": guest.habit}], at)
        settled = self.check(guest, lines, at)
        if self.dice.chance(2):
            self._buy_a_card(guest, at + timedelta(minutes=1))
        if self.dice.chance(2):
            self._send_back(settled, at + timedelta(minutes=30))
        elif self.dice.chance(2):
            self._console(guest, at + timedelta(minutes=40))

    def register(self, guest: Guest, at: datetime, *, referrer: str = "") -> None:
        details = {
            "first_name": guest.first_name,
            "last_name": guest.last_name,
            "phone": guest.phone,
            "email": guest.email,
            "birthday": guest.birthday,
            "consents": ["terms", "email"],
            "home": self.places[guest.home],
        }
        extras = {"referrer": referrer} if referrer else {}
        guest.id = register(details=details, extras=extras, by=DESK, now=at).pk

    def _friend_of(self, guest: Guest) -> str:
        """How a newcomer names the friend who brought them; nothing if nobody did."""
        friend = self.cast[guest.friend_of] if guest.friend_of is not None else None
        return friend.phone if friend is not None and friend.id else ""

    def _takes(self, guest: Guest) -> list[dict[str, Any]]:
        service = "personal" if guest.habit == "personal" or guest.gift_card else "session"
        lines: list[dict[str, Any]] = [{"service": service}]
        if self.dice.chance(25):
            lines.append({"service": "towel", "quantity": 1 + self.dice.below(2)})
        return lines

    def _quote(self, guest: Guest, lines: list[dict[str, Any]], at: datetime) -> Quote:
        raw: dict[str, Any] = {"client": guest.id, "location": guest.home, "lines": lines}
        if "membership_plan" not in lines[0] and "gift_card_type" not in lines[0]:
            raw["redeem"] = "max" if guest.uses_bonuses else "0"
            raw["gift_cards"] = [guest.gift_card] if guest.gift_card else []
        return quote(read_basket(raw, self.house), now=at)

    def check(self, guest: Guest, lines: list[dict[str, Any]], at: datetime) -> Settled:
        """Quote, take the payment, settle: as the desk does."""
        said = self._quote(guest, lines, at)
        paid = [Paid(self.dice.one_of(METHODS), said.bill.to_pay)] if said.bill.to_pay else []
        self.checks += 1
        key = f"demo:{self.checks}"
        settled = settle(basket=said.basket, payments=paid, key=key, by=DESK, now=at, token=said.token)
        if said.bill.gift_card_total:
            guest.gift_card = ""
        return settled

    def _buy_a_card(self, guest: Guest, at: datetime) -> None:
        """A gift card for somebody else who comes here; they spend it on their next visit."""
        amount = self.dice.one_of(("20.00", "50.00", "100.00"))
        settled = self.check(guest, [{"gift_card_type": "gift", "amount": amount}], at)
        friend = self.dice.one_of([other for other in self.cast if other.id and other is not guest] or [guest])
        friend.gift_card = settled.revealed[1][0]["code"]

    def _send_back(self, settled: Settled, at: datetime) -> None:
        lines = [Back(1)] if self.dice.chance(50) else None
        visit = settled.visit.pk
        refund(
            visit_id=visit,
            lines=lines,
            reason=self.dice.one_of(REASONS),
            key=f"demo:refund:{visit}",
            by=MANAGER,
            now=at,
        )

    def _console(self, guest: Guest, at: datetime) -> None:
        """Some bonuses by hand, for four weeks: what is not used of them ends within the sample."""
        self.checks += 1
        adjust(
            client=Client.objects.get(pk=guest.id),
            amount=CONSOLATION,
            reason=self.dice.one_of(REASONS),
            by=MANAGER,
            now=at,
            key=f"demo:{self.checks}",
            terms=Terms(lifetime_days=28),
        )
