"""Where clients stand, against their visits and refunds."""

from __future__ import annotations

from loyalty.proof.check import Check

COUNTING = """
    FROM loyalty_visit AS visit WHERE visit.client_id = client.id AND visit.is_visit AND NOT EXISTS
        (SELECT 1 FROM loyalty_refund AS refund WHERE refund.visit_id = visit.id AND refund.is_whole)
"""
SPENT = """
    COALESCE((SELECT SUM(visit.spent) FROM loyalty_visit AS visit WHERE visit.client_id = client.id), 0)
    - COALESCE((SELECT SUM(refund.spent) FROM loyalty_refund AS refund
        JOIN loyalty_visit AS visit ON visit.id = refund.visit_id WHERE visit.client_id = client.id), 0)
"""
VISITS = f"(SELECT COUNT(*) {COUNTING})"
LATEST = f"(SELECT MAX(visit.at) {COUNTING})"
CLIENTS = "FROM clients_client AS client LEFT JOIN loyalty_standing AS standing ON standing.client_id = client.id"

STANDINGS = (
    Check(
        "client {0}: total spent is {1}, the visits come to {2}",
        f"SELECT client.id, COALESCE(standing.total_spent, 0), {SPENT} {CLIENTS}"
        f" WHERE COALESCE(standing.total_spent, 0) <> {SPENT}",
    ),
    Check(
        "client {0}: {1} visits are counted, {2} are there",
        f"SELECT client.id, COALESCE(standing.visits, 0), {VISITS} {CLIENTS}"
        f" WHERE COALESCE(standing.visits, 0) <> {VISITS}",
    ),
    Check(
        "client {0}: the last visit was {1}, the visits say {2}",
        f"""
        SELECT client.id, standing.last_visit_at, {LATEST} {CLIENTS}
        WHERE (standing.last_visit_at IS NULL) <> ({LATEST} IS NULL) OR standing.last_visit_at <> {LATEST}
        """,
    ),
    Check(
        "client {0}: stands on tier {1}, which is not of program {2}",
        """
        SELECT standing.client_id, standing.tier_id, standing.program_id FROM loyalty_tierstanding AS standing
        JOIN loyalty_cashbacktier AS tier ON tier.id = standing.tier_id
        WHERE tier.program_id <> standing.program_id
        """,
    ),
    Check(
        "account {0}: holds {1} and belongs to no client, or to several",
        """
        SELECT MIN(id), unit FROM loyalty_account WHERE unit = 'bonus'
        GROUP BY client_id, unit HAVING client_id IS NULL OR COUNT(*) > 1
        """,
    ),
)
