"""Memberships on a check: sold on one, covering units on others, and both undone by a refund.

This is the table of contents: what is sold says `selling`, what may be used `choosing`, how it covers `covering`, what
is given `giving`, how it comes back `returning`, what a client holds `holding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from clients.models import Client
from loyalty.audience import Trait
from loyalty.basket import Basket, Item
from loyalty.findings import Finding, Known
from loyalty.house import House
from loyalty.ledger import Movement, Opening
from loyalty.mechanics import CalledBack, Good, Handing, Holdings, LineForm, Mechanic, Present, Reversal, Sale, Scene
from loyalty.models import VisitLine
from loyalty.pricing import Line, Step
from loyalty.reader import Reader
from memberships import changes, choosing, covering, freezing, giving, holding, linting, returning, selling, upgrading
from memberships.conditions import CONDITIONS, plans_of
from memberships.plans import PlanRule, load_plans
from memberships.selling import KIND


class Memberships(Mechanic):
    """Sells memberships and lets them cover what they cover."""

    code = "memberships"
    basket_keys = frozenset({choosing.KEY})
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {KIND: selling.ITEM_KEYS}
    line_forms: ClassVar[Mapping[str, LineForm]] = {KIND: LineForm("memberships/line_form.html", selling.typed)}
    explanations: ClassVar[Mapping[str, Any]] = {
        **covering.EXPLANATIONS,
        **returning.EXPLANATIONS,
        **giving.EXPLANATIONS,
        **upgrading.EXPLANATIONS,
    }
    conditions = CONDITIONS
    presents = "memberships"
    presents_an_amount = False

    def rules(self, house: House) -> Mapping[int, PlanRule]:
        return load_plans()

    def traits(self, client: int, today: date) -> Mapping[str, Trait]:
        return plans_of(client, today)

    def lint(self, house: House, rules: Any, known: Known) -> Iterable[Finding]:
        return linting.lint(house, rules)

    # --- covering ---

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        return choosing.read(reader)

    def accounts(self, basket: Basket) -> Q | None:
        return choosing.accounts(basket)

    def shared_accounts(self, client: int) -> QuerySet[Any, Any]:
        return choosing.shared_with(client)

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        return upgrading.step(choosing.step(basket, scene, scene.rules[self.code]), basket)

    # --- selling ---

    def read_item(self, reader: Reader, kind: str) -> Item:
        return selling.read(reader, kind)

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        return selling.line(item, number, scene, scene.rules[self.code])

    def goods(self, house: House, rules: Any) -> Sequence[Good]:
        return selling.goods(rules)

    def openings(self, sale: Sale) -> Iterable[Opening]:
        return selling.openings(sale)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Sequence[covering.Use] = sale.bill.plans.get(self.code, ())
        selling.begin_used(uses, sale)
        freezing.end_by_visit(sorted({use.held.id for use in uses}), sale)
        return [*covering.take(uses, sale), *upgrading.give_up(sale), *selling.sell(sale)]

    # --- giving ---

    def gives(self) -> Mapping[str, str]:
        return giving.gives()

    def present(self, present: Present, handing: Handing) -> Iterable[Movement]:
        return giving.present(present, handing)

    def accounts_begun_after(self, day: date) -> Q | None:
        return Q(membership__began_on__gt=day)

    def ends_moved(self, lots: Mapping[int, int], today: date) -> None:
        changes.move_with_lots(lots, after=today)

    def call_back(self, called: CalledBack, reversal: Reversal) -> Iterable[Movement]:
        return giving.call_back(called, reversal)

    # --- coming back ---

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        return returning.returnable(line, house.day(now)) if line.kind == KIND else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        covered = [back for back in reversal.lines if back.covered]
        sold = [back for back in reversal.lines if back.line.kind == KIND]
        return [*returning.sessions(reversal, covered), *returning.sold_memberships(reversal, sold)]

    # --- what a client holds ---

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        return holding.holdings(client, house, now)
