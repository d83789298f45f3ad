"""A quote: what a check would come to. Reads, never writes; the same input on the same state gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from clients.models import Business, Client
from clients.refusals import Invalid, NotFound, Refusal
from loyalty.basket import Basket, BasketLine
from loyalty.house import House, Place
from loyalty.ledger import held
from loyalty.mechanics import Person, Scene, TierHeld, mechanic_selling, mechanics
from loyalty.models import Account
from loyalty.money import ZERO
from loyalty.pricing import Bill, Line, price
from loyalty.rulebook import Rulebook, rulebook


class ClientErased(Refusal):
    """The client has asked to be forgotten."""

    code = "client_erased"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a check comes to, the state it was worked out from, and the token that stands for it."""

    basket: Basket
    scene: Scene
    bill: Bill
    token: str


def quote(basket: Basket, *, now: datetime) -> Quote:
    """Work a basket out at this moment (or at `basket.at`).

    Raises `Refusal`: of the basket itself (`invalid`, `not_found`), or of what is offered with it
    (`insufficient_balance`, `redeem_exceeds_limit`, `gift_card_...`, ...).
    """
    person, revision = person_of(basket.client) if basket.client is not None else (None, None)
    book = rulebook(revision)
    scene = _scene(basket, person, book, basket.at or now)
    lines = [line_of(line, number, scene) for number, line in enumerate(basket.lines, start=1)]
    steps = [mechanic.prepare(basket, scene) for mechanic in mechanics()]
    bill = price(lines, steps)
    return Quote(basket=basket, scene=scene, bill=bill, token=_token(basket, bill))


def accounts_of(basket: Basket) -> Q:
    """Every account that a check may take from: the client's own, and those of what they offer."""
    where = Q(client_id=basket.client) if basket.client is not None else Q(pk=None)
    for mechanic in mechanics():
        more = mechanic.accounts(basket)
        if more is not None:
            where |= more
    return where


def _scene(basket: Basket, person: Person | None, book: Rulebook, now: datetime) -> Scene:
    place = _place(basket, book.house)
    lots = held(accounts_of(basket))
    return Scene(house=book.house, place=place, person=person, lots=tuple(lots), now=now, rules=book.rules)


def _place(basket: Basket, house: House) -> Place:
    place = house.places.get(basket.location)
    if place is None:
        raise Invalid(_("there is no open location %(code)s") % {"code": basket.location}, field="location")
    return place


PERSON_COLUMNS = (
    "first_name",
    "last_name",
    "language",
    "birthday",
    "created_at",
    "erased_at",
    "standing__total_spent",
    "standing__visits",
    "standing__last_visit_at",
    "tiers__program_id",
    "tiers__tier_id",
    "tiers__since",
    "revision",
    "account",
)


def person_of(client: int) -> tuple[Person, UUID]:
    """The client with standing and tiers, and the revision of the settings, in one query.

    Raises `NotFound`, `ClientErased`.
    """
    revision = Subquery(Business.objects.values("revision")[:1])
    account = Subquery(Account.objects.filter(client=OuterRef("pk"), unit=Account.Unit.BONUS).values("pk")[:1])
    people = Client.objects.filter(pk=client).annotate(revision=revision, account=account)
    rows = list(people.values(*PERSON_COLUMNS))
    if not rows:
        raise NotFound(_("There is no such client."), field="client")
    first = rows[0]
    if first["erased_at"] is not None:
        raise ClientErased(_("This client has asked to be forgotten."), field="client")
    person = Person(
        id=client,
        account=first["account"],
        name=f"{first['first_name']} {first['last_name']}".strip(),
        language=first["language"],
        birthday=first["birthday"],
        created_at=first["created_at"],
        total_spent=first["standing__total_spent"] or ZERO,
        visits=first["standing__visits"] or 0,
        last_visit_at=first["standing__last_visit_at"],
        tiers={row["tiers__program_id"]: _tier(row) for row in rows if row["tiers__program_id"] is not None},
    )
    return person, first["revision"]


def _tier(row: dict[str, int | date]) -> TierHeld:
    return TierHeld(program=row["tiers__program_id"], tier=row["tiers__tier_id"], since=row["tiers__since"])  # type: ignore[arg-type]


def line_of(line: BasketLine, number: int, scene: Scene) -> Line:
    """The line at its price, before any mechanic. Raises `Invalid`."""
    if line.item is not None:
        mechanic = mechanic_selling(line.item.kind)
        if mechanic is None:
            raise Invalid(_("nobody sells this"), field=f"lines[{number - 1}]")
        return mechanic.line(line.item, number, line.quantity, scene)
    service = scene.house.services.get(line.service)
    if service is None:
        message = _("%(code)s is not on the price list") % {"code": line.service}
        raise Invalid(message, field=f"lines[{number - 1}].service")
    return Line(
        number=number,
        kind="service",
        code=service.code,
        name=service.name,
        quantity=line.quantity,
        price=service.price if line.price is None else line.price,
        price_reason=line.price_reason if line.price is not None else "",
        service_id=service.id,
        earns=service.earns,
        accepts_bonus=service.accepts_bonus,
    )


def _token(basket: Basket, bill: Bill) -> str:
    """Stands for everything the client saw: equal tokens, equal checks."""
    lines = [(line.code, *_figures(line)) for line in bill.lines]
    seen = (basket.client, basket.location, lines, [(e.program, int(e.amount), e.for_other) for e in bill.earnings])
    return salted_hmac("loyalty.quote", repr(seen), algorithm="sha256").hexdigest()[:40]


def _figures(line: Line) -> tuple[int, ...]:
    amounts = (line.list, line.membership, line.discount, line.bonus, line.gift_card, line.earned)
    return (line.number, line.quantity, line.covered, *(int(amount) for amount in amounts))
