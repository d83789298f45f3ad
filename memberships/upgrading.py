"""An upgrade: another membership is bought, and the unused part of what was paid for the earlier one is taken off.

The line of the check names it (`upgrade`). What is credited is the part of what was paid for its period
(`memberships.paid_periods`) that was not used, at most the price of the new plan. As the check settles the earlier one
is void: it gives up the sessions that are left. If it was used at another till meanwhile, the line comes to something
else, and the check is asked for again. What was paid for the new one is the money and the credit (`Membership.credit`
of it).

Returned while nothing of it was used, the new one makes the earlier one stand again, with the sessions it had given up;
in money no more comes back than was paid.

    5 sessions for 90.00, 2 used: 3/5 of it, 54.00. 10 sessions for 160.00 cost 106.00 then.
    All 10 returned: 106.00, and the earlier one has its 3 sessions again. 3 used, the rest returned: 7/10 of 160.00 is
    112.00, of which 106.00 was money.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Invalid, Refusal
from loyalty.basket import Basket
from loyalty.ledger import Kind, Movement, spend
from loyalty.mechanics import Reversal, Sale, Scene
from loyalty.models import Lot
from loyalty.money import ZERO, Money
from loyalty.pricing import Bill, Idle, Line, Note, Step
from loyalty.reader import Reader
from memberships import changes
from memberships.covering import Bar, Covering
from memberships.models import Change, Membership, Renewal
from memberships.paid_periods import period_of
from memberships.transferring import refuse_frozen
from memberships.unused import Unused

KEY, RENEWAL = "upgrade", "membership_renewal"
NAME = "memberships"
EXPLANATIONS: Mapping[str, Any] = {
    "membership.credited": gettext_lazy(
        "Changed from “%(old)s”: %(part)s of %(whole)s not used, so %(amount)s of what was paid for it is credited."
        " “%(name)s” costs %(price)s without that."
    ),
    "membership.credited_over": gettext_lazy(
        "Changed from “%(old)s”: %(part)s of %(whole)s not used, so %(amount)s of what was paid for it is credited: no"
        " more than “%(name)s” costs. %(over)s is not paid back."
    ),
    "membership.old_stands_again": gettext_lazy(
        "“%(name)s”, which it had been changed from, stands again with what was left of it."
    ),
}


class NotUpgradable(Refusal):
    """There is nothing to credit of the membership that was named."""

    code = "membership_not_upgradable"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an earlier membership is credited with. `worth`: its unused part, also what is over the new price."""

    membership: int
    name: str
    part: Unused
    worth: Money
    price: Money
    """Of the new plan, before it."""
    is_sold: bool
    """It is of what was paid at the sale, not for a later period."""

    @property
    def credit(self) -> Money:
        return min(self.worth, self.price)

    @property
    def terms(self) -> str:
        """What the client saw of it: another figure, another check."""
        return f"{KEY} {self.membership} {self.part.part}/{self.part.whole} {int(self.worth)}"


# --- what is sent ----------------------------------------------------------------------------------------------------


def read(reader: Reader) -> int | None:
    """`upgrade`: the id of a membership of the same client. Raises `Invalid`."""
    value = reader.raw.get(KEY)
    if value is None:
        return None
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(_("must be the id of a membership"), field=reader.at(KEY))
    return int(text)


def upgrade(membership: int, price: Money, scene: Scene, *, field: str) -> Upgrade:
    """What this membership of the client is credited with. Raises `NotUpgradable`, `CannotChange` with the field."""
    row = Membership.objects.select_related("plan").filter(pk=membership).first()
    if row is None or scene.person is None or row.client_id != scene.person.id:
        raise NotUpgradable(_("This client has no such membership."), field=field)
    return worth(row, price, scene.today, field=field)


def worth(row: Membership, price: Money, today: date, *, field: str = "") -> Upgrade:
    """The same, of a membership that is there."""
    try:
        lots = changes.running(row, today)
        refuse_frozen(row, today)
        period = period_of(row, lots, today)
    except Refusal as refusal:
        refusal.field = field
        raise
    amount = period.unused.of(period.paid)
    if not amount:
        raise NotUpgradable(_("Nothing of “%(name)s” can be credited.") % {"name": row.plan.name}, field=field)
    return Upgrade(row.pk, row.plan.name, period.unused, amount, price, period.is_sold)


def step(inner: Step, basket: Basket) -> Step:
    """Tells of what is credited, after what memberships cover. Raises `Invalid` for one that is named twice."""
    named = [line.item.details.upgrade for line in basket.lines if line.item is not None and _is_upgrade(line.item)]
    if len(set(named)) < len(named):
        raise Invalid(_("A membership is named twice."), field="lines")
    _refuse_renewed(basket, named)
    return Crediting(_without(inner, named)) if named else inner


