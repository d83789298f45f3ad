"""What the holder of a running membership has besides its sessions: a discount on everything else, extra cashback.

**Whose.** The holder's, not of the people who may use it too. A membership carries its privileges while it can be used:
it has begun, does not rest, has not ended, has something left. A subscription carries them as long as it is paid, used
up or not, and in the days of grace; a suspended one carries none.

**Discount.** Off each service that the plan does not cover: an exclusive discount, so a check gets the best of it and
of all others. Of several memberships the best one, as of any exclusive discounts.

**Cashback.** So much more of what the check earns on, rounded down once, as bonuses on the plan's own terms, besides
what every other program gives. Of several memberships the one that gives the most. A refund takes it back in
proportion.

    A club with 10 % off and 5 % cashback. A towel of 3.00 and a massage of 80.00: 8.30 off, 74.70 to pay, 3.73 more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.basket import Basket
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Holdings, Mechanic, Panel, Reversal, Sale, Scene
from loyalty.models import Lot
from loyalty.money import ZERO, Money, down, percent_text
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.stacking import Offer
from loyalty.terms import Terms
from memberships.models import Freeze, Membership, Plan
from memberships.plans import PlanRule

CODE = "privileges"


@dataclass(frozen=True, slots=True)
class Privilege:
    """What a plan carries that a check asks about."""

    code: str
    name: str
    discount_percent: Decimal | None
    cashback_percent: Decimal | None
    terms: Terms


@dataclass(frozen=True, slots=True)
class PrivilegeStep(Idle):
    """Offers the discount of each membership, and earns with the one that gives the most."""

    carried: tuple[tuple[Privilege, PlanRule], ...]
    step: Money

    def offers(self, bill: Bill) -> Sequence[Offer]:
        offers = (_offer(privilege, plan, bill) for privilege, plan in self.carried)
        return [offer for offer in offers if offer is not None]

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        giving = [privilege for privilege, _plan in self.carried if privilege.cashback_percent]
        giving.sort(key=lambda privilege: (-(privilege.cashback_percent or 0), privilege.code))
        if not giving or not bill.earns:
            return bill
        best, *others = giving
        bill = self._earn(bill, best)
        return bill.noted(*(_note(other, "less", percent=other.cashback_percent) for other in others))

    def _earn(self, bill: Bill, best: Privilege) -> Bill:
        percent, base = best.cashback_percent or Decimal(0), bill.base
        if not base:
            return bill.noted(_note(best, "nothing_paid"))
        amount = down(base, percent, self.step)
        numerator, denominator = percent.as_integer_ratio()
        exact = Fraction(base * numerator, denominator * 100)
        told = "earned" if exact == amount else "earned_rounded"
        bill = bill.noted(_note(best, told, amount, percent=percent, base=base, exact=exact))
        return bill.earning(Earning(CODE, best.code, best.name, amount, percent)) if amount else bill


def _offer(privilege: Privilege, plan: PlanRule, bill: Bill) -> Offer | None:
    units = {
        line.number: (line.paid_units, line.paid_units)
        for line in bill.lines
        if line.is_service and line.paid_units and not plan.covers(line)
    }
    if not privilege.discount_percent or not units:
        return None
    return Offer(CODE, privilege.code, privilege.name, units, privilege.discount_percent)


def _note(privilege: Privilege, code: str, amount: Money = ZERO, **facts: Any) -> Note:
    return Note("earning", privilege.code, f"privilege.{code}", amount, {"name": privilege.name, **facts})


class Privileges(Mechanic):
    """The discount and the cashback of running memberships, and what else their holders are told."""

    code = CODE
    explanations: ClassVar[Mapping[str, Any]] = {
        "privilege.earned": _("Membership “%(name)s”: %(percent)s of %(base)s more, %(amount)s bonuses."),
        "privilege.earned_rounded": _(
            "Membership “%(name)s”: %(percent)s of %(base)s more is %(exact)s; rounded down, %(amount)s bonuses."
        ),
        "privilege.less": _("Membership “%(name)s” would give %(percent)s more; another one gives at least as much."),
        "privilege.nothing_paid": _(
            "Membership “%(name)s”: nothing on this check was paid with money, so it earns nothing more."
        ),
    }

    def rules(self, house: House) -> Mapping[int, Privilege]:
        plans = Plan.objects.filter(Q(discount_percent__gt=0) | Q(cashback_percent__gt=0)).order_by("code")
        return {plan.pk: _privilege(plan) for plan in plans}

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        rules: Mapping[int, Privilege] = scene.rules[self.code]
        if scene.person is None or not rules:
            return Idle()
        plans: Mapping[int, PlanRule] = scene.rules["memberships"]
        running = {one.plan_id for one in carrying(scene.person.id, scene.today)}
        carried = [(rules[pk], plans[pk]) for pk in running if pk in rules and pk in plans]
        carried.sort(key=lambda one: one[0].code)
        return PrivilegeStep(tuple(carried), scene.house.bonus_step) if carried else Idle()

    def settle(self, sale: Sale) -> Iterable[Movement]:
        rules: Mapping[int, Privilege] = sale.scene.rules[self.code]
        return sale.grants(self.code, {privilege.code: privilege.terms for privilege in rules.values()})

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return reversal.take_back_earned(self.code)

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """What the client has with the memberships that run."""
        told = [Told.of(one) for one in carrying(client.pk, house.day(now))]
        told = [one for one in told if one.is_something]
        if not told:
            return None
        page, shown = "memberships/subscription_privileges", {"privileges": told}
        return Holdings(
            balance={"privileges": [one.facts() for one in told]},
            portal=(Panel(f"{page}.html", shown),),
            desk=(Panel(f"{page}_desk.html", shown),),
        )


def _privilege(plan: Plan) -> Privilege:
    return Privilege(plan.code, plan.name, plan.discount_percent, plan.cashback_percent, Terms.of(plan))


def carrying(client: int, today: date) -> list[Membership]:
    """Memberships of this client that carry their privileges today, plans joined. Two queries at most."""
    begun = Lot.objects.filter(account=OuterRef("account"), first_day__lte=today)
    left = begun.filter(Q(last_day=None) | Q(last_day__gte=today), remaining__gt=0)
    rows = Membership.objects.filter(client=client, voided_at=None, suspended_at=None, waits=False)
    rows = rows.filter(Exists(begun), Q(began_on=None) | Q(began_on__lte=today)).select_related("plan")
    rows = rows.filter(Q(Exists(left)) | Q(paid_until__isnull=False))
    found = [one for one in rows if one.paid_until is None or is_paid(one, today)]
    resting = _resting([one.pk for one in found], today) if found else frozenset()
    return [one for one in found if one.pk not in resting]


def is_paid(one: Membership, today: date) -> bool:
    """Whether a subscription is paid on this day, or in its days of grace."""
    assert one.paid_until is not None
    grace = one.plan.grace_days if one.renews else 0
    return today <= one.paid_until + timedelta(days=grace)


def _resting(memberships: Sequence[int], today: date) -> frozenset[int]:
    """Those of them that are frozen on this day."""
    rows = Freeze.objects.filter(membership__in=memberships, from_day__lte=today)
    rows = rows.filter(Q(ended_on=None) | Q(ended_on__gt=today))
    return frozenset(row.membership_id for row in rows if today < row.from_day + timedelta(days=row.days))


@dataclass(frozen=True, slots=True)
class Told:
    """The privileges of a membership, as they are shown."""

    id: int
    plan: str
    name: str
    discount_percent: Decimal | None
    cashback_percent: Decimal | None
    lines: tuple[str, ...]
    priority_booking: bool
    early_access: bool

    @classmethod
    def of(cls, one: Membership) -> Told:
        plan = one.plan
        return cls(
            id=one.pk,
            plan=plan.code,
            name=plan.name,
            discount_percent=plan.discount_percent or None,
            cashback_percent=plan.cashback_percent or None,
            lines=tuple(line for line in plan.privileges.splitlines() if line.strip()),
            priority_booking=plan.priority_booking,
            early_access=plan.early_access,
        )

    @property
    def is_something(self) -> bool:
        percents = self.discount_percent is not None or self.cashback_percent is not None
        return percents or bool(self.lines) or self.priority_booking or self.early_access

    def facts(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "membership": str(self.id),
            "plan": self.plan,
            "name": self.name,
            "discount_percent": None if self.discount_percent is None else percent_text(self.discount_percent),
            "cashback_percent": None if self.cashback_percent is None else percent_text(self.cashback_percent),
            "privileges": list(self.lines),
            "priority_booking": self.priority_booking,
            "early_access": self.early_access,
        }
