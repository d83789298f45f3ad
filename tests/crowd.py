"""A crowd: what a few clients did, done by a thousand, so that the plans of the database are those of a large house."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connection, models

TIMES = 1_000
STEP = 1_000
"""How far the ids of one copy are from those of the next: more than the originals have."""
APART = [
    "clients.Client",
    "clients.Card",
    "clients.ClientTag",
    "clients.Consent",
    "clients.Message",
    "clients.PersonalDate",
    "loyalty.Account",
    "loyalty.Standing",
    "loyalty.TierStanding",
    "loyalty.Visit",
    "loyalty.VisitLine",
    "loyalty.Payment",
    "loyalty.Refund",
    "loyalty.RefundLine",
    "loyalty.RefundPayment",
    "loyalty.Lot",
    "loyalty.Entry",
    "loyalty.PromoUse",
    "loyalty.FreeService",
    "loyalty.PrizeClaim",
    "loyalty.ChainRun",
    "loyalty.Event",
    "referrals.Code",
    "referrals.Referral",
    "referrals.Reward",
    "referrals.PartnerClient",
    "giftcards.GiftCard",
    "giftcards.GiftCardDelivery",
    "memberships.Membership",
    "memberships.MembershipPerson",
    "memberships.Freeze",
    "memberships.Change",
    "memberships.Renewal",
]


def multiply(times: int = TIMES) -> None:
    """Copy all rows about people so many times, each copy about people of its own. On PostgreSQL, in a transaction."""
    with connection.cursor() as cursor:
        for name in APART:
            model = apps.get_model(name)
            columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.generated)
            values = ", ".join(_copied(field) for field in model._meta.concrete_fields if not field.generated)
            table = model._meta.db_table
            cursor.execute(
                f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{table}", generate_series(1, {times}) n'
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE")


def _copied(field: models.Field[Any, Any]) -> str:
    column = f'"{field.column}"'
    if _is_apart(field):
        return f"{column} + {STEP} * n"
    if field.name == "phone":
        return f"left({column}, 5) || (3000000 + n * 10 + right({column}, 1)::int)"
    if isinstance(field, models.CharField | models.TextField) and _is_unique(field):
        return f"left(md5({column} || n), {getattr(field, 'max_length', None) or 32})"
    return column


def _is_unique(field: models.Field[Any, Any]) -> bool:
    """Alone, or together with nothing that is another in each copy."""
    model = field.model._meta
    sets = [set(getattr(one, "fields", ())) for one in model.constraints]
    others = [[model.get_field(name) for name in one - {field.name}] for one in sets if field.name in one]
    return bool(field.unique) or any(not any(map(_is_apart, fields)) for fields in others)


def _is_apart(field: Any) -> bool:
    return bool(field.related_model._meta.label in APART if field.remote_field else field.primary_key)


def read_whole(statements: Iterable[str]) -> list[tuple[str, str]]:
    """Tables of the crowd that PostgreSQL has to read from end to end for these statements: (table, statement).

    It is told to go by indexes, also where a table is so small that reading it whole is as quick; then what has no
    index shows. The first of many in the order of an index is fine.
    """
    tables = {
        apps.get_model(name)._meta.db_table for name in APART if apps.get_model(name)._base_manager.count() > TIMES
    }
    found = []
    with connection.cursor() as cursor:
        for way in WAYS:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for sql in statements:
            if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH", "INSERT")):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                found += [(table, sql) for table in _whole(cursor.fetchone()[0][0]["Plan"]) if table in tables]
        for way in WAYS:
            cursor.execute(f"SET LOCAL enable_{way} = on")
    return found


WAYS = ("seqscan", "hashjoin", "mergejoin")
"""To read a table that is as good as any other while it is small."""


def _whole(plan: dict[str, Any], *, is_limited: bool = False) -> Iterable[str]:
    is_limited = is_limited or plan["Node Type"] == "Limit"
    if "Relation Name" in plan and "Index Cond" not in plan and plan["Node Type"] != "ModifyTable":
        by_index = plan["Node Type"] in ("Index Scan", "Index Only Scan") and is_limited
        if not by_index and plan["Node Type"] != "Bitmap Heap Scan":  # whose index stands below it
            yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _whole(part, is_limited=is_limited)
