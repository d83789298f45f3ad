"""The business as the rules see it: plain values, loaded once and kept while nothing that is configured changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from clients.models import Business, Location
from clients.refusals import Refusal
from loyalty.audience import Gap, Segment, Visitor
from loyalty.events import listened_to
from loyalty.models import HouseRules, Service
from loyalty.models import Segment as SegmentRow
from loyalty.money import Currency, Money
from loyalty.rfm import Scale


class NotSetUp(Refusal):
    """There is no business yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A location."""

    id: int
    code: str
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Priced:
    """A service on the price list."""

    id: int
    code: str
    name: str
    category: str
    price: Money
    earns: bool
    accepts_bonus: bool


USUAL = Scale()


@dataclass(frozen=True, slots=True)
class House:
    """The business, its rules, its open locations and what is on sale, by code."""

    name: str
    currency: Currency
    zone: ZoneInfo
    language: str
    bonus_step: Money
    bonus_limit_percent: Decimal
    refund_min_days: int
    allow_debt: bool
    earns_before_discounts: bool
    gift_cards_earn: bool
    memberships_earn: bool
    desk_refund_hours: int
    manager_refund_days: int | None
    places: Mapping[str, Place]
    services: Mapping[str, Priced]
    segments: Mapping[int, Segment]
    scale: Scale = USUAL
    """Where the classes by recency, frequency and money begin."""
    listens: frozenset[str] = frozenset()
    """Names of events that somebody wants to hear (`loyalty.events`)."""

    def day(self, at: datetime) -> date:
        """The date of this moment in the business's zone: expiry and birthdays go by it."""
        return at.astimezone(self.zone).date()

    def gaps(self, segment: int | None, visitor: Visitor | None, today: date, ranks: frozenset[str]) -> tuple[Gap, ...]:
        """What keeps a client out of a segment; nothing keeps anybody out of none. Nobody is in one that is off."""
        if segment is None:
            return ()
        known = self.segments.get(segment)
        if known is None:
            return (Gap("off"),)
        return (Gap("nobody"),) if visitor is None else known.gaps(visitor, today, self.zone, ranks)


SCALE = "business__rfm_scale"


def load_house() -> House:
    """Read the house from the database, in four queries. Raises `NotSetUp`."""
    places = list(Location.objects.filter(enabled=True).select_related("business__house_rules", SCALE))
    rules = places[0].business.house_rules if places else HouseRules.objects.select_related(SCALE).first()
    if rules is None:
        raise NotSetUp(_("The business is not set up yet: choose a preset on the first page of the admin."))
    business = rules.business
    scale = Scale.of(getattr(business, "rfm_scale", None))
    return House(
        name=business.name,
        currency=Currency.of(business.currency),
        zone=business.zone,
        language=business.language,
        bonus_step=rules.bonus_step,
        bonus_limit_percent=rules.bonus_limit_percent,
        refund_min_days=rules.refund_min_days,
        allow_debt=rules.allow_debt,
        earns_before_discounts=rules.earns_before_discounts,
        gift_cards_earn=rules.gift_cards_earn,
        memberships_earn=rules.memberships_earn,
        desk_refund_hours=rules.desk_refund_hours,
        manager_refund_days=rules.manager_refund_days,
        places={row.code: _place(row, business) for row in places},
        services={service.code: service for service in _services()},
        segments={row.pk: segment_of(row, scale) for row in SegmentRow.objects.filter(enabled=True)},
        scale=scale,
        listens=listened_to(),
    )


def _place(row: Location, business: Business) -> Place:
    return Place(id=row.pk, code=row.code, name=row.name, zone=ZoneInfo(row.timezone or business.timezone))


def _services() -> list[Priced]:
    return [
        Priced(
            id=row.pk,
            code=row.code,
            name=row.name,
            category=row.category,
            price=row.price,
            earns=row.earns,
            accepts_bonus=row.accepts_bonus,
        )
        for row in Service.objects.filter(enabled=True)
    ]


def segment_of(row: SegmentRow, scale: Scale) -> Segment:
    """A stored segment as the rules see it."""
    return Segment(
        id=row.pk,
        code=row.code,
        name=row.name,
        is_static=row.is_static,
        visits_min=row.visits_min,
        visits_max=row.visits_max,
        spent_min=row.spent_min,
        spent_max=row.spent_max,
        balance_min=row.balance_min,
        last_visit_days_max=row.last_visit_days_max,
        last_visit_days_min=row.last_visit_days_min,
        tier=row.tier,
        birthday_month=row.birthday_month,
        tag=row.tag,
        location=row.location_id,
        service=row.service,
        rfm=row.rfm,
        scale=scale if row.rfm else None,
        further=tuple(sorted(row.further.items())),
    )
