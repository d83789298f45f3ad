"""Selling a membership: a line of a check, and a membership with its sessions once it is settled.

It begins on the day of the sale; or on a date that is said with the line (`first_day`: today, if nothing is said); or
at the first visit. One that waits for the first visit has no last day until then: what covers first begins it
(`begin`), and its days run and its validity counts from that day (`Membership.began_on`), by the plan as it is then.
Should that visit come back, it stays begun: the client has been there, and the sessions that return can be used for
the days that a refund promises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.basket import Item
from loyalty.events import Happened
from loyalty.house import House
from loyalty.ledger import Grant, Movement, Opening
from loyalty.mechanics import Good, Sale, Scene
from loyalty.models import Account, Lot
from loyalty.money import ZERO, Money
from loyalty.pricing import Line
from loyalty.reader import Reader
from loyalty.terms import valid_for
from memberships import upgrading
from memberships.covering import Use
from memberships.models import Membership, Starts
from memberships.plans import ENDLESS, PlanRule, lot_operation
from memberships.upgrading import Upgrade

KIND = "membership_plan"
FIRST_DAY = "first_day"
ITEM_KEYS = frozenset({FIRST_DAY, upgrading.KEY})
LATEST = timedelta(days=366)
"""So long before its first day a membership can be sold."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said of a line besides its plan."""

    first_day: date | None
    upgrade: int | None


@dataclass(frozen=True, slots=True)
class Offered:
    """What a line sells."""

    plan: PlanRule
    first_day: date
    upgrade: Upgrade | None


# --- what is sent ----------------------------------------------------------------------------------------------------


def read(reader: Reader, kind: str) -> Item:
    asked = Asked(_day(reader), upgrading.read(reader))
    return Item(kind=kind, code=reader.text(kind, limit=40), details=asked)


def typed(details: Mapping[str, str]) -> Mapping[str, Any]:
    """What was typed at the desk, as `read` takes it."""
    return {key: text for key, text in details.items() if key in ITEM_KEYS}


def _day(reader: Reader) -> date | None:
    raw = reader.raw.get(FIRST_DAY)
    if raw is None:
        return None
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise Invalid(_("must be a date like 2026-11-23"), field=reader.at(FIRST_DAY)) from None


def line(item: Item, number: int, scene: Scene, plans: Mapping[int, PlanRule]) -> Line:
    """The priced line of a plan. Raises `Invalid`."""
    plan = next((plan for plan in plans.values() if plan.code == item.code), None)
    path = f"lines[{number - 1}]"
    if plan is None or not plan.on_sale:
        raise Invalid(_("there is no membership %(code)s on sale") % {"code": item.code}, field=f"{path}.{KIND}")
    if scene.person is None:
        raise Invalid(_("A membership belongs to a client: say who it is."), field="client")
    asked: Asked = item.details or Asked(None, None)
    first_day = _first_day(plan, asked.first_day, scene.today, field=f"{path}.{FIRST_DAY}")
    offered = Offered(plan, first_day, _upgrade(asked, plan, scene, field=f"{path}.{upgrading.KEY}"))
    return Line(
        number=number,
        kind=KIND,
        code=plan.code,
        name=plan.name,
        quantity=1,
        price=plan.price - (offered.upgrade.credit if offered.upgrade is not None else ZERO),
        earns=scene.house.memberships_earn,
        accepts_bonus=False,
        accepts_gift_card=False,
        is_service=False,
        terms=f"{plan.terms} {first_day} {offered.upgrade.terms if offered.upgrade is not None else ''}".rstrip(),
        item=offered,
    )


def _upgrade(asked: Asked, plan: PlanRule, scene: Scene, *, field: str) -> Upgrade | None:
    return None if asked.upgrade is None else upgrading.upgrade(asked.upgrade, plan.price, scene, field=field)


def _first_day(plan: PlanRule, said: date | None, today: date, *, field: str) -> date:
    """The first day on which it can be used. Raises `Invalid` with the field."""
    if said is None:
        return today
    if plan.starts != Starts.DATE:
        raise Invalid(_("This membership does not begin on a date that is said at the sale."), field=field)
    if not today <= said <= today + LATEST:
        raise Invalid(_("must be today or later, within a year"), field=field)
    return said


def goods(plans: Mapping[int, PlanRule]) -> Sequence[Good]:
    """The plans on sale, the smallest first."""
    on_sale = sorted((plan for plan in plans.values() if plan.on_sale), key=_by_size)
    return [
        Good(
            KIND,
            plan.code,
            plan.name,
            (plan.price,),
            needs_client=True,
            hint=valid_for(days=plan.valid_days, months=plan.valid_months),
        )
        for plan in on_sale
    ]


def _by_size(plan: PlanRule) -> tuple[int, str]:
    return (plan.all_sessions or ENDLESS, plan.code)


# --- when the check settles ------------------------------------------------------------------------------------------


def openings(sale: Sale) -> Iterable[Opening]:
    if sale.scene.person is None:
        return []
    client = sale.scene.person.id
    return [Opening(_sale_of(line, sale), Account.Unit.SESSION, client) for line in _sold(sale)]


