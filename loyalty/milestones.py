"""Bonuses for a balance that has reached a sum, once a client for ever.

Looked at by night, when everything else of the day is done: what a client could spend at the moment the night begins,
its own grants and the lots that end with it included, debts taken off. A night that is made up late looks at that
same moment, which the ledger remembers, so an outage changes neither who gets it nor from which day on it counts. What
a till did in between with bonuses that had not come yet is the only thing that it cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator

from loyalty import ledger
from loyalty.models import Account, BonusProgram
from loyalty.money import ZERO
from loyalty.occasions import Due, Tonight, audience, give_all, running


def grant_balance_milestones(night: Tonight) -> int:
    """Grant what is due in this night; how many grants this run made."""
    programs = running(BonusProgram.Trigger.BALANCE, night)
    return sum(give_all(program, _due(program, night), night) for program in programs)


def _due(program: BonusProgram, night: Tonight) -> Iterator[Due]:
    operation = f"milestone:{program.code}:client:"
    found = ledger.accounts_that_held(
        program.reaches or ZERO,
        unit=Account.Unit.BONUS,
        day=night.day,
        at=night.at,
        program=program.code,
        operation=operation,
    )
    for accounts in found:
        people = audience(program, night).filter(pk__in=accounts).order_by("pk")
        for account, client in people.values_list("pk", "client"):
            yield Due(account, client, f"{operation}{client}")
