"""Memberships on a check: sold on one, covering units on others, and both undone by a refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.basket import Basket, Item
from loyalty.house import House
from loyalty.ledger import Grant, Movement, Opening, Stock
from loyalty.mechanics import Good, Holdings, Mechanic, Panel, Reversal, Sale, Scene
from loyalty.models import Account, VisitLine
from loyalty.money import Money
from loyalty.pricing import Idle, Line, Step
from loyalty.reader import Reader
from loyalty.terms import valid_for
from memberships import returning
from memberships.covering import Covering, Held, MembershipNotApplicable, Use
from memberships.models import Membership
from memberships.plans import PlanRule, Status, load_plans, memberships_of

KIND = "membership_plan"
MAX_NAMED = 20
AUTO = "auto"


class Memberships(Mechanic):
    """Sells memberships and lets them cover what they cover."""

    code = "memberships"
    basket_keys = frozenset({"memberships"})
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {KIND: frozenset()}
    explanations: ClassVar[Mapping[str, Any]] = {
        "membership.covered": gettext_lazy("“%(name)s” covers %(units)s x %(service)s; sessions left: %(left)s."),
        "membership.not_needed": gettext_lazy("“%(name)s” was not needed; sessions left: %(left)s."),
        "membership.covers_nothing": gettext_lazy("“%(name)s” covers nothing on this check; sessions left: %(left)s."),
        **returning.EXPLANATIONS,
    }

    def rules(self, house: House) -> Mapping[int, PlanRule]:
        return load_plans()

    # --- what is sent ---

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`memberships`: "auto" (left out too), or ids of those that may be used, in this order."""
        said = reader.raw.get("memberships", AUTO)
        if said is None or said == AUTO:
            return {"memberships": AUTO}
        if not isinstance(said, list) or len(said) > MAX_NAMED:
            raise Invalid(_('must be "auto" or a list of at most %(n)d ids') % {"n": MAX_NAMED}, field="memberships")
        return {"memberships": tuple(dict.fromkeys(_id(value, i) for i, value in enumerate(said)))}

    def read_item(self, reader: Reader, kind: str) -> Item:
        return Item(kind=kind, code=reader.text(kind, limit=40))

    # --- covering ---

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        said = basket.offers.get("memberships", AUTO)
        held = self._held(scene) if scene.person is not None else []
        if said == AUTO:
            return Covering(tuple(held)) if held else Idle()
        named = {membership.id: membership for membership in held}
        chosen = [_named(pk, named.get(pk), f"memberships[{i}]") for i, pk in enumerate(said)]
        return Covering(tuple(chosen)) if chosen else Idle()

    def _held(self, scene: Scene) -> list[Held]:
        """Memberships with sessions left today, soonest to end first.

        A membership is its account, and its lot names the plan: no query, unless the owner has renamed a plan's code.
        A plan that these rules do not know was first sold after the quote whose promise they keep.
        """
        plans = {plan.code: plan for plan in scene.rules[self.code].values()}
        lots = ledger.soonest_first(_usable(scene))
        if any(lot.program not in plans for lot in lots):
            plans |= _renamed(lots, scene.rules[self.code])
        return [Held(lot.account, plans[code], lot) for lot in lots if (code := lot.program or "") in plans]

    # --- selling ---

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        plan = next((plan for plan in scene.rules[self.code].values() if plan.code == item.code), None)
        field = f"lines[{number - 1}].{KIND}"
        if plan is None or not plan.on_sale:
            raise Invalid(_("there is no membership %(code)s on sale") % {"code": item.code}, field=field)
        if scene.person is None:
            raise Invalid(_("A membership belongs to a client: say who it is."), field="client")
        return Line(
            number=number,
            kind=KIND,
            code=plan.code,
            name=plan.name,
            quantity=1,
            price=plan.price,
            earns=scene.house.memberships_earn,
            accepts_bonus=False,
            accepts_gift_card=False,
            is_service=False,
            terms=f"{plan.sessions} {plan.valid_days} {plan.valid_months} {sorted(plan.services)} {plan.refund}",
            item=plan,
        )

    def goods(self, house: House, rules: Any) -> Sequence[Good]:
        plans = sorted((plan for plan in rules.values() if plan.on_sale), key=lambda plan: (plan.sessions, plan.code))
        return [
            Good(
                KIND,
                plan.code,
                plan.name,
                (plan.price,),
                needs_client=True,
                hint=valid_for(days=plan.valid_days, months=plan.valid_months),
            )
            for plan in plans
        ]

    def openings(self, sale: Sale) -> Iterable[Opening]:
        if sale.scene.person is None:
            return []
        client = sale.scene.person.id
        sold = [line for line in sale.bill.lines if line.kind == KIND]
        return [Opening(_sale_of(line, sale), Account.Unit.SESSION, client) for line in sold]

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Sequence[Use] = sale.bill.plans.get(self.code, ())
        sold = [line for line in sale.bill.lines if line.kind == KIND]
        return [*_use(uses, sale), *(_sell(sold, sale) if sold else [])]

    # --- coming back ---

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        return returning.returnable(line, house.day(now)) if line.kind == KIND else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        covered = [back for back in reversal.lines if back.covered]
        sold = [back for back in reversal.lines if back.line.kind == KIND]
        return [*returning.sessions(reversal, covered), *returning.sold_memberships(reversal, sold)]

    # --- what a client holds ---

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """Memberships that can be used; on the client's page also the last ones that ended or were used up."""
        everything = memberships_of(client, house, now)
        active = [state.facts() for state in everything if state.status is Status.ACTIVE]
        recent = [state.facts() for state in everything if state.status in (Status.USED_UP, Status.ENDED)][:3]
        shown = {"memberships": active, "past": recent}
        return Holdings(
            balance={"memberships": active},
            portal=(Panel("memberships/portal.html", shown),) if active or recent else (),
            desk=(Panel("memberships/desk.html", shown),) if active or recent else (),
        )


