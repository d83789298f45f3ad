"""A quote: what a check would come to. Reads, never writes; the same input on the same state gives the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from clients.models import Business, Client
from clients.refusals import Invalid, NotFound, Refusal
from loyalty import ledger
from loyalty.basket import Basket, BasketLine
from loyalty.checkout.traits import with_traits
from loyalty.house import House, Place
from loyalty.ledger import Stock
from loyalty.mechanics import Person, Scene, TierHeld, falls_of, mechanic_selling, mechanics
from loyalty.models import Account
from loyalty.money import ZERO, Money
from loyalty.pricing import Bill, Line, price
from loyalty.promises import Promise, token_of
from loyalty.rulebook import Rulebook, rulebook
from loyalty.sql import Compiled, any_of


class ClientErased(Refusal):
    """The client has asked to be forgotten."""

    code = "client_erased"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a check comes to, the settings and the state it was worked out from, and the token that promises it.

    `seen` stands for everything that the client saw: equal fingerprints, equal checks.
    """

    basket: Basket
    book: Rulebook
    scene: Scene
    bill: Bill
    seen: str
    token: str


def quote(basket: Basket, *, now: datetime, settles: bool = False) -> Quote:
    """Work a basket out at this moment (or at `basket.at`). `settles`: it is about to be written, so what mechanics
    count against is locked.

    Raises `Refusal`: of the basket itself (`invalid`, `not_found`), or of what is offered with it
    (`insufficient_balance`, `redeem_exceeds_limit`, `gift_card_...`, ...).
    """
    person, revision = person_of(basket.client) if basket.client is not None else (None, None)
    return _worked_out(basket, person, rulebook(revision), now, settles=settles)


def quote_by(book: Rulebook, basket: Basket, *, now: datetime) -> Quote:
    """Work a basket out by the settings of a promise and at its moment, with everybody as they are and what is left
    of the value that was there, to be written. Raises what `quote` raises.
    """
    person = person_of(basket.client)[0] if basket.client is not None else None
    return _worked_out(basket, person, book, now, is_promise=True, settles=True)


def _worked_out(
    basket: Basket,
    person: Person | None,
    book: Rulebook,
    now: datetime,
    *,
    is_promise: bool = False,
    settles: bool = False,
) -> Quote:
    scene = _scene(basket, person, book, basket.at or now)
    if is_promise:
        scene = replace(scene, lots=tuple(ledger.still_there(scene.lots, since=now)), is_promise=True)
    for mechanic in mechanics() if settles else ():
        mechanic.hold(basket, scene)
    lines = [line_of(line, number, scene) for number, line in enumerate(basket.lines, start=1)]
    steps = [mechanic.prepare(basket, scene) for mechanic in mechanics()]
    if sum(line.list for line in lines) > LARGEST_CHECK:
        raise Invalid(_("This check is too large."), field="lines")
    bill = price([_by_house(line, scene.house) for line in lines], steps)
    seen = _seen(basket, bill)
    token = token_of(Promise(seen, book.revision, now))
    return Quote(basket=basket, book=book, scene=scene, bill=bill, seen=seen, token=token)


def lock_accounts(basket: Basket) -> None:
    """Lock what the check may take from: what is within the client's reach, and what is offered; then codes."""
    offered = _offered(basket)
    if offered:
        ledger.lock(_together(basket.client, offered))
    elif basket.client is not None:
        WITHIN_REACH.lock(basket.client)
    for mechanic in mechanics():
        mechanic.lock(basket)


def _lots(basket: Basket) -> list[Stock]:
    """What is left on these accounts."""
    offered = _offered(basket)
    if offered:
        return ledger.held(_together(basket.client, offered))
    return WITHIN_REACH.held(basket.client) if basket.client is not None else []


def _offered(basket: Basket) -> list[Q]:
    """The accounts of what is offered."""
    return [part for mechanic in mechanics() if (part := mechanic.accounts(basket)) is not None]


def _together(client: int | None, offered: Sequence[Q] = ()) -> Q:
    """The client's accounts, those that others share with them, and those that are offered."""
    parts: list[QuerySet[Any, Any]] = [Account.objects.filter(one).values("pk") for one in offered]
    if client is not None:
        parts.append(Account.objects.filter(client=client).values("pk"))
        parts += [one for mechanic in mechanics() if (one := mechanic.shared_accounts(client)) is not None]
    return any_of(*parts)


WITHIN_REACH = ledger.Purse(lambda client: Account.objects.filter(_together(client)))


def _scene(basket: Basket, person: Person | None, book: Rulebook, now: datetime) -> Scene:
    place = _place(basket, book.house)
    today = book.house.day(now)
    lots = tuple(_lots(basket))
    person = with_traits(person, book, now, lots) if person is not None and book.asks_traits else person
    return Scene(
        house=book.house,
        place=place,
        person=person,
        lots=lots,
        now=now,
        rules=book.rules,
        ranks=ranks_of(person, book, today) if person is not None else frozenset(),
    )


