"""Prizes against what was taken, and free services and stamps against whose they are."""

from __future__ import annotations

from loyalty.proof.check import Check

TAKEN = """
    (SELECT COUNT(*) FROM loyalty_prizeclaim AS claim WHERE claim.prize_id = prize.id AND claim.state <> 'cancelled')
"""
COUNTED = "COALESCE((SELECT taken FROM loyalty_prizestock AS stock WHERE stock.prize_id = prize.id), 0)"
PAID = """
    COALESCE((SELECT -SUM(entry.amount) FROM loyalty_entry AS entry
        WHERE entry.operation = 'prize:' || claim.id || ':pay' AND entry.kind = 'spend'), 0)
"""
RETURNED = """
    COALESCE((SELECT SUM(entry.amount) FROM loyalty_entry AS entry
        WHERE entry.operation = 'prize:' || claim.id || ':cancel' AND entry.kind = 'return'), 0)
"""

PRESENTS = (
    Check(
        "prize {0}: counted {1} times, {2} were taken",
        f"SELECT prize.code, {COUNTED}, {TAKEN} FROM loyalty_prize AS prize WHERE {COUNTED} <> {TAKEN}",  # noqa: S608
    ),
    Check(
        "taken prize {0}: it cost {1}, the ledger says {2}",
        f"SELECT claim.id, claim.price, {PAID} FROM loyalty_prizeclaim AS claim WHERE claim.price <> {PAID}",  # noqa: S608
    ),
    Check(
        "taken prize {0}: it is {1}, and {2} came back",
        f"""
        SELECT claim.id, claim.state, {RETURNED} FROM loyalty_prizeclaim AS claim
        WHERE {RETURNED} <> CASE claim.state WHEN 'cancelled' THEN claim.price ELSE 0 END
        """,  # noqa: S608
    ),
    Check(
        "free service {0}: its account holds {1} of client {2}, not sessions of client {3}",
        """
        SELECT free.account_id, account.unit, account.client_id, free.client_id FROM loyalty_freeservice AS free
        JOIN loyalty_account AS account ON account.id = free.account_id
        WHERE account.unit <> 'session' OR account.client_id IS NULL OR account.client_id <> free.client_id
        """,
    ),
    Check(
        "free service {0}: it has {1} lots",
        """
        SELECT free.account_id, COUNT(lot.id) FROM loyalty_freeservice AS free
        LEFT JOIN loyalty_lot AS lot ON lot.account_id = free.account_id
        GROUP BY free.account_id HAVING COUNT(lot.id) <> 1
        """,
    ),
    Check(
        "account {0}: stamps that belong to no client",
        "SELECT id FROM loyalty_account WHERE unit = 'stamp' AND client_id IS NULL",
    ),
)
