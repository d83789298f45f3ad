"""What the desk can put on a check: the price list, what mechanics sell, and what this location sells most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Sum

from loyalty.desk.access import Desk
from loyalty.desk.draft import SERVICE, DraftLine
from loyalty.house import Priced
from loyalty.mechanics import Good, mechanics
from loyalty.models import VisitLine
from loyalty.money import Money

FAVOURITES = 6
FAVOURITES_DAYS = 90
FAVOURITES_KEPT = 600  # seconds
FOUND = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to add with one click. `ref` names it in the form."""

    ref: str
    name: str
    price: Money
    hint: str = ""
    needs_client: bool = False


def favourites(desk: Desk) -> list[Offer]:
    """What this location sells most; the first of the price list until it has sold anything."""
    key = f"desk:favourites:{desk.place.id}:{desk.book.revision}"
    codes = cache.get(key)
    if codes is None:
        codes = _most_sold(desk)
        cache.set(key, codes, FAVOURITES_KEPT)
    services = desk.house.services
    chosen = [code for code in codes if code in services] + [code for code in services if code not in codes]
    return [_offer(services[code]) for code in chosen[:FAVOURITES]]


def _most_sold(desk: Desk) -> list[str]:
    since = desk.now - timedelta(days=FAVOURITES_DAYS)
    sold = VisitLine.objects.filter(visit__location=desk.place.id, visit__at__gte=since, kind=SERVICE)
    return list(
        sold.values_list("code")
        .annotate(units=Sum("quantity"))
        .order_by("-units", "code")[:FAVOURITES]
        .values_list("code", flat=True)
    )


def goods(desk: Desk) -> list[Offer]:
    """Gift cards and memberships, each at each of its prices."""
    return [offer for good in _goods(desk) for offer in _offers(good, desk)]


def find(text: str, desk: Desk) -> list[Offer]:
    """What is on sale with every word of the text in its name or code; whose name begins with it comes first."""
    words = text.casefold().split()
    everything = [*map(_offer, desk.house.services.values()), *goods(desk)]
    found = [offer for offer in everything if all(word in f"{offer.name} {offer.ref}".casefold() for word in words)]
    return sorted(found, key=lambda offer: not offer.name.casefold().startswith(text.strip().casefold()))[:FOUND]


def _offer(service: Priced) -> Offer:
    return Offer(DraftLine(SERVICE, service.code).ref, service.name, service.price, service.category)


def _goods(desk: Desk) -> Sequence[Good]:
    return [good for mechanic in mechanics() for good in mechanic.goods(desk.house, desk.book.rules.get(mechanic.code))]


def _offers(good: Good, desk: Desk) -> list[Offer]:
    several = len(good.amounts) > 1 or "amount" in _keys(good.kind)
    return [
        Offer(
            DraftLine(good.kind, good.code, desk.house.currency.text(price) if several else "").ref,
            good.name,
            price,
            good.hint,
            good.needs_client,
        )
        for price in good.amounts
    ]


def _keys(kind: str) -> frozenset[str]:
    """The other keys that a line of this kind may have."""
    return next((mechanic.item_keys[kind] for mechanic in mechanics() if kind in mechanic.item_keys), frozenset())
