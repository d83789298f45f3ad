"""What clients hold: the state of a membership on a day, with all that a client or the desk wants to know of it.

Memberships are asked about many at once, and cost the same number of queries however many they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Client
from loyalty.admin.sentences_check_rules import hours_of
from loyalty.house import House
from loyalty.mechanics import Holdings, Panel
from loyalty.models import Lot, Service
from memberships.freezing import Rest, frozen_on
from memberships.models import Membership, MembershipPerson, Plan
from memberships.plans import service_of


class Status(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    """It rests, until somebody comes with it."""
    PENDING = "pending"
    """It has not begun."""
    SUSPENDED = "suspended"
    """The last period was not paid."""
    USED_UP = "used_up"
    ENDED = "ended"
    VOID = "void"


HELD = (Status.ACTIVE, Status.FROZEN, Status.PENDING, Status.SUSPENDED)
"""What a client has."""
GONE = (Status.USED_UP, Status.ENDED)
MOST_GONE = 3


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one count. `service`: its code; "" and no name: all that the plan covers."""

    service: str
    name: str
    sessions: int
    remaining: int


@dataclass(frozen=True, slots=True)
class MembershipState:
    """A membership on a day. `remaining` counts the sessions that can be used; None where it is any number."""

    id: int
    plan: str
    name: str
    client: int
    sessions: int | None
    remaining: int | None
    first_day: date
    last_day: date | None
    status: Status
    waits: bool = False
    """It begins at the first visit."""
    counts: tuple[Left, ...] = ()
    """Where each service has its own."""
    frozen_until: date | None = None
    """The last day on which it rests, while it does."""
    is_renewed: bool = False
    is_shared: bool = False
    """More people than its holder may use it."""
    is_unnamed: bool = False
    """Whoever comes with it may; the desk chooses it."""
    people: tuple[tuple[int, str], ...] = ()
    """Id and name of those who are named besides the holder."""
    limits: tuple[str, ...] = ()
    """Where, when and how often a day it is for, in sentences."""

    @property
    def is_endless(self) -> bool:
        return self.remaining is None

    def facts(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": str(self.id),
            "plan": self.plan,
            "name": self.name,
            "remaining": self.remaining,
            "sessions": self.sessions,
            "counts": [
                {"service": one.service, "remaining": one.remaining, "sessions": one.sessions} for one in self.counts
            ],
            "first_day": self.first_day,
            "last_day": self.last_day,
            "status": str(self.status),
            "waits": self.waits,
            "frozen_until": self.frozen_until,
            "people": [str(client) for client, _name in self.people],
        }


# --- reading ---------------------------------------------------------------------------------------------------------


def memberships_of(client: Client, house: House, now: datetime) -> list[MembershipState]:
    """All that the client ever had, newest first."""
    return _states(Q(account__membership__client=client), house, now)


def shared_with(client: Client, house: House, now: datetime) -> list[MembershipState]:
    """Those of others that the client may use, newest first."""
    return _states(Q(account__membership__people__client=client), house, now)


def membership_state(membership: Membership, house: House, now: datetime) -> MembershipState:
    """This membership today."""
    return _states(Q(account__membership=membership), house, now)[0]


def states_of(memberships: Iterable[Membership], house: House, now: datetime) -> list[MembershipState]:
    """These memberships today, newest first."""
    return _states(Q(account__membership__in=list(memberships)), house, now)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of many memberships besides their lots."""

    house: House
    today: date
    rests: Mapping[int, Rest]
    people: Mapping[int, Sequence[tuple[int, str]]]
    services: Mapping[int, tuple[str, str]]
    """Id → code and name, of services that have their own counts."""


def _states(which: Q, house: House, now: datetime) -> list[MembershipState]:
    """At most four queries."""
    rows = Lot.objects.filter(which).select_related("account__membership__plan")
    lots = list(rows.order_by("-account__membership__pk", "pk"))
    memberships = {lot.account.membership.pk: lot.account.membership for lot in lots}
    counted = {service for lot in lots if (service := _service_of(lot)) is not None}
    services = Service.objects.filter(pk__in=counted).values_list("pk", "code", "name") if counted else ()
    today = house.day(now)
    known = _Known(
        house=house,
        today=today,
        rests=frozen_on([pk for pk, one in memberships.items() if one.freeze_days], today),
        people=_people([pk for pk, one in memberships.items() if one.plan.people > 1]),
        services={pk: (code, name) for pk, code, name in services},
    )
    by_membership = groupby(lots, key=lambda lot: lot.account_id)
    return [_state(memberships[pk], list(its_lots), known) for pk, its_lots in by_membership]


def _service_of(lot: Lot) -> int | None:
    return service_of(lot.operation, lot.account.operation)


def _people(memberships: Sequence[int]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Membership → who is named on it. One query, none for none."""
    found: dict[int, list[tuple[int, str]]] = {}
    rows = MembershipPerson.objects.filter(membership__in=memberships).select_related("client").order_by("pk")
    for row in rows if memberships else ():
        found.setdefault(row.membership_id, []).append((row.client_id, str(row.client)))
    return found


