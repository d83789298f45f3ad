"""Writes a settled check: the visit, its lines, its payments, the client's standing; one statement each.

By hand, because this is the path that every check takes (`speed.md`); everything else in the house is plain ORM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from clients.actors import Actor
from loyalty.checkout.quote import Quote
from loyalty.explanations import value_as_data
from loyalty.models import Visit
from loyalty.money import Money, percent_text
from loyalty.pricing import Bill, Line, Note
from loyalty.sql import Column, adapted, insert

AMOUNT = "bigint"
VISIT_AMOUNTS = (
    "list_total",
    "membership_total",
    "discount_total",
    "check_total",
    "bonus_total",
    "gift_card_total",
    "to_pay",
    "earned_total",
    "base",
    "spent",
)
VISIT_COLUMNS = (
    Column("operation", "varchar"),
    Column("client_id", "bigint"),
    Column("location_id", "bigint"),
    Column("at", "timestamptz"),
    Column("by", "varchar"),
    Column("is_visit", "bool"),
    *(Column(name, AMOUNT) for name in VISIT_AMOUNTS),
    Column("facts", "jsonb"),
)
LINE_COLUMNS = (
    Column("visit_id", "bigint"),
    Column("number", "smallint"),
    Column("kind", "varchar"),
    Column("service_id", "bigint"),
    Column("code", "varchar"),
    Column("name", "varchar"),
    Column("quantity", "integer"),
    Column("covered", "integer"),
    Column("price_reason", "varchar"),
    *(
        Column(name, AMOUNT)
        for name in (
            "price",
            "list",
            "membership",
            "discount",
            "bonus",
            "gift_card",
            "to_pay",
            "base",
            "spent",
            "earned",
        )
    ),
)
PAYMENT_COLUMNS = (Column("visit_id", "bigint"), Column("method", "varchar"), Column("amount", AMOUNT))


def write_visit(quote: Quote, *, operation: str, by: Actor) -> Visit | None:
    """The visit, written; None if there is one of this operation already."""
    bill, scene = quote.bill, quote.scene
    visit = Visit(
        operation=operation,
        client_id=scene.person.id if scene.person else None,
        location_id=scene.place.id,
        at=scene.now,
        by=str(by),
        is_visit=bill.is_visit,
        facts=facts_of(bill),
        **{name: getattr(bill, name) for name in VISIT_AMOUNTS},
    )
    row = [getattr(visit, column.name) for column in VISIT_COLUMNS]
    ids = insert("loyalty_visit", VISIT_COLUMNS, [row], "ON CONFLICT (operation) DO NOTHING RETURNING id")
    if not ids:
        return None
    visit.pk, visit._state.adding = ids[0][0], False
    return visit


def write_lines(visit: int, lines: Iterable[Line]) -> dict[int, int]:
    """The lines' rows; number → id."""
    rows = [
        (
            visit,
            line.number,
            line.kind,
            line.service_id,
            line.code,
            line.name,
            line.quantity,
            line.covered,
            line.price_reason,
            line.price,
            line.list,
            line.membership,
            line.discount,
            line.bonus,
            line.gift_card,
            line.rest,
            line.base,
            line.spent,
            line.earned,
        )
        for line in lines
    ]
    return dict(insert("loyalty_visitline", LINE_COLUMNS, rows, "RETURNING number, id"))


def write_payments(visit: int, payments: Mapping[str, Money]) -> None:
    insert("loyalty_payment", PAYMENT_COLUMNS, [(visit, method, amount) for method, amount in payments.items()])


def raise_standing(client: int, *, spent: Money, visits: int, at: datetime) -> None:
    """Add a check to where the client stands."""
    last = adapted(at) if visits else None
    cast = "::timestamptz" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO loyalty_standing (client_id, total_spent, visits, last_visit_at) VALUES (%s, %s, %s, %s{cast})
            ON CONFLICT (client_id) DO UPDATE SET
                total_spent = loyalty_standing.total_spent + excluded.total_spent,
                visits = loyalty_standing.visits + excluded.visits,
                last_visit_at = CASE
                    WHEN excluded.last_visit_at IS NULL THEN loyalty_standing.last_visit_at
                    WHEN loyalty_standing.last_visit_at IS NULL THEN excluded.last_visit_at
                    WHEN loyalty_standing.last_visit_at < excluded.last_visit_at THEN excluded.last_visit_at
                    ELSE loyalty_standing.last_visit_at
                END
            """,  # noqa: S608  # a constant is put in
            [client, int(spent), visits, last],
        )


def facts_of(bill: Bill) -> dict[str, Any]:
    """What the client saw besides the figures, amounts in minor units, to be kept with the visit."""
    return {
        "bonus_spendable": int(bill.bonus_spendable),
        "sessions_used": bill.sessions_used,
        "tier": {"name": bill.tier.name, "percent": percent_text(bill.tier.percent)} if bill.tier else None,
        "earned": [
            {
                "program": earning.program,
                "name": earning.name,
                "percent": None if earning.percent is None else percent_text(earning.percent),
                "amount": int(earning.amount),
                "for_other": earning.for_other,
                **({} if earning.lines is None else {"lines": list(earning.lines)}),
            }
            for earning in bill.earnings
        ],
        "trace": [note_as_data(note) for note in bill.notes],
    }


def note_as_data(note: Note) -> dict[str, Any]:
    """A note of the trace as JSON; `loyalty.explanations` reads it back."""
    return {
        "stage": note.stage,
        "rule": note.rule,
        "code": note.code,
        "amount": int(note.amount),
        "facts": {key: value_as_data(value) for key, value in note.facts.items()},
    }
