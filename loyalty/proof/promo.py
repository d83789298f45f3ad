"""Promo codes against the checks that used them."""

from __future__ import annotations

from loyalty.proof.check import Check

USES = """
    (SELECT COUNT(*) FROM loyalty_promouse AS used WHERE used.issued_id = code.id AND used.released_at IS NULL)
"""

PROMO = (
    Check(
        "promo code {0}: counted {1} times, {2} checks use it",
        f"SELECT code.code, code.used, {USES} FROM loyalty_issuedcode AS code WHERE code.used <> {USES}",  # noqa: S608
    ),
    Check(
        "visit {0}: it has wholly come back, and still uses a promo code",
        """
        SELECT used.visit_id, used.id FROM loyalty_promouse AS used
        JOIN loyalty_refund AS refund ON refund.visit_id = used.visit_id AND refund.is_whole
        WHERE used.released_at IS NULL
        """,
    ),
    Check(
        "promo code {0}: a use on visit {1} is of another client",
        """
        SELECT code.code, used.visit_id FROM loyalty_promouse AS used
        JOIN loyalty_issuedcode AS code ON code.id = used.issued_id
        JOIN loyalty_visit AS visit ON visit.id = used.visit_id
        WHERE COALESCE(used.client_id, 0) <> COALESCE(visit.client_id, 0)
        """,
    ),
)
