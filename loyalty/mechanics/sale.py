"""A check that is being settled, as the mechanics get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.actors import Actor
from loyalty.ledger import Movement, grant
from loyalty.mechanics.scene import Scene
from loyalty.pricing import Bill
from loyalty.terms import Terms


@dataclass(frozen=True, slots=True)
class Sale:
    """A check that is being settled: its bill, and the row ids of its lines by number."""

    visit: int
    bill: Bill
    lines: Mapping[int, int]
    scene: Scene
    by: Actor
    accounts: Mapping[str, int] = field(default_factory=dict)
    """Operation → account that was opened for it."""
    revealed: dict[int, list[Any]] = field(default_factory=dict)
    """Line number → what is told once, at the sale (a gift card with its code)."""

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit}:{mechanic}:{what}"

    def grants(self, mechanic: str, terms: Mapping[str, Terms]) -> list[Movement]:
        """What the client earned with this mechanic, as lots on the terms of each program."""
        person = self.scene.person
        if person is None:
            return []
        return [
            grant(
                operation=self.operation(mechanic, earning.program),
                account=person.account,
                amount=earning.amount,
                terms=terms[earning.program],
                today=self.scene.today,
                program=earning.program,
                name=earning.name,
            )
            for earning in self.bill.earnings
            if earning.mechanic == mechanic and earning.for_other is None
        ]