def _without(inner: Step, named: Collection[int]) -> Step:
    """What is changed covers nothing on the same check: its sessions are credited, all that are left."""
    if not isinstance(inner, Covering):
        return inner
    bar = Bar("being_changed")
    return replace(inner, held=tuple(replace(one, bar=bar) if one.id in named else one for one in inner.held))


def _refuse_renewed(basket: Basket, named: Collection[int]) -> None:
    """Raises `Invalid` for a period that is paid of what is void with this check."""
    for i, line in enumerate(basket.lines):
        if line.item is not None and line.item.kind == RENEWAL and int(line.item.code) in named:
            message = _("This membership is being changed on this check: its next period cannot be paid.")
            raise Invalid(message, field=f"lines[{i}].{RENEWAL}")


def _is_upgrade(item: Any) -> bool:
    return getattr(item.details, KEY, None) is not None


@dataclass(frozen=True, slots=True)
class Crediting(Idle):
    """The step of memberships on a check that upgrades one."""

    inner: Step

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        return self.inner.apply(bill, steps).noted(*(_note(line) for line in upgrades(bill)))


def upgrades(bill: Bill) -> list[Line]:
    """The lines that upgrade something."""
    return [line for line in bill.lines if getattr(line.item, KEY, None) is not None]


def _note(line: Line) -> Note:
    one: Upgrade = line.item.upgrade
    facts = {"old": one.name, "part": one.part.part, "whole": one.part.whole, "name": line.name, "price": one.price}
    if one.worth > one.credit:
        over: dict[str, Any] = {**facts, "over": one.worth - one.credit}
        return Note("membership", line.code, "membership.credited_over", one.credit, over)
    return Note("membership", line.code, "membership.credited", one.credit, facts)


# --- when the check settles ------------------------------------------------------------------------------------------


def give_up(sale: Sale) -> list[Movement]:
    """Void what is upgraded on this check, whose accounts are locked; what is left of it is taken."""
    movements: list[Movement] = []
    for line in upgrades(sale.bill):
        one: Upgrade = line.item.upgrade
        row = Membership.objects.select_related("plan").get(pk=one.membership)
        lots = changes.running(row, sale.scene.today)
        key = sale.operation(NAME, f"{KEY}:{line.number}")
        movements += [spend(lot, lot.remaining, key, Kind.TAKE_BACK) for lot in lots if lot.remaining]
        part, worth = (one.part.part, one.worth) if one.is_sold else (0, ZERO)
        facts = {"plan": line.code, "visit": sale.visit, "credit": int(one.credit), "worth": int(worth)}
        facts |= {"title": line.name, "part": part, "sessions": row.sessions is not None, "renews": row.renews}
        changes.write(row, Change.Kind.UPGRADED, key=key, by=sale.by, now=sale.scene.now, facts=facts)
        row.voided_at, row.renews = sale.scene.now, False
        row.paid -= worth
        row.sessions = row.sessions - part if row.sessions is not None else None
        row.save(update_fields=["voided_at", "renews", "paid", "sessions"])
        due = Renewal.objects.filter(membership=row, state=Renewal.State.DUE)
        due.update(state=Renewal.State.CANCELLED, changed_at=sale.scene.now)
    return movements


# --- coming back -----------------------------------------------------------------------------------------------------


def stand_again(reversal: Reversal, new: Membership, line: int) -> list[Movement]:
    """Give the earlier membership what it had given up, if nothing of the new one was used. Before that is taken."""
    if new.origin_id is None or not new.credit or _was_used(new):
        return []
    key = f"visit:{reversal.visit.pk}:{NAME}:{KEY}:{line}"
    change = Change.objects.filter(operation=key, kind=Change.Kind.UPGRADED).first()
    if change is None:
        return []
    row = Membership.objects.select_related("plan").get(pk=change.membership_id)
    facts = change.facts
    row.voided_at, row.renews = None, facts["renews"]
    row.paid += Money(facts["worth"])
    row.sessions = row.sessions + facts["part"] if row.sessions is not None else None
    row.save(update_fields=["voided_at", "renews", "paid", "sessions"])
    taken = [entry for entry in reversal.entries if entry.operation == key and entry.kind == Kind.TAKE_BACK]
    operation = reversal.operation(NAME, f"{KEY}:{line}")
    reversal.note("membership", row.plan.code, "membership.old_stands_again", ZERO, name=row.plan.name)
    back = (reversal.give_back(entry.lot_id, -entry.amount, operation) for entry in taken)
    return [replace(move, kind=Kind.ADJUST) for move in back]  # no session that covered something comes back


def _was_used(new: Membership) -> bool:
    return Lot.objects.filter(account=new.account_id).exclude(remaining=F("amount")).exists()
