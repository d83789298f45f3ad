"""What programs with a budget are said to have given, against the ledger."""

from __future__ import annotations

from loyalty.proof.check import Check

LIKE = "'visit:%:occasions:' || REPLACE(REPLACE(program.code, '!', '!!'), '_', '!_') || ':refund:%' ESCAPE '!'"
GIVEN = f"""
    COALESCE((SELECT SUM(entry.amount) FROM loyalty_entry AS entry JOIN loyalty_lot AS lot ON lot.id = entry.lot_id
        WHERE lot.program = program.code AND entry.kind = 'grant'), 0)
    + COALESCE((SELECT SUM(back.amount) FROM loyalty_entry AS back
        WHERE back.kind = 'take_back' AND back.operation LIKE {LIKE}), 0)
"""  # noqa: S608  # a constant is put in

BUDGETS = (
    Check(
        "bonus program {0}: it is said to have given {1}, the ledger says {2}",
        f"""
        SELECT program.code, budget.given, {GIVEN} FROM loyalty_bonusprogram AS program
        JOIN loyalty_budget AS budget ON budget.program_id = program.id
        WHERE program.budget IS NOT NULL AND budget.given <> {GIVEN}
        """,  # noqa: S608
    ),
    Check(
        "bonus program {0}: nothing counts what it gives of its budget",
        """
        SELECT program.code, program.budget FROM loyalty_bonusprogram AS program
        LEFT JOIN loyalty_budget AS budget ON budget.program_id = program.id
        WHERE program.budget IS NOT NULL AND budget.program_id IS NULL
        """,
    ),
)
