"""What a mechanic is: one way to make a check cheaper, to pay for it, or to earn from it.

Checkout calls every mechanic of `settings.MECHANICS`, in that order, and knows none of them. A mechanic says
what it would do (`prepare`: reads, never writes; the step it returns is pure), does it (`settle`), undoes it
(`undo`), joins in when a client registers (`join`), and says what a client holds (`holdings`).

An operation of a mechanic on a check is named `visit:<id>:<mechanic>:<what>`: by that name it finds, years
later and whatever has become of the program, what to give back or take back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q, Sum
from django.utils.module_loading import import_string

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty.basket import Basket, Item
from loyalty.house import House, Place
from loyalty.ledger import Move, Movement, Opening, Stock, give_back, grant, soonest_first, stock, take_back
from loyalty.models import Entry, Visit, VisitLine
from loyalty.money import ZERO, Money, spread
from loyalty.pricing import Bill, Idle, Line, Step
from loyalty.reader import Reader
from loyalty.terms import Terms


@dataclass(frozen=True, slots=True)
class TierHeld:
    """The rung a client stands on in a cashback program."""

    program: int
    tier: int
    from_spent: Money
    since: date


@dataclass(frozen=True, slots=True)
class Person:
    """The client of a check, as the rules see them."""

    id: int
    account: int
    """Of bonuses."""
    name: str
    language: str
    birthday: date | None
    created_at: datetime
    total_spent: Money
    visits: int
    last_visit_at: datetime | None
    tiers: Mapping[int, TierHeld]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a mechanic may look at while it prepares: the state before the check."""

    house: House
    place: Place
    person: Person | None
    lots: tuple[Stock, ...]
    now: datetime
    rules: Mapping[str, Any]

    @property
    def today(self) -> date:
        return self.house.day(self.now)


@dataclass(frozen=True, slots=True)
class Sale:
    """A check that is being settled: its bill, and the row ids of its lines by number."""

    visit: int
    bill: Bill
    lines: Mapping[int, int]
    scene: Scene
    by: Actor
    accounts: Mapping[str, int] = field(default_factory=dict)
    """Operation → account that was opened for it."""
    revealed: dict[int, list[Any]] = field(default_factory=dict)
    """Line number → what is told once, at the sale (a gift card with its code)."""

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit}:{mechanic}:{what}"

    def grants(self, mechanic: str, terms: Mapping[str, Terms]) -> list[Movement]:
        """What the client earned with this mechanic, as lots on the terms of each program."""
        person = self.scene.person
        if person is None:
            return []
        return [
            grant(
                operation=self.operation(mechanic, earning.program),
                account=person.account,
                amount=earning.amount,
                terms=terms[earning.program],
                today=self.scene.today,
                program=earning.program,
                name=earning.name,
            )
            for earning in self.bill.earnings
            if earning.mechanic == mechanic and earning.for_other is None
        ]


@dataclass(frozen=True, slots=True)
class BackLine:
    """The part of a line that comes back in a refund: units, and the shares that are reversed."""

    line: VisitLine
    quantity: int
    covered: int
    list: Money
    membership: Money
    discount: Money
    bonus: Money
    gift_card: Money
    to_pay: Money
    base: Money
    spent: Money


