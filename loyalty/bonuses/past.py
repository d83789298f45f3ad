"""What a client has had before, as far as the programs that may act on this check ask: at most two queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from loyalty.basket import Basket, BasketLine
from loyalty.bonuses.program import Occasion, Trigger
from loyalty.mechanics import Person, Scene
from loyalty.models import Entry, Refund, Visit
from loyalty.money import ZERO, Money, total

MECHANIC = "occasions"


@dataclass(frozen=True, slots=True)
class Past:
    """Whether an earlier visit was paid, and which programs have given the client something for a check."""

    has_paid: bool = False
    given: frozenset[str] = frozenset()
    """For a visit that has not wholly come back."""


def past_of(occasions: Collection[Occasion], person: Person) -> Past:
    """What these programs ask. No query for a newcomer, and none where no program asks."""
    asks_paid = any(one.trigger == Trigger.FIRST_CHECK for one in occasions) and person.visits > 0
    asking = [one.code for one in occasions if _asks_given(one, person)]
    return Past(
        has_paid=asks_paid and _has_paid(person),
        given=frozenset(_given(asking, person)) if asking else frozenset(),
    )


def could_be_due(occasion: Occasion, basket: Basket, scene: Scene) -> bool:
    """Whether this check may be the one, as far as it can be told before it is priced."""
    person = scene.person
    assert person is not None
    if occasion.trigger == Trigger.NTH_VISIT:
        return person.visits + 1 == occasion.nth
    if occasion.trigger == Trigger.SPENT:
        most, reaches = most_spent(basket, scene), occasion.reaches or ZERO
        return person.total_spent < reaches and (most is None or person.total_spent + most >= reaches)
    return True


def most_spent(basket: Basket, scene: Scene) -> Money | None:
    """What total spent grows by at most: the list prices. None where something is sold whose price is not known yet."""
    if any(line.item is not None for line in basket.lines):
        return None
    return total(_list_price(line, scene) for line in basket.lines)


def _list_price(line: BasketLine, scene: Scene) -> Money:
    service = scene.house.services.get(line.service)
    price = line.price if line.price is not None else service.price if service is not None else ZERO
    return price.times(line.quantity)


def _asks_given(occasion: Occasion, person: Person) -> bool:
    """With an earlier visit refunded, a later one would be the Nth for the second time; a sum is passed twice."""
    return occasion.trigger == Trigger.SPENT or (occasion.trigger == Trigger.NTH_VISIT and person.visits > 0)


def _has_paid(person: Person) -> bool:
    """As the referral program says what a paid visit is: a check with a service on it, and a base to earn on."""
    visits = Visit.objects.filter(client=person.id, is_visit=True, base__gt=0)
    return visits.exclude(refunds__is_whole=True).exists()


def _given(codes: Collection[str], person: Person) -> Iterable[str]:
    """Those of these programs that gave something for a visit that counts."""
    gone = Exists(Refund.objects.filter(visit=OuterRef("visit"), is_whole=True))
    grants = Entry.objects.filter(
        account=person.account, kind=Entry.Kind.GRANT, visit__isnull=False, lot__program__in=codes
    )
    mine = grants.filter(~gone, operation__contains=f":{MECHANIC}:")
    return (code for code in mine.values_list("lot__program", flat=True) if code is not None)
