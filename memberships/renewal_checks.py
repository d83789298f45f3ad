"""The next period of a subscription on a check: a line `{"membership_renewal": id}`, paid like a membership.

It costs what its `Renewal` says, or what the plan costs now where nothing is due yet; bonuses and gift cards do not
pay it, and it earns as memberships do. Settling it marks the renewal paid and grants the sessions of the period, by the
plan as it is now, as lots of that period's days: pending where it was paid early. A check has one such line: each
period is a check of its own, with whatever else is bought.

It comes back as a sold membership does, by the formula that the membership was sold with: whole while nothing of it was
used, and only the last one that was paid. The renewal is to be paid again then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, NotFound
from loyalty.basket import Basket, Item
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.ledger import Grant, Movement
from loyalty.mechanics import Holdings, Mechanic, Panel, Reversal, Sale, Scene
from loyalty.models import VisitLine
from loyalty.money import Money
from loyalty.pricing import Idle, Line, Step
from loyalty.reader import Reader
from memberships import changes, renewal_returns, subscribers
from memberships.models import Change, Membership, Renewal
from memberships.plans import PlanRule, lot_operation
from memberships.renewal_returns import CODE, granted_by
from memberships.renewing import subscription_of
from memberships.subscriptions import Row, State

KIND = "membership_renewal"


@dataclass(frozen=True, slots=True)
class Bought:
    """A period on a check."""

    membership: int
    plan: str
    name: str
    period: Row
    counts: tuple[tuple[int | None, Money], ...]
    """(Service or None for all that it covers, sessions) of each lot."""


class Renewals(Mechanic):
    """Sells the next period of a subscription."""

    code = CODE
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {KIND: frozenset()}
    explanations: ClassVar[Mapping[str, Any]] = renewal_returns.EXPLANATIONS

    def read_item(self, reader: Reader, kind: str) -> Item:
        """The id, as text or as a number. Raises `Invalid`."""
        said = reader.raw.get(kind)
        text = str(said) if isinstance(said, int | str) and not isinstance(said, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Invalid(_("must be the id of a membership"), field=reader.at(kind))
        return Item(kind=kind, code=str(int(text)))

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        field = f"lines[{number - 1}].{KIND}"
        if scene.person is None:
            raise Invalid(_("A membership belongs to a client: say who it is."), field="client")
        bought = _bought(int(item.code), scene, field)
        period = bought.period
        return Line(
            number=number,
            kind=KIND,
            code=bought.plan,
            name=_("%(name)s until %(day)s") % {"name": bought.name, "day": show_day(period.last_day)},
            quantity=1,
            price=period.price,
            earns=scene.house.memberships_earn,
            accepts_bonus=False,
            accepts_gift_card=False,
            is_service=False,
            terms=f"{bought.membership} {period.number} {period.first_day} {period.last_day} {bought.counts}",
            item=bought,
        )

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        """Only looks that there is one. Raises `Invalid`."""
        at = [i for i, line in enumerate(basket.lines) if line.item is not None and line.item.kind == KIND]
        if len(at) > 1:
            raise Invalid(_("One period is paid on a check: make another check."), field=f"lines[{at[1]}].{KIND}")
        return Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        sold = next((line for line in sale.bill.lines if line.kind == KIND), None)
        return _pay(sold.item, sold, sale) if sold is not None else ()

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        return renewal_returns.share(line, house.day(now)) if line.kind == KIND else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        sold = next((back for back in reversal.lines if back.line.kind == KIND), None)
        return renewal_returns.take_back(sold, reversal) if sold is not None else ()

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """What can be paid, for the desk; how it goes on, for the client; `subscriptions` of the balance."""
        held = subscribers.held_by(client, house, now)
        if not held:
            return None
        shown = {"subscriptions": held}
        return Holdings(
            balance={"subscriptions": [one.facts() for one in held if one.paid_until is not None]},
            portal=(Panel("memberships/subscription_portal.html", shown),),
            desk=(Panel("memberships/subscription_desk.html", shown),),
        )


# --- paying for it ---------------------------------------------------------------------------------------------------


def _bought(pk: int, scene: Scene, field: str) -> Bought:
    """The period that can be paid now. Raises `NotFound` for another's membership, and `Refusal`."""
    assert scene.person is not None
    membership = Membership.objects.select_related("plan").filter(pk=pk, client=scene.person.id).first()
    plan: PlanRule | None = scene.rules["memberships"].get(membership.plan_id) if membership is not None else None
    if membership is None or plan is None:
        raise NotFound(_("This client has no such membership."), field=field)
    one = replace(subscription_of(membership, scene.house), price=plan.price)
    return Bought(pk, plan.code, plan.name, one.payable(scene.today), tuple(plan.amounts().items()))


def _pay(bought: Bought, line: Line, sale: Sale) -> list[Movement]:
    """Mark it paid, move the end of what is paid, grant its sessions. The client's accounts are locked."""
    period, now = bought.period, sale.scene.now
    paid = {
        "first_day": period.first_day,
        "last_day": period.last_day,
        "pay_by": period.pay_by,
        "price": period.price,
        "state": State.PAID,
        "line_id": sale.lines[line.number],
        "changed_at": now,
    }
    Renewal.objects.update_or_create(
        membership_id=bought.membership,
        number=period.number,
        defaults=paid,
        create_defaults={**paid, "made_at": now},
    )
    _go_on(bought, sale)
    return [_granted(bought, service, sessions, sale) for service, sessions in bought.counts]


def _go_on(bought: Bought, sale: Sale) -> None:
    rows: QuerySet[Membership] = Membership.objects.filter(pk=bought.membership)
    was_suspended = rows.filter(suspended_at__isnull=False).exists()
    rows.update(paid_until=bought.period.last_day, suspended_at=None)
    if was_suspended:
        facts = {"number": bought.period.number, "first_day": bought.period.first_day.isoformat(), "resumed": True}
        operation = sale.operation(CODE, f"resumed:{bought.membership}")
        _changed(bought.membership, facts, operation, sale.by, sale.scene.now)


def _changed(membership: int, facts: Mapping[str, Any], operation: str, by: Actor, now: datetime) -> None:
    row = Membership(pk=membership)
    changes.write(row, Change.Kind.RENEWED, key=operation, by=by, now=now, facts=facts)


def _granted(bought: Bought, service: int | None, sessions: Money, sale: Sale) -> Grant:
    return Grant(
        operation=lot_operation(granted_by(sale.visit, bought.membership), service),
        account=bought.membership,
        amount=sessions,
        first_day=bought.period.first_day,
        last_day=bought.period.last_day,
        program=bought.plan,
        name=bought.name,
    )