@dataclass(slots=True)
class Reversal:
    """A refund being made: what comes back now, what had come back before, and every entry of the visit so far."""

    visit: Visit
    refund: int
    lines: tuple[BackLine, ...]
    house: House
    now: datetime
    by: Actor
    is_whole: bool
    base_before: Money
    """The earning base that came back with earlier refunds."""
    base_back: Money
    """The same with this refund included."""
    entries: Sequence[Entry]
    """Entries of the visit and of its earlier refunds, lots joined, in order."""
    lots: Mapping[int, list[Stock]] = field(default_factory=dict)
    """Account → its lots now, soonest to end first, under lock."""
    debts: dict[int, Money] = field(default_factory=dict)
    """Account → what became a debt, because it had been spent."""

    @property
    def today(self) -> date:
        return self.house.day(self.now)

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit.pk}:{mechanic}:{what}:refund:{self.refund}"

    def entries_of(self, mechanic: str) -> list[Entry]:
        prefix = f"visit:{self.visit.pk}:{mechanic}:"
        return [entry for entry in self.entries if entry.operation.startswith(prefix)]

    def take_back_earned(self, mechanic: str) -> list[Movement]:
        """Take back what this mechanic granted, in proportion to the base that has come back, rounded down.

        Cumulative, so that partial refunds add up to the whole in any order. Part of the base may stay for good, also
        when every line has come back: of a sold membership, the sessions that were used.
        """
        movements: list[Movement] = []
        for granted in self.entries_of(mechanic):
            if granted.kind == Entry.Kind.GRANT and granted.refund_id is None:
                everything = self.is_whole and self.base_back >= self.visit.base
                due = granted.amount if everything else self._due(granted.amount, self.base_back)
                before = self._due(granted.amount, self.base_before)
                lived = granted.amount - self._ended_unused(granted)
                amount = min(due, lived) - min(before, lived)
                movements += self._take(granted, amount) if amount > 0 else []
        return movements

    def _due(self, amount: Money, base: Money) -> Money:
        return Money(amount * base // self.visit.base) if self.visit.base else ZERO

    def _ended_unused(self, granted: Entry) -> Money:
        """What of a grant the client never used: it ended. Nobody owes it back."""
        ended = Entry.objects.filter(lot=granted.lot_id, kind=Entry.Kind.EXPIRE).aggregate(sum=Sum("amount"))["sum"]
        return Money(-(ended or 0))

    def give_back_spent(self, mechanic: str, amount: Money) -> list[Movement]:
        """Return so much of what this mechanic spent, to the same lots, in proportion to what is still out."""
        out: dict[int, int] = {}
        for entry in self.entries_of(mechanic):
            if entry.kind in (Entry.Kind.SPEND, Entry.Kind.RETURN):
                out[entry.lot_id] = out.get(entry.lot_id, 0) - entry.amount
        parts = zip(out, spread(amount, list(out.values())), strict=True)
        return [self.give_back(lot, part, self.operation(mechanic, "return")) for lot, part in parts if part]

    def give_back(self, lot_id: int, amount: int, operation: str) -> Movement:
        """Return so much to a lot. What is taken back after this finds it there."""
        lot = self.lot(lot_id)
        move = give_back(lot, Money(amount), operation, today=self.today, min_days=self.house.refund_min_days)
        filled = replace(lot, remaining=lot.remaining + amount, last_day=move.last_day or lot.last_day)
        others = [other for other in self.lots.get(lot.account, []) if other.id != lot_id]
        self.lots = {**self.lots, lot.account: soonest_first([*others, filled])}
        return move

    def lot(self, lot_id: int) -> Stock:
        """A lot that the visit moved, as it is now."""
        held = (lot for lots in self.lots.values() for lot in lots if lot.id == lot_id)
        return next(held, None) or next(stock(entry.lot) for entry in self.entries if entry.lot_id == lot_id)

    def _take(self, granted: Entry, amount: Money) -> list[Movement]:
        result = take_back(
            self.lots.get(granted.account_id, []),
            amount,
            f"{granted.operation}:refund:{self.refund}",
            granted_lot=granted.lot_id,
            account=granted.account_id,
            today=self.today,
            allow_debt=self.house.allow_debt,
        )
        self.debts[granted.account_id] = self.debts.get(granted.account_id, ZERO) + result.debt
        self.lots = {**self.lots, granted.account_id: _after(self.lots.get(granted.account_id, []), result.movements)}
        return result.movements


def _after(lots: Sequence[Stock], movements: Iterable[Movement]) -> list[Stock]:
    """The lots once these movements are made, so that a second taking does not count them twice."""
    moved = {m.lot: m.amount for m in movements if isinstance(m, Move)}
    return [replace(lot, remaining=lot.remaining + moved.get(lot.id, 0)) for lot in lots]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A client who has just registered: what they said that mechanics may care about."""

    client: Client
    account: int
    house: House
    rules: Mapping[str, Any]
    extras: Mapping[str, Any]
    now: datetime
    by: Actor

    @property
    def today(self) -> date:
        return self.house.day(self.now)


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the balance page or the desk: a template and what it shows."""

    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a client has of one mechanic: for the API (`facts`), the balance page and the desk (`panels`)."""

    balance: Mapping[str, Any] = field(default_factory=dict)
    """Keys that `GET clients/{id}/balance` gets."""
    portal: tuple[Panel, ...] = ()
    desk: tuple[Panel, ...] = ()


@dataclass(frozen=True, slots=True)
class Good:
    """Something that a mechanic sells on a check: a line `{kind: code}`. `amounts` are the prices it comes at."""

    kind: str
    code: str
    name: str
    amounts: tuple[Money, ...]
    needs_client: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who invites with a code, as the friend who joins may know them, and what the friend gets: a sentence or ""."""

    first_name: str
    promise: str


class Mechanic:
    """The protocol, with a mechanic that does nothing. Override what yours does."""

    code: ClassVar[str] = ""
    basket_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of a basket that it reads."""
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Key that marks a line of its own → the other keys such a line may have."""
    client_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of a registration that it reads."""
    explanations: ClassVar[Mapping[str, Any]] = {}
    """Code of a `Note` → its text, lazily translated, with `%(fact)s` places."""

    def rules(self, house: House) -> Any:
        """What the owner configured for it. Read once, kept until any setting changes."""
        return None

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """Its own keys of a basket, read strictly. Raises `Refusal` with the field."""
        return {}

    def read_item(self, reader: Reader, kind: str) -> Item:
        """A line of its own, read strictly."""
        raise Invalid("not sold", field=reader.path)

    def accounts(self, basket: Basket) -> Q | None:
        """Accounts besides the client's own that a check may take from: they are locked before it settles."""
        return None

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        """The priced line of an item that it sells. Raises `Refusal`."""
        raise Invalid("not sold", field=f"lines[{number - 1}]")

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        """What it would do to a check: reads, never writes. Raises `Refusal` for an offer that cannot be."""
        return Idle()

    def openings(self, sale: Sale) -> Iterable[Opening]:
        """Accounts that what it sells needs; all are opened together, and `sale.accounts` then has their ids."""
        return ()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        """Write its own rows; return what the ledger is to move. Inside the transaction of the check."""
        return ()

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        """For a line that it sold: the share of the price that comes back. None: not its line. Raises `Refusal`."""
        return None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        """Reverse its part of a check for the lines that come back."""
        return ()

    def undo_accounts(self, visit: Visit) -> Q | None:
        """Accounts that its reversal takes from, besides those that the visit's entries name."""
        return None

    def join(self, newcomer: Newcomer) -> Iterable[Movement]:
        """What it does when a client registers. Raises `Refusal` for what was said (a referrer)."""
        return ()

    def amend(self, client: Client, extras: Mapping[str, Any], now: datetime, by: Actor) -> Iterable[Movement]:
        """A client's own keys changed after registration. Raises `Refusal`."""
        return ()

    def client_facts(self, clients: Sequence[Client]) -> Mapping[int, Mapping[str, Any]]:
        """Client id → keys that it adds to a client in the API, for many clients at once."""
        return {}

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """What the client has of it."""
        return None

    def goods(self, house: House, rules: Any) -> Sequence[Good]:
        """What of it is on sale."""
        return ()

    def promises(self, house: House, rules: Any, today: date) -> Sequence[str]:
        """What it gives a client, in sentences, for the welcome page."""
        return ()

    def invitation(self, code: str, house: House, rules: Any, today: date) -> Invitation | None:
        """Whose code this is. Only codes: a phone or a card would tell a stranger who is a client."""
        return None

    def client_with(self, code: str) -> int | None:
        """The client who has this code, for staff who look for them: all of the code, or nobody."""
        return None


@cache
def mechanics() -> tuple[Mechanic, ...]:
    """Every configured mechanic, in the order of a check."""
    return tuple(import_string(path)() for path in settings.MECHANICS)


def mechanic_selling(kind: str) -> Mechanic | None:
    """The mechanic whose lines are marked by this key."""
    return next((mechanic for mechanic in mechanics() if kind in mechanic.item_keys), None)


def gathered(ask: Callable[[Mechanic], Iterable[Any]]) -> list[Any]:
    """What all mechanics answer, in order."""
    return [answer for mechanic in mechanics() for answer in ask(mechanic)]
