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


@dataclass(frozen=True, slots=True)
class FreeOffer:
    """Something whose amount staff type, and for which code, where `asks_code`."""

    kind: str
    code: str
    name: str
    least: Money
    most: Money
    hint: str
    asks_code: bool

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.code}"


def free_goods(desk: Desk) -> list[FreeOffer]:
    """What is sold for any amount within bounds."""
    return [
        FreeOffer(good.kind, good.code, good.name, good.least, good.most, good.hint, good.asks_code)
        for good in _goods(desk)
        if good.least is not None and good.most is not None
    ]


def waiting(text: str, desk: Desk) -> Offer | None:
    """The very thing with this code, if it waits to be sold."""
    today = desk.house.day(desk.now)
    found = (mechanic.waiting(text, desk.house, today) for mechanic in mechanics())
    good = next((one for one in found if one is not None), None)
    if good is None:
        return None
    price = good.amounts[0]
    ref = ":".join((good.kind, good.code, desk.house.currency.text(price), good.item))
    return Offer(ref, good.name, price, good.hint)


def find(text: str, desk: Desk) -> list[Offer]:
    """What is on sale with every word of the text in its name or code; whose name begins with it comes first."""
    scanned = waiting(text, desk)
    if scanned is not None:
        return [scanned]
    words = text.casefold().split()
    everything = [*map(_offer, desk.house.services.values()), *goods(desk)]
    found = [offer for offer in everything if all(word in f"{offer.name} {offer.ref}".casefold() for word in words)]
    return sorted(found, key=lambda offer: not offer.name.casefold().startswith(text.strip().casefold()))[:FOUND]


def _offer(service: Priced) -> Offer:
    return Offer(DraftLine(SERVICE, service.code).ref, service.name, service.price, service.category)


def _goods(desk: Desk) -> Sequence[Good]:
    today = desk.house.day(desk.now)
    everything = (mechanic.goods(desk.house, desk.book.rules.get(mechanic.code)) for mechanic in mechanics())
    return [good for goods in everything for good in goods if good.until is None or good.until >= today]


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