def ranks_of(person: Person, book: Rulebook, today: date) -> frozenset[str]:
    """Names of the tiers that the client stands on."""
    return frozenset(rank for m in mechanics() for rank in m.ranks(book.rules[m.code], person, today))


def _place(basket: Basket, house: House) -> Place:
    place = house.places.get(basket.location)
    if place is None:
        raise Invalid(_("there is no open location %(code)s") % {"code": basket.location}, field="location")
    return place


LARGEST_CHECK = 10**16
"""In minor units: more would not fit where sums of checks are kept."""


class PersonRow(NamedTuple):
    """What is read of a client: a row for each tier held, or one."""

    first_name: str
    last_name: str
    language: str
    birthday: date | None
    created_at: datetime
    erased_at: datetime | None
    standing__total_spent: Money | None
    standing__visits: int | None
    standing__last_visit_at: datetime | None
    tiers__program_id: int | None
    tiers__tier_id: int | None
    tiers__tier__from_spent: Money | None
    tiers__since: date | None
    tiers__falls: list[list[Any]] | None
    tiers__extension_days: int | None
    tiers__hand_tier_id: int | None
    tiers__hand_tier__from_spent: Money | None
    tiers__hand_since: date | None
    tiers__until: date | None
    revision: UUID
    account: int


def _person_rows(client: int) -> QuerySet[Client, Any]:
    revision = Subquery(Business.objects.values("revision")[:1])
    account = Subquery(Account.objects.filter(client=OuterRef("pk"), unit=Account.Unit.BONUS).values("pk")[:1])
    people = Client.objects.filter(pk=client).annotate(revision=revision, account=account)
    return people.values_list(*PersonRow._fields)


PERSON = Compiled(_person_rows)


def person_of(client: int) -> tuple[Person, UUID]:
    """The client with standing and tiers, and the revision of the settings, in one query.

    Raises `NotFound`, `ClientErased`.
    """
    rows = [PersonRow(*row) for row in PERSON.rows(client)]
    if not rows:
        raise NotFound(_("There is no such client."), field="client")
    first = rows[0]
    if first.erased_at is not None:
        raise ClientErased(_("This client has asked to be forgotten."), field="client")
    person = Person(
        id=client,
        account=first.account,
        name=f"{first.first_name} {first.last_name}".strip(),
        language=first.language,
        birthday=first.birthday,
        created_at=first.created_at,
        total_spent=first.standing__total_spent or ZERO,
        visits=first.standing__visits or 0,
        last_visit_at=first.standing__last_visit_at,
        tiers=dict(_tiers(rows)),
    )
    return person, first.revision


def _tiers(rows: Iterable[PersonRow]) -> Iterable[tuple[int, TierHeld]]:
    for row in rows:
        program, tier, since = row.tiers__program_id, row.tiers__tier_id, row.tiers__since
        if program is not None and tier is not None and since is not None:
            yield (
                program,
                TierHeld(
                    program=program,
                    tier=tier,
                    from_spent=row.tiers__tier__from_spent or ZERO,
                    since=since,
                    falls=falls_of(row.tiers__falls or ()),
                    extension_days=row.tiers__extension_days or 0,
                    hand=_by_hand(row),
                ),
            )


def _by_hand(row: PersonRow) -> tuple[int, Money, date, date | None] | None:
    tier, since = row.tiers__hand_tier_id, row.tiers__hand_since
    if tier is None or since is None:
        return None
    return tier, row.tiers__hand_tier__from_spent or ZERO, since, row.tiers__until


def _by_house(line: Line, house: House) -> Line:
    """The line with what the house rules say of earning."""
    if not house.earns_before_discounts and house.gift_cards_earn:
        return line
    return replace(line, earns_before_discounts=house.earns_before_discounts, gift_card_earns=house.gift_cards_earn)


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
        category=service.category,
        earns=service.earns,
        accepts_bonus=service.accepts_bonus,
    )


def _seen(basket: Basket, bill: Bill) -> str:
    """The fingerprint of everything the client saw."""
    lines = [(line.code, line.terms, *_figures(line)) for line in bill.lines]
    earned = [(earning.program, int(earning.amount), earning.for_other) for earning in bill.earnings]
    # Of cards, memberships and free services also what is left on them, or lost.
    stages = ("membership", "free", "gift_card")
    told = [(n.code, int(n.amount), repr(dict(n.facts))) for n in bill.notes if n.stage in stages]
    reduced = [(n.rule, int(n.amount)) for n in bill.notes if n.stage == "discount" and n.amount]
    seen = (basket.client, basket.location, lines, earned, told, reduced)
    return sha256(repr(seen).encode()).hexdigest()[:40]


def _figures(line: Line) -> tuple[int, ...]:
    amounts = (line.list, line.membership, line.discount, line.bonus, line.gift_card, line.earned)
    return (line.number, line.quantity, line.covered, *(int(amount) for amount in amounts))
