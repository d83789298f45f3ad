"""Subscriptions of a client as they are shown: paid until when, what comes next and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from clients.models import Client
from loyalty.house import House
from loyalty.money import Money
from memberships.models import Membership
from memberships.renewing import subscriptions_of
from memberships.subscriptions import NotToRenew, Row, State


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription on a day. `next`: the period that can be paid now; `is_due`: whether it should be."""

    id: int
    plan: str
    name: str
    renews: bool
    paid_until: date | None
    """None: it begins at the first visit, which has not been."""
    is_suspended: bool
    is_over: bool
    next: Row | None
    is_due: bool
    price_text: str

    @property
    def pays_until(self) -> date | None:
        """To the end of what day the next period can be paid as if in time, of one that is due."""
        return self.next.pay_by if self.next is not None and self.is_due else None

    @property
    def price(self) -> Money | None:
        return self.next.price if self.next is not None else None

    @property
    def ref(self) -> str:
        """How the form of the desk names the line that pays for it."""
        return f"membership_renewal:{self.id}"

    def facts(self) -> dict[str, Any]:
        """As the API tells it."""
        one = self.next
        coming = (
            {
                "number": one.number,
                "first_day": one.first_day.isoformat(),
                "last_day": one.last_day.isoformat(),
                "price": self.price_text,
            }
            if one is not None
            else None
        )
        return {
            "id": str(self.id),
            "plan": self.plan,
            "name": self.name,
            "renews": self.renews,
            "paid_until": self.paid_until.isoformat() if self.paid_until is not None else None,
            "is_suspended": self.is_suspended,
            "is_due": self.is_due,
            "next": coming,
        }


def held_by(client: Client, house: House, now: datetime) -> list[Held]:
    """Those that run, wait for their payment or their first visit, or are suspended; not what was ended and is over.
    Three queries.
    """
    today = house.day(now)
    rows = Membership.objects.filter(client=client, voided_at=None)
    rows = rows.filter(Q(renews=True) | Q(paid_until__gte=today)).select_related("plan")
    return _states(list(rows), house, today)


def held(membership: Membership, house: House, now: datetime) -> Held | None:
    """This one; None if it is no subscription."""
    return next(iter(_states([membership], house, house.day(now))), None)


def _states(memberships: list[Membership], house: House, today: date) -> list[Held]:
    known = subscriptions_of(memberships, house)
    found = []
    for membership in memberships:
        if membership.waits and membership.renews:
            found.append(waiting(membership))
        one = known.get(membership.pk)
        if one is None:
            continue
        try:
            coming = one.payable(today)
        except NotToRenew:
            coming = None
        is_missed = one.renews and one.is_missed(today)
        open_row = one.row is not None and one.row.state in (State.DUE, State.MISSED)
        found.append(
            Held(
                id=membership.pk,
                plan=membership.plan.code,
                name=membership.plan.name,
                renews=one.renews,
                paid_until=one.paid_until,
                is_suspended=is_missed,
                is_over=one.paid_until < today,
                next=coming,
                is_due=coming is not None and (open_row or one.paid_until < today),
                price_text=house.currency.text(coming.price) if coming is not None else "",
            )
        )
    return found


def waiting(membership: Membership) -> Held:
    """One that begins at the first visit: there is nothing to pay yet."""
    return Held(
        id=membership.pk,
        plan=membership.plan.code,
        name=membership.plan.name,
        renews=membership.renews,
        paid_until=None,
        is_suspended=False,
        is_over=False,
        next=None,
        is_due=False,
        price_text="",
    )
