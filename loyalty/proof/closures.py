"""Closures against the entries that they posted: each extension has its entry, each entry its extension."""

from __future__ import annotations

from loyalty.proof.check import Check
from loyalty.proof.entries import CHAIN

CLOSURES = (
    Check(
        "closure {0}: extended lot {1} from {2} to {3}, no entry of the lot says so",
        f"""
        SELECT extension.closure_id, extension.lot_id, extension.before, extension.after
        FROM loyalty_extension AS extension LEFT JOIN {CHAIN}
            ON chain.lot_id = extension.lot_id AND chain.operation = 'closure:' || extension.closure_id
            AND chain.amount = 0 AND chain.last_day = extension.after AND chain.last_day_before = extension.before
        WHERE extension.lot_id IS NOT NULL AND chain.id IS NULL
        """,  # noqa: S608
    ),
    Check(
        "lot {0}: entry {1} is of {2}, which does not know of it",
        """
        SELECT entry.lot_id, entry.number, entry.operation FROM loyalty_entry AS entry
        LEFT JOIN loyalty_extension AS extension ON extension.lot_id = entry.lot_id
            AND entry.operation IN
                ('closure:' || extension.closure_id, 'closure:' || extension.closure_id || ':undo')
        WHERE entry.operation LIKE 'closure:%' AND extension.id IS NULL
        """,
    ),
    Check(
        "lot {0}: entry {1} takes back closure {2}, which stands",
        """
        SELECT entry.lot_id, entry.number, closure.id FROM loyalty_entry AS entry
        JOIN loyalty_closure AS closure ON entry.operation = 'closure:' || closure.id || ':undo'
        WHERE closure.undone_at IS NULL
        """,
    ),
)