def _id(value: Any, i: int) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(_("must be the id of a membership"), field=f"memberships[{i}]")
    return int(text)


def _usable(scene: Scene) -> list[Stock]:
    return [lot for lot in scene.lots if lot.unit == Account.Unit.SESSION and lot.is_active(scene.today)]


def _renamed(lots: Sequence[Stock], plans: Mapping[int, PlanRule]) -> dict[str, PlanRule]:
    """Plans by the code that they had when these lots were sold."""
    plan_of = dict(Membership.objects.filter(pk__in=[lot.account for lot in lots]).values_list("pk", "plan"))
    return {lot.program or "": plans[plan_of[lot.account]] for lot in lots if plan_of[lot.account] in plans}


def _named(pk: int, held: Held | None, field: str) -> Held:
    """The membership that was named. Raises `MembershipNotApplicable` for another's, an ended or a used-up one."""
    if held is None:
        message = _("This membership cannot be used: it is not this client's, has ended, or has no sessions left.")
        raise MembershipNotApplicable(message, field=field)
    return Held(held.id, held.plan, held.lot, field)


def _use(uses: Sequence[Use], sale: Sale) -> list[Movement]:
    """Take the sessions: an entry for each membership and line, so that a refund of the line finds its own."""
    return [
        ledger.spend(use.held.lot, Money(use.units), sale.operation("memberships", f"use:{use.held.id}:{use.line}"))
        for use in uses
    ]


def _sale_of(line: Line, sale: Sale) -> str:
    return sale.operation("memberships", f"sell:{line.number}")


def _sell(lines: Sequence[Line], sale: Sale) -> list[Movement]:
    """Write each membership, grant its sessions."""
    scene = sale.scene
    if scene.person is None:
        raise AssertionError("a membership was priced without a client")
    accounts = {line.number: sale.accounts[_sale_of(line, sale)] for line in lines}
    Membership.objects.bulk_create(
        Membership(
            client_id=scene.person.id,
            plan_id=line.item.id,
            account_id=accounts[line.number],
            sessions=line.item.sessions,
            session_price=Money((line.list - line.discount) // line.item.sessions),
            refund=line.item.refund,
            sold_on_id=sale.lines[line.number],
            created_at=scene.now,
        )
        for line in lines
    )
    return [_grant(line.item, accounts[line.number], _sale_of(line, sale), scene) for line in lines]


def _grant(plan: PlanRule, account: int, operation: str, scene: Scene) -> Grant:
    return Grant(
        operation=operation,
        account=account,
        amount=Money(plan.sessions),
        first_day=scene.today,
        last_day=plan.last_day(scene.today),
        program=plan.code,
        name=plan.name,
    )
