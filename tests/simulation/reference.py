"""What every client must have, by the words of `domain.md`, slowly and simply: day after day, client by client.

It reads the script and the figures of the business as data, and uses no function of the house, not even for rounding.
Every night comes in time here: that is what the house is compared with, whatever its outages were.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from math import floor

from tests.simulation import business as b
from tests.simulation.people import DAY, Lot, Person, Rung, Visited, soonest
from tests.simulation.script import Buy, Come, Join, Return, Review, Script


def part(amount: int, percent: str | int) -> int:
    """So many per cent, rounded down."""
    return floor(amount * Fraction(percent) / 100)


class Reference:
    """The years, played by the words."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.people: dict[int, Person] = {}

    def play(self) -> dict[int, Person]:
        events = iter([*self.script.events, None])
        event = next(events)
        day = self.script.first
        while day <= self.script.last:
            for person in self.people.values():
                self.night(person, day)
            while event is not None and event.day == day:
                self.happens(event)
                event = next(events)
            day += DAY
        for person in self.people.values():
            self.night(person, day)
        return self.people

    # --- a night ------------------------------------------------------------------------------------------------------

    def night(self, person: Person, day: date) -> None:
        self.dates(person, day)
        self.absence(person, day)
        for program, tiers in (("club", b.CLUB), ("season", b.SEASON)):
            self.falls(person, program, tiers, day)
        self.end(person, day)
        self.saved(person, day)

    def dates(self, person: Person, day: date) -> None:
        if person.birthday and person.joined <= day - b.BIRTHDAY_REGISTERED * DAY:
            self.celebrate(person, "birthday", person.birthday, b.BIRTHDAY_NOTICE, day)
        if person.child:
            self.celebrate(person, "child", person.child, b.CHILD_NOTICE, day)
        if day.year > person.joined.year:
            self.celebrate(person, "joined", person.joined, b.JOINED_NOTICE, day)

    def celebrate(self, person: Person, program: str, born: date, notice: int, day: date) -> None:
        """On the first night within the notice, and once a year."""
        if person.joined >= day:
            return  # the night had passed when they came
        for ahead in range(notice + 1):
            celebrated = day + ahead * DAY
            on_it = (celebrated.month, celebrated.day) == (born.month, born.day)
            leap = (born.month, born.day) == (2, 29) and (celebrated.month, celebrated.day) == (2, 28)
            is_leap_year = celebrated.year % 4 == 0
            if on_it or (leap and not is_leap_year):
                years = person.granted.setdefault(program, [])
                if celebrated.year not in [given.year for given in years]:
                    years.append(celebrated)
                    person.grant(program, b.AMOUNTS[program], day)

    def absence(self, person: Person, day: date) -> None:
        came = [check.day for check in person.kept if check.is_visit]
        if not came or (day - max(came)).days < b.ABSENCE:
            return
        given = person.granted.setdefault("missyou", [])
        if not given or (day - given[-1]).days >= b.ABSENCE_AGAIN:
            given.append(day)
            person.grant("missyou", b.AMOUNTS["missyou"], day)

    def falls(self, person: Person, program: str, tiers: list[b.Tier], day: date) -> None:
        rung = person.rungs.get(program)
        if rung is None:
            return
        counts = person.total if program == "club" else person.spent_in_window(day)
        for number, (_name, low, _percent, _least, _grace) in enumerate(tiers):
            if counts < low:
                rung.short_since.setdefault(number, day)
            else:
                rung.short_since.pop(number, None)
        if rung.tier not in rung.short_since:
            return
        _name, _low, _percent, least, grace = tiers[rung.tier]
        if day >= max(rung.short_since[rung.tier], rung.since + least * DAY) + grace * DAY:
            earned = max(number for number, tier in enumerate(tiers) if tier[1] <= counts)
            rung.tier = rung.tier - 1 if program == "season" else earned
            rung.since = day

    def end(self, person: Person, day: date) -> None:
        """What is past its last day is gone; what was owed while it could be used is repaid from it first."""
        for lot in soonest(person.lots):
            if lot.last is not None and lot.last < day and lot.remaining:
                for debt in person.lots:
                    if debt.amount < 0 and debt.first <= lot.last:
                        repaid = min(lot.remaining, -debt.remaining)
                        lot.remaining -= repaid
                        debt.remaining += repaid
                lot.remaining = 0
        for lots in (person.sessions, person.cards, person.stamps, person.coffees):
            for lot in lots:
                if lot.last is not None and lot.last < day:
                    lot.remaining = 0

    def saved(self, person: Person, day: date) -> None:
        balance = sum(lot.remaining for lot in person.lots if lot.is_active(day))
        if balance >= b.BALANCE_SUM and "saved" not in person.granted:
            person.granted["saved"] = [day]
            person.grant("saved", b.AMOUNTS["saved"], day)

    # --- what happens -------------------------------------------------------------------------------------------------

    def happens(self, event: object) -> None:
        match event:
            case Join():
                self.join(event)
            case Come():
                self.come(self.people[event.client], event)
            case Buy():
                self.buy(self.people[event.client], event)
            case Return():
                self.give_back(self.people[event.client], event)
            case Review():
                self.review(self.people[event.client], event.day)

    def join(self, event: Join) -> None:
        referrer = self.people.get(event.referrer) if event.referrer is not None else None
        person = Person(event.day, event.birthday, event.child, referrer)
        self.people[event.client] = person
        person.grant("welcome", b.AMOUNTS["welcome"], event.day)
        if referrer is not None:
            person.grant("referral", b.FRIEND, event.day)

    def review(self, person: Person, day: date) -> None:
        given = person.granted.setdefault("review", [])
        if not given or (day - given[-1]).days >= b.REVIEW_AGAIN:
            given.append(day)
            person.grant("review", b.AMOUNTS["review"], day)

    def come(self, person: Person, event: Come) -> None:
        check = Visited(event.day, is_visit=True, base=0, spent=0, service=event.service)
        units = event.quantity
        units = self.cover(units, person.sessions if event.service == "session" else [], event.day, check)
        units = self.cover(units, person.coffees if event.service == "coffee" else [], event.day, check)
        rest = self.reduced(person, event.service, units)
        if event.redeem:
            rest -= self.redeem(person, rest, event.day, check)
        if event.card:
            rest -= self.pay_with_card(person, rest, event.day, check)
        check.base = check.spent = rest + (check.card[1] if check.card else 0)
        self.earn(person, check)
        if event.service == "coffee":
            self.stamp(person, units, event.day)
        person.by_number[event.number] = check

    def cover(self, units: int, lots: list[Lot], day: date, check: Visited) -> int:
        for lot in soonest(lots):
            if lot.is_active(day) and units and lot.remaining:
                used = min(units, lot.remaining)
                lot.remaining -= used
                units -= used
                check.sessions.append((lot, used))
        return units

    def reduced(self, person: Person, service: str, units: int) -> int:
        price = units * b.PRICES[service]
        if person.visits >= b.REGULAR_VISITS:
            price -= floor(price * Fraction(5, 100) + Fraction(1, 2))
        if person.visits == 0 and service == "session" and units:
            price -= b.PRICES["session"] // 2
        return price

    def redeem(self, person: Person, base: int, day: date, check: Visited) -> int:
        """As much as may be: lot by lot within its program's limit, all within the highest limit."""
        left = {id(lot): lot.remaining for lot in person.lots}
        repaid = self.repaid(person, left, day)
        usable = [lot for lot in soonest(person.lots) if lot.is_active(day) and left[id(lot)] and lot.min_check <= base]
        room = part(base, max((lot.limit for lot in usable), key=Fraction, default="0"))
        by_program: dict[str | None, int] = {}
        for lot in usable:
            own = part(base, lot.limit) - by_program.get(lot.program, 0)
            amount = max(0, min(left[id(lot)], own, room - sum(by_program.values())))
            if amount:
                by_program[lot.program] = by_program.get(lot.program, 0) + amount
                check.used.append((lot, amount))
        if check.used:
            for lot in person.lots:
                lot.remaining += repaid.get(id(lot), 0)
            for lot, amount in check.used:
                lot.remaining -= amount
        return sum(by_program.values())

    def repaid(self, person: Person, left: dict[int, int], day: date) -> dict[int, int]:
        """Debts are repaid when something is spent, from what is soonest to end. What that changes."""
        changes: dict[int, int] = {}
        for debt in (lot for lot in person.lots if lot.amount < 0):
            for lot in soonest(person.lots):
                amount = min(left[id(lot)], -left[id(debt)])
                if lot.is_active(day) and amount > 0:
                    for one, change in ((lot, -amount), (debt, amount)):
                        left[id(one)] += change
                        changes[id(one)] = changes.get(id(one), 0) + change
        return changes

    def pay_with_card(self, person: Person, rest: int, day: date, check: Visited) -> int:
        for lot in person.cards:
            if lot.is_active(day) and lot.remaining and rest:
                paid = min(rest, lot.remaining)
                lot.remaining -= paid
                check.card = (lot, paid)
                return paid
        return 0

    def earn(self, person: Person, check: Visited) -> None:
        base, day = check.base, check.day
        visits, total = person.visits, person.total
        for program, amount, life in self.earned(person, check, visits, total):
            if amount:
                check.earned.append((person, person.grant(program, amount, day, life)))
        if person.referrer is not None and part(base, "5"):
            check.earned.append((person.referrer, person.referrer.grant("referral", part(base, "5"), day)))
        person.checks.append(check)
        for program, tiers in (("club", b.CLUB), ("season", b.SEASON)):
            self.rises(person, program, tiers, day)

    def earned(self, person: Person, check: Visited, visits: int, total: int) -> Iterator[tuple[str, int, str]]:
        """Program, amount, and whose lifetime."""
        base, day = check.base, check.day
        for program, tiers in (("club", b.CLUB), ("season", b.SEASON)):
            tier = person.rungs[program].tier if program in person.rungs else 0
            yield program, part(base, tiers[tier][2]), ""
        paid = [one for one in person.kept if one.is_visit and one.base]
        if check.is_visit and base and not paid:
            yield "first", part(base, "10"), ""
        if check.is_visit and visits + 1 == 5 and not self.has_had(person, "fifth"):
            yield "fifth", b.AMOUNTS["fifth"], ""
        if (day.month, 10) <= (11, day.day) and day.month == 11 and day.day <= 23:
            yield f"november-{day.year}", part(base, "20"), "november"
        if total < b.SPENT_SUM <= total + check.spent and not self.has_had(person, "thousand"):
            yield "thousand", b.AMOUNTS["thousand"], ""

    def has_had(self, person: Person, program: str) -> bool:
        return any(lot.program == program for check in person.kept for _who, lot in check.earned)

    def rises(self, person: Person, program: str, tiers: list[b.Tier], day: date) -> None:
        counts = person.total if program == "club" else person.spent_in_window(day)
        reached = max(number for number, tier in enumerate(tiers) if tier[1] <= counts)
        rung = person.rungs.setdefault(program, Rung(0, day))
        if reached > rung.tier:
            rung.tier, rung.since = reached, day
        rung.short_since = {number: since for number, since in rung.short_since.items() if tiers[number][1] > counts}

    def stamp(self, person: Person, units: int, day: date) -> None:
        if not units:
            return
        person.stamps.append(Lot("coffees", units, units, day, day + b.STAMP_DAYS * DAY))
        while sum(lot.remaining for lot in person.stamps if lot.is_active(day)) >= b.STAMPS:
            needed = b.STAMPS
            for lot in soonest(person.stamps):
                if lot.is_active(day):
                    used = min(needed, lot.remaining)
                    lot.remaining -= used
                    needed -= used
            person.coffees.append(Lot("coffees", 1, 1, day, day + b.FREE_DAYS * DAY))

    def buy(self, person: Person, event: Buy) -> None:
        if event.what == "card":
            person.cards.append(
                Lot(None, b.CARD["amount"], b.CARD["amount"], event.day, event.day + b.CARD["days"] * DAY)
            )
            person.checks.append(Visited(event.day, is_visit=False, base=0, spent=0))
            return
        lot = Lot("five", b.PLAN["sessions"], b.PLAN["sessions"], event.day, event.day + b.PLAN["days"] * DAY)
        person.sessions.append(lot)
        self.earn(person, Visited(event.day, is_visit=False, base=b.PLAN["price"], spent=b.PLAN["price"]))

    # --- a check comes back -------------------------------------------------------------------------------------------

    def give_back(self, person: Person, event: Return) -> None:
        check = person.by_number[event.number]
        if check.is_back:
            return
        check.is_back = True
        soon = event.day + b.RETURN_DAYS * DAY
        for lot, amount in [*check.used, *check.sessions, *([check.card] if check.card else [])]:
            lot.remaining += amount
            lot.last = max(lot.last, soon) if lot.last is not None else None
        for who, lot in check.earned:
            self.take_back(who, lot, event.day)

    def take_back(self, person: Person, granted: Lot, day: date) -> None:
        """From the same lot, then from pending ones (none here), then from the soonest to end, then a debt."""
        owed = granted.amount
        if granted.last is not None and granted.last < day:
            owed -= granted.remaining
        for lot in [granted, *(lot for lot in soonest(person.lots) if lot is not granted)]:
            if lot.is_active(day):
                taken = min(owed, lot.remaining)
                lot.remaining -= taken
                owed -= taken
        if owed:
            person.lots.append(Lot(None, -owed, -owed, day, None))
