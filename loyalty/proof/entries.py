"""Lots against their entries: numbering, amounts, what remained after each, last day, account, kind, operation.

What nothing else says twice cannot be proved: who posted an entry, its note, and the tail of its operation.
"""

from __future__ import annotations

from loyalty.proof.check import Check

# Each entry beside the one before it.
CHAIN = """
    (SELECT entry.*,
        LAG(remaining) OVER (PARTITION BY lot_id ORDER BY number) AS before,
        LAG(last_day) OVER (PARTITION BY lot_id ORDER BY number) AS last_day_before
     FROM loyalty_entry AS entry) AS chain
"""
FIRST = "FROM loyalty_lot AS lot JOIN loyalty_entry AS entry ON entry.lot_id = lot.id AND entry.number = 1"
LAST = """
    FROM loyalty_lot AS lot JOIN loyalty_entry AS entry ON entry.lot_id = lot.id AND entry.number = lot.entry_count
"""

ENTRIES = (
    Check(
        "lot {0}: {1} entries are counted, {2} are there",
        """
        SELECT lot.id, lot.entry_count, COUNT(entry.id)
        FROM loyalty_lot AS lot LEFT JOIN loyalty_entry AS entry ON entry.lot_id = lot.id
        GROUP BY lot.id, lot.entry_count HAVING COUNT(entry.id) <> lot.entry_count
        """,
    ),
    Check(
        "lot {0}: its {3} entries are numbered {1} to {2}",
        """
        SELECT lot_id, MIN(number), MAX(number), COUNT(*) FROM loyalty_entry GROUP BY lot_id
        HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*) OR COUNT(DISTINCT number) <> COUNT(*)
        """,
    ),
    Check(
        "lot {0}: {1} remain, its entries come to {2}",
        """
        SELECT lot.id, lot.remaining, SUM(entry.amount)
        FROM loyalty_lot AS lot JOIN loyalty_entry AS entry ON entry.lot_id = lot.id
        GROUP BY lot.id, lot.remaining HAVING SUM(entry.amount) <> lot.remaining
        """,
    ),
    Check(
        "lot {0}: entry {1} says that {2} remained, it was {3}",
        f"SELECT lot_id, number, remaining, COALESCE(before, 0) + amount FROM {CHAIN}"  # noqa: S608
        " WHERE remaining <> COALESCE(before, 0) + amount",
    ),
    Check(
        "lot {0}: {1} came in, its first entry says {2}",
        f"SELECT lot.id, lot.amount, entry.amount {FIRST} WHERE lot.amount <> entry.amount",
    ),
    Check(
        "lot {0}: came in by {1}, its first entry says {2}",
        f"SELECT lot.id, lot.operation, entry.operation {FIRST} WHERE lot.operation <> entry.operation",
    ),
    Check(
        "lot {0}: came in at {1}, its first entry says {2}",
        f"SELECT lot.id, lot.created_at, entry.at {FIRST} WHERE lot.created_at <> entry.at",
    ),
    Check(
        "lot {0}: its first entry is a {1}",
        f"""
        SELECT lot.id, entry.kind {FIRST}
        WHERE (lot.is_debt AND entry.kind <> 'take_back')
            OR (NOT lot.is_debt AND entry.kind NOT IN ('grant', 'adjust', 'transfer'))
        """,
    ),
    Check(
        "lot {0}: {1} came in and {2} remain: that cannot be",
        """
        SELECT id, amount, remaining FROM loyalty_lot
        WHERE (is_debt AND (amount >= 0 OR remaining > 0 OR remaining < amount OR last_day IS NOT NULL))
            OR (NOT is_debt AND (amount <= 0 OR remaining < 0 OR remaining > amount)) OR last_day < first_day
        """,
    ),
    Check(
        "lot {0}: ends on {1}, its last entry says {2}",
        f"""
        SELECT lot.id, lot.last_day, entry.last_day {LAST}
        WHERE COALESCE(CAST(lot.last_day AS varchar(10)), '') <> COALESCE(CAST(entry.last_day AS varchar(10)), '')
        """,
    ),
    Check(
        "lot {0}: entry {1} moved the last day from {2} to {3}",
        f"""
        SELECT lot_id, number, last_day_before, last_day FROM {CHAIN}
        WHERE number > 1 AND ((last_day < last_day_before
                AND operation NOT LIKE 'closure:%:undo' AND operation NOT LIKE 'membership:%:undo')
            OR (kind NOT IN ('return', 'adjust')
                AND COALESCE(CAST(last_day AS varchar(10)), '') <> COALESCE(CAST(last_day_before AS varchar(10)), '')))
        """,  # noqa: S608
    ),
    Check(
        "lot {0}: is on account {1}, its entry {2} on account {3}",
        """
        SELECT lot.id, lot.account_id, entry.number, entry.account_id
        FROM loyalty_lot AS lot JOIN loyalty_entry AS entry ON entry.lot_id = lot.id
        WHERE lot.account_id <> entry.account_id
        """,
    ),
    Check(
        "lot {0}: after entry {1} {2} remained of {3}: that cannot be",
        """
        SELECT lot.id, entry.number, entry.remaining, lot.amount
        FROM loyalty_lot AS lot JOIN loyalty_entry AS entry ON entry.lot_id = lot.id
        WHERE (lot.is_debt AND (entry.remaining > 0 OR entry.remaining < lot.amount))
            OR (NOT lot.is_debt AND (entry.remaining < 0 OR entry.remaining > lot.amount))
        """,
    ),
    Check(
        "lot {0}: entry {1} is a {2} of {3}",
        """
        SELECT lot_id, number, kind, amount FROM loyalty_entry
        WHERE (kind = 'grant' AND (amount < 0 OR number > 1)) OR (kind = 'return' AND amount < 0)
            OR (kind IN ('spend', 'expire', 'take_back') AND amount > 0)
            OR (amount = 0 AND (kind <> 'adjust' OR number = 1))
            OR kind NOT IN ('grant', 'spend', 'return', 'take_back', 'expire', 'adjust', 'transfer')
        """,
    ),
    Check(
        "lot {0}: entry {1} moves neither an amount nor the last day",
        f"SELECT lot_id, number FROM {CHAIN} WHERE number > 1 AND amount = 0"  # noqa: S608
        " AND COALESCE(CAST(last_day AS varchar(10)), '') = COALESCE(CAST(last_day_before AS varchar(10)), '')",
    ),
    Check(
        "entry {0}: its lot {1} is gone",
        """
        SELECT entry.id, entry.lot_id FROM loyalty_entry AS entry
        LEFT JOIN loyalty_lot AS lot ON lot.id = entry.lot_id WHERE lot.id IS NULL
        """,
    ),
    Check(
        "lot {0}: entry {1} is said to belong to no visit, or to another one than its operation {2}",
        """
        SELECT entry.lot_id, entry.number, entry.operation
        FROM loyalty_entry AS entry LEFT JOIN loyalty_refund AS refund ON refund.id = entry.refund_id
        WHERE (entry.operation LIKE 'visit:%' AND entry.visit_id IS NULL AND entry.refund_id IS NULL)
            OR (entry.visit_id IS NOT NULL AND entry.operation NOT LIKE 'visit:' || entry.visit_id || ':%')
            OR (entry.refund_id IS NOT NULL AND (entry.visit_id IS NOT NULL
                OR (entry.operation NOT LIKE 'visit:' || refund.visit_id || ':%:refund:' || entry.refund_id
                    AND entry.operation NOT LIKE 'visit:' || refund.visit_id || ':%:debt')))
        """,
    ),
    Check(
        "lot {0}: entry {1} expired under the name {2}",
        """
        SELECT lot_id, number, operation FROM loyalty_entry
        WHERE (kind = 'expire' AND (operation LIKE 'expire:%' OR (visit_id IS NULL AND refund_id IS NULL))
                AND operation <> 'expire:' || lot_id || ':' || CAST(last_day AS varchar(10)) || ':' || number)
            OR (kind <> 'expire' AND operation LIKE 'expire:%'
                AND (kind <> 'transfer' OR operation NOT LIKE '%:repay'))
        """,
    ),
    Check(
        "account {0}: {1} moved {2} to nowhere",
        """
        SELECT MIN(account_id), operation, SUM(amount) FROM loyalty_entry WHERE kind = 'transfer'
        GROUP BY operation HAVING SUM(amount) <> 0
        """,
    ),
)
