"""The protocol that every mechanic keeps, and what it says of what a client holds and what is on sale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty.audience import Gap, Trait
from loyalty.basket import Basket, Item
from loyalty.findings import Finding, Known
from loyalty.house import House
from loyalty.ledger import Movement, Opening
from loyalty.mechanics.conditions import Condition
from loyalty.mechanics.reached import CalledBack
from loyalty.mechanics.reversal import Reversal
from loyalty.mechanics.sale import Handing, Present, Sale
from loyalty.mechanics.scene import Person, Scene
from loyalty.models import Visit, VisitLine
from loyalty.money import Money
from loyalty.pricing import Idle, Line, Step
from loyalty.reader import Reader


def nobody_is_kept_out(_segment: int | None) -> tuple[Gap, ...]:
    """Of no segment that is asked about."""
    return ()


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
    gaps: Callable[[int | None], tuple[Gap, ...]] = nobody_is_kept_out
    """What keeps them out of a segment, as they have just joined."""

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
    least: Money | None = None
    most: Money | None = None
    """Any amount between these is sold, besides `amounts`."""
    until: date | None = None
    """The last day on which it is sold."""
    asks_code: bool = False
    """What it is sold for is a thing with a code, which staff type in the place of `code`: a card that is topped up."""
    item: str = ""
    """The code of the very thing that is sold: `Mechanic.waiting`."""


@dataclass(frozen=True, slots=True)
class LineForm:
    """What the desk asks of a line that a mechanic sells: a template for the fields, named `detail-<index>-<name>`.

    The template gets `row` (`row.index`, `row.line.details` with what was typed, by name). `raw` makes of it the
    other keys of the line, as `read_item` reads them; fields left empty are not there.
    """

    template: str
    raw: Callable[[Mapping[str, str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DeskLink:
    """A page at the desk: the name of its address, what it is called, and the right that it asks for."""

    page: str
    name: Any
    right: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who invites with a code, as the friend who joins may know them, and what the friend gets: a sentence or ""."""

    first_name: str
    promise: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was typed: the key of a basket that takes it, its one form, and what staff see of it.

    `fact` is what notes about it carry, as `Note.facts` has it.
    """

    key: str
    text: str
    name: str
    fact: tuple[str, str]


class Mechanic:
    """The protocol, with a mechanic that does nothing. Override what yours does."""

    code: ClassVar[str] = ""
    basket_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of a basket that it reads."""
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Key that marks a line of its own → the other keys such a line may have."""
    line_forms: ClassVar[Mapping[str, LineForm]] = {}
    """Key that marks a line of its own → what the desk asks of such a line."""
    paper: ClassVar[str] = ""
    """Name of the page of the desk that prints what a check has told once; it is sent the `code`."""
    counter: ClassVar[DeskLink | None] = None
    """Its own page at the desk."""
    client_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of a registration that it reads."""
    explanations: ClassVar[Mapping[str, Any]] = {}
    """Code of a `Note` → its text, lazily translated, with `%(fact)s` places."""
    for_others: ClassVar[frozenset[str]] = frozenset()
    """Codes of notes whose amount is not the client's: somebody else gets it."""
    in_kind: ClassVar[frozenset[str]] = frozenset()
    """Codes of notes of something that was given and is no amount: a stamp, a free service."""
    presents: ClassVar[str] = ""
    """The section of the setup document whose rows it can give as presents, by their code."""
    presents_an_amount: ClassVar[bool] = True
    """Whether the program says what such a present is worth: gifts for a sum give only what has an amount."""
    conditions: ClassVar[Sequence[Condition]] = ()
    """Keys that it brings to the rule of a segment."""

    def rules(self, house: House) -> Any:
        """What the owner configured for it. Read once, kept until any setting changes."""
        return None

    def asks_traits(self, rules: Any) -> bool:
        """Whether these rules ask for a client's tags, cards or visited locations (`Person`)."""
        return False

    def traits(self, client: int, today: date) -> Mapping[str, Trait]:
        """What the client has of its `conditions`, by key. Asked only if a segment asks; one query for all of them."""
        return {}

    def ranks(self, rules: Any, person: Person, today: date) -> Iterable[str]:
        """Names of the tiers that the client stands on in its programs."""
        return ()

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """Its own keys of a basket, read strictly. Raises `Refusal` with the field."""
        return {}

    def reads_code(self, text: str) -> Code | None:
        """The code of its own that this surely is, by its form alone: a check symbol, not a look into the database."""
        return None

    def read_item(self, reader: Reader, kind: str) -> Item:
        """A line of its own, read strictly."""
        raise Invalid("not sold", field=reader.path)

    def lock(self, basket: Basket) -> None:
        """Lock rows of its own that a check may count against, after the accounts and before it is priced."""

    def hold(self, basket: Basket, scene: Scene) -> None:
        """The same for rows that only the scene tells: when a check settles, before `prepare`."""

    def accounts(self, basket: Basket) -> Q | None:
        """Accounts besides the client's that the basket names: they are locked before it settles."""
        return None

    def shared_accounts(self, client: int) -> QuerySet[Any, Any] | None:
        """Accounts of others that the client may take from without naming them: a query of their ids, which is
        compiled once and then asked about every client of a check.
        """
        return None

    def accounts_of_place(self, location: int) -> Q | None:
        """Accounts that belong to a location and to no client: a closure of it is for them as well."""
        return None

    def accounts_begun_after(self, day: date) -> Q | None:
        """Accounts of which something could be used before, and whose days run only since later than this day: what was
        closed until then took none of them.
        """
        return None

    def ends_moved(self, lots: Mapping[int, int], today: date) -> None:
        """A closure has lengthened lots (lot → days), or its undoing shortened them: what goes by their ends moves too.
        Inside that transaction, which holds their accounts.
        """

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

    def gives(self) -> Mapping[str, str]:
        """Code → name of what it can give as a present, also what is not on sale any more. One query, if any."""
        return {}

    def present(self, present: Present, handing: Handing) -> Iterable[Movement]:
        """Give something of its own, inside the caller's transaction; nothing if it is not its own."""
        return ()

    def call_back(self, called: CalledBack, reversal: Reversal) -> Iterable[Movement]:
        """Take a present of its own back, as far as it is there; nothing if it is not its own."""
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

    def waiting(self, text: str, house: House, today: date) -> Good | None:
        """The very thing with this code, if it waits to be sold: a printed gift card. No query for what is no code."""
        return None

    def promises(self, house: House, rules: Any, today: date) -> Sequence[str]:
        """What it gives a client, in sentences, for the welcome page."""
        return ()

    def invitation(self, code: str, house: House, rules: Any, today: date) -> Invitation | None:
        """Whose code this is. Only codes: a phone or a card would tell a stranger who is a client."""
        return None

    def lint(self, house: House, rules: Any, known: Known) -> Iterable[Finding]:
        """What the owner should look at in its programs (`loyalty.linter`). Pure: nothing is read for it."""
        return ()

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


def line_form(kind: str) -> LineForm | None:
    """What the desk asks of lines that are marked by this key."""
    mechanic = mechanic_selling(kind)
    return mechanic.line_forms.get(kind) if mechanic is not None else None


def gathered(ask: Callable[[Mechanic], Iterable[Any]]) -> list[Any]:
    """What all mechanics answer, in order."""
    return [answer for mechanic in mechanics() for answer in ask(mechanic)]


def conditions() -> dict[str, Condition]:
    """What mechanics bring to the rule of a segment, by key."""
    return {condition.key: condition for mechanic in mechanics() for condition in mechanic.conditions}