def _state(membership: Membership, lots: Sequence[Lot], known: _Known) -> MembershipState:
    plan, today = membership.plan, known.today
    living = [lot for lot in lots if lot.last_day is None or lot.last_day >= today]
    begun = [lot for lot in living if lot.first_day <= today]
    status = _status(membership, living, begun, is_frozen=membership.pk in known.rests)
    shown = begun or living or lots
    usable = shown if status in HELD else []
    rest = known.rests.get(membership.pk) if status is Status.FROZEN else None
    is_endless = membership.sessions is None
    return MembershipState(
        id=membership.pk,
        plan=plan.code,
        name=plan.name,
        client=membership.client_id,
        sessions=membership.sessions,
        remaining=None if is_endless and status in HELD else sum(int(lot.remaining) for lot in usable),
        first_day=min(membership.runs_from(lot.first_day) for lot in shown),
        last_day=_last_day(shown),
        status=status,
        waits=membership.waits,
        counts=tuple(_left(lot, of, usable, known) for lot in shown if (of := _service_of(lot)) is not None),
        frozen_until=rest.last_day if rest is not None else None,
        is_renewed=membership.renews,
        is_shared=plan.people > 1 or plan.unnamed,
        is_unnamed=plan.unnamed,
        people=tuple(known.people.get(membership.pk, ())),
        limits=tuple(limits(plan, known.house)),
    )


def _status(membership: Membership, living: Sequence[Lot], begun: Sequence[Lot], *, is_frozen: bool) -> Status:
    if membership.voided_at is not None:
        return Status.VOID
    if membership.suspended_at is not None:
        return Status.SUSPENDED
    if not living:
        return Status.ENDED
    if not any(lot.remaining for lot in living):
        return Status.USED_UP
    if not begun:
        return Status.PENDING
    return Status.FROZEN if is_frozen else Status.ACTIVE


def _last_day(lots: Sequence[Lot]) -> date | None:
    ends = [lot.last_day for lot in lots if lot.last_day is not None]
    return max(ends) if len(ends) == len(lots) else None


def _left(lot: Lot, service: int, usable: Sequence[Lot], known: _Known) -> Left:
    code, name = known.services.get(service, ("", ""))
    return Left(code, name, int(lot.amount), int(lot.remaining) if lot in usable else 0)


def limits(plan: Plan, house: House) -> list[str]:
    """Where, when and how often a day it is for: what a client must know before coming."""
    said = []
    if plan.locations:
        places = ", ".join(place.name for code, place in house.places.items() if code in plan.locations)
        said.append(_("Only at: %(places)s.") % {"places": places or "—"})
    if hours := hours_of(plan):
        said.append(_("Only at these hours: %(hours)s.") % {"hours": hours})
    if plan.per_day is not None:
        text = ngettext("At most %(count)d session a day.", "At most %(count)d sessions a day.", plan.per_day)
        said.append(text % {"count": plan.per_day})
    return said


# --- the balance page and the desk -----------------------------------------------------------------------------------


def holdings(client: Client, house: House, now: datetime) -> Holdings:
    """What the client has, and may use of others; on the pages also the last ones that ended or were used up."""
    everything = memberships_of(client, house, now)
    current = [state for state in everything if state.status in HELD]
    gone = [state for state in everything if state.status in GONE][:MOST_GONE]
    shared = [state for state in shared_with(client, house, now) if state.status in HELD]
    shown = {"memberships": current, "shared": shared, "past": gone}
    is_there = current or gone or shared
    return Holdings(
        balance={"memberships": [state.facts() for state in current]},
        portal=(Panel("memberships/portal.html", shown),) if is_there else (),
        desk=(Panel("memberships/desk.html", shown),) if is_there else (),
    )