def sell(sale: Sale) -> list[Movement]:
    """Write each membership, grant its sessions."""
    lines = _sold(sale)
    if not lines:
        return []
    person = sale.scene.person
    if person is None:
        raise AssertionError("a membership was priced without a client")
    rows = [_row(line, sale, person.id) for line in lines]
    Membership.objects.bulk_create(rows)
    sale.happened.extend(_happened(row, line, sale) for row, line in zip(rows, lines, strict=True))
    return [grant for row, line in zip(rows, lines, strict=True) for grant in _grants(row, line, sale)]


def _sold(sale: Sale) -> Sequence[Line]:
    return [line for line in sale.bill.lines if line.kind == KIND]


def _sale_of(line: Line, sale: Sale) -> str:
    return sale.operation("memberships", f"sell:{line.number}")


def _row(line: Line, sale: Sale, client: int) -> Membership:
    sold: Offered = line.item
    account, at = sale.accounts[_sale_of(line, sale)], sale.scene.now
    row = new(sold.plan, account=account, client=client, first_day=sold.first_day, at=at)
    if sold.upgrade is not None:
        row.origin_id, row.credit = sold.upgrade.membership, sold.upgrade.credit
    row.paid = line.rest + row.credit
    row.session_price = Money((line.list - line.discount + row.credit) // row.sessions) if row.sessions else None
    row.sold_on_id = sale.lines[line.number]
    return row


def new(plan: PlanRule, *, account: int, client: int, first_day: date, at: datetime) -> Membership:
    """A membership of a plan, with what its holder is promised by it; not written yet."""
    waits = plan.starts == Starts.FIRST_VISIT
    return Membership(
        client_id=client,
        plan_id=plan.id,
        account_id=account,
        sessions=plan.all_sessions,
        refund=plan.refund,
        freeze_days=plan.freeze_days,
        waits=waits,
        renews=plan.renews,
        paid_until=plan.last_day(first_day) if plan.renews and not waits else None,
        created_at=at,
    )


def _grants(row: Membership, line: Line, sale: Sale) -> list[Grant]:
    plan, first_day = line.item.plan, line.item.first_day
    operation = _sale_of(line, sale)
    return grants(plan, row, operation=operation, first_day=first_day, program=plan.code, name=plan.name)


def grants(plan: PlanRule, row: Membership, *, operation: str, first_day: date, program: str, name: str) -> list[Grant]:
    """Its sessions: a lot, or one for each service that has its own count."""
    last_day = None if row.waits else plan.last_day(first_day)
    return [
        Grant(
            operation=lot_operation(operation, service),
            account=row.account_id,
            amount=amount,
            first_day=first_day,
            last_day=last_day,
            program=program,
            name=name,
        )
        for service, amount in plan.amounts().items()
    ]


def _happened(row: Membership, line: Line, sale: Sale) -> Happened:
    """`membership.sold`: `sessions` is null for any number, `last_day` for one that waits or never ends."""
    plan, first_day = line.item.plan, line.item.first_day
    last_day = None if row.waits else plan.last_day(first_day)
    facts: dict[str, Any] = {
        "membership": str(row.account_id),
        "plan": plan.code,
        "client": str(row.client_id),
        "visit": str(sale.visit),
        "line": line.number,
        "sessions": row.sessions,
        "paid": sale.scene.house.currency.text(row.paid),
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat() if last_day is not None else None,
    }
    return Happened("membership.sold", facts)


# --- the first visit -------------------------------------------------------------------------------------------------


def begin_used(uses: Sequence[Use], sale: Sale) -> None:
    """Begin what this check uses for the first time."""
    waiting = {use.held.id: use.held.plan for use in uses if use.held.waits}
    if waiting:
        scene = sale.scene
        plans = {plan.id: plan for plan in waiting.values()}
        operation = f"membership:begins:visit:{sale.visit}"
        begin(waiting, plans=plans, operation=operation, house=scene.house, by=sale.by, now=scene.now)


def begin(  # keyword-only, each is said by every caller
    memberships: Collection[int],
    *,
    plans: Mapping[int, PlanRule],
    operation: str,
    house: House,
    by: Actor,
    now: datetime,
) -> None:
    """Begin those of these memberships that wait for their first use: it is today, and the last day counts from it.

    In the caller's transaction, which holds the locks. `operation` names what used them.
    """
    waiting = list(Membership.objects.filter(pk__in=memberships, waits=True))
    if not waiting:
        return
    today = house.day(now)
    lasts = {row.pk: plans[row.plan_id].last_day(today) for row in waiting}
    for row in waiting:
        row.waits, row.began_on = False, today
        row.paid_until = lasts[row.pk] if row.renews else None
    Membership.objects.bulk_update(waiting, ["waits", "began_on", "paid_until"])
    lots = Lot.objects.filter(account__in=lasts, last_day=None).values_list("pk", "account")
    ends = [(lot, last) for lot, account in lots.order_by("pk") if (last := lasts[account]) is not None]
    with translation.override(house.language):
        note = _("begins with the first visit")
    ledger.move_ends(ends, operation=operation, note=note, at=now, by=by)
