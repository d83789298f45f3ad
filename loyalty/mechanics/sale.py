"""A check that is being settled, as the mechanics get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clients.actors import Actor
from loyalty.events import Happened
from loyalty.ledger import Movement, grant
from loyalty.mechanics.scene import Scene
from loyalty.money import Money
from loyalty.pricing import Bill
from loyalty.terms import Terms

PRESENTS = 0
"""In place of a line's number among what is revealed: it came with the check, nobody bought it."""


@dataclass(frozen=True, slots=True)
class Handing:
    """To whom something is given, when and by whom: with a check, on joining, or by the night."""

    client: int | None
    today: date
    now: datetime
    by: Actor
    revealed: dict[int, list[Any]] | None = None
    """Where a code is told once (`Sale.revealed`); None: nobody stands here to be told, so it is sent."""


@dataclass(frozen=True, slots=True)
class Present:
    """Something of a mechanic that a client gets for nothing: so much of a good, by a program.

    `amount` is the money of a gift card; a membership needs none.
    """

    good: str
    amount: Money
    operation: str
    """Of the account and the lot that hold it."""
    program: str
    name: str


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
    """Line number (or `PRESENTS`) → what is told once, at the sale (a gift card with its code)."""
    happened: list[Happened] = field(default_factory=list)
    """What mechanics tell of it (`loyalty.events`), written with the check."""

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit}:{mechanic}:{what}"

    @property
    def handing(self) -> Handing:
        """What it gives, it gives to the client of the check, who is told at once."""
        scene = self.scene
        client = scene.person.id if scene.person is not None else None
        return Handing(client, scene.today, scene.now, self.by, self.revealed)

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
