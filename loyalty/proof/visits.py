"""Checks against their lines, payments, refunds, and what they moved in the ledger."""

from __future__ import annotations

from loyalty.proof.check import Check

SHARES = ("membership", "discount", "bonus", "gift_card", "to_pay", "base", "spent")


def lines_come_to(total: str, share: str) -> Check:
    """A figure of a visit is the sum of its lines."""
    return Check(
        f"visit {{0}}: {total} is {{1}}, its lines come to {{2}}",
        f"""
        SELECT visit.id, visit.{total}, SUM(line.{share})
        FROM loyalty_visit AS visit JOIN loyalty_visitline AS line ON line.visit_id = visit.id
        GROUP BY visit.id, visit.{total} HAVING SUM(line.{share}) <> visit.{total}
        """,  # noqa: S608  # names are constants of this module
    )


def refund_comes_to(total: str, share: str) -> Check:
    """A figure of a refund is the sum of its lines."""
    return Check(
        f"refund {{0}}: {total} is {{1}}, its lines come to {{2}}",
        f"""
        SELECT refund.id, refund.{total}, COALESCE(SUM(line.{share}), 0)
        FROM loyalty_refund AS refund LEFT JOIN loyalty_refundline AS line ON line.refund_id = refund.id
        GROUP BY refund.id, refund.{total} HAVING COALESCE(SUM(line.{share}), 0) <> refund.{total}
        """,  # noqa: S608
    )


def not_more_than(share: str) -> Check:
    """All refunds of a line take back at most what the line had."""
    return Check(
        f"line {{0}}: {share} was {{1}}, {{2}} came back",
        f"""
        SELECT line.id, line.{share}, SUM(back.{share})
        FROM loyalty_visitline AS line JOIN loyalty_refundline AS back ON back.line_id = line.id
        GROUP BY line.id, line.{share} HAVING SUM(back.{share}) > line.{share}
        """,  # noqa: S608
    )


def moved(total: str, owner: str, unit: str, kind: str, *, own: bool = False) -> Check:
    """A figure of a visit or a refund is what it moved in the ledger. `own`: on the client's own account only."""
    table, column = f"loyalty_{owner}", f"{owner}_id"
    visit = "thing" if owner == "visit" else "visit"
    join = "" if owner == "visit" else "JOIN loyalty_visit AS visit ON visit.id = thing.visit_id"
    whose = f"AND account.client_id = {visit}.client_id" if own else ""
    moves = f"""
        COALESCE((SELECT SUM(ABS(entry.amount)) FROM loyalty_entry AS entry
            JOIN loyalty_account AS account ON account.id = entry.account_id
            WHERE entry.{column} = thing.id AND entry.kind = '{kind}' AND account.unit = '{unit}' {whose}), 0)
    """  # noqa: S608
    return Check(
        f"{owner} {{0}}: {total} is {{1}}, the ledger says {{2}}",
        f"SELECT thing.id, thing.{total}, {moves} FROM {table} AS thing {join} WHERE thing.{total} <> {moves}",  # noqa: S608
    )


def paid(owner: str, total: str, table: str) -> Check:
    """The payments come to the figure."""
    payments = f"COALESCE((SELECT SUM(amount) FROM {table} AS p WHERE p.{owner}_id = thing.id), 0)"  # noqa: S608
    return Check(
        f"{owner} {{0}}: {total} is {{1}}, its payments come to {{2}}",
        f"SELECT thing.id, thing.{total}, {payments} FROM loyalty_{owner} AS thing"  # noqa: S608
        f" WHERE thing.{total} <> {payments}",
    )


VISITS = (
    *(lines_come_to(f"{share}_total", share) for share in ("list", "membership", "discount", "bonus", "gift_card")),
    *(lines_come_to(share, share) for share in ("to_pay", "base", "spent")),
    Check(
        "line {0}: {2} times {1} is not {3}",
        "SELECT id, price, quantity, list FROM loyalty_visitline WHERE list <> price * quantity",
    ),
    Check(
        "visit {0}: it has no lines",
        "SELECT visit.id FROM loyalty_visit AS visit WHERE NOT EXISTS"
        " (SELECT 1 FROM loyalty_visitline AS line WHERE line.visit_id = visit.id)",
    ),
    *(refund_comes_to(total, share) for total, share in (("money", "to_pay"), ("base", "base"), ("spent", "spent"))),
    *(not_more_than(share) for share in ("quantity", "covered", "list", *SHARES)),
    paid("visit", "to_pay", "loyalty_payment"),
    paid("refund", "money", "loyalty_refundpayment"),
    moved("bonus_total", "visit", "bonus", "spend"),
    moved("gift_card_total", "visit", "money", "spend"),
    moved("earned_total", "visit", "bonus", "grant", own=True),
    moved("bonus_returned", "refund", "bonus", "return"),
    moved("sessions_returned", "refund", "session", "return"),
    moved("bonus_taken_back", "refund", "bonus", "take_back", own=True),
)
