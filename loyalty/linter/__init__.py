"""A linter for programs: what the owner has switched on and what can never act, gives nothing, or gives too much.

Shown to the owner when a program is saved and on the first page of the admin. Only certain facts are told, in whole
sentences that say what is and what to do. What is found is worked out from plain values; one loader reads them, in a
number of queries that does not grow with the programs. Mechanics of the rooms above tell their own
(`Mechanic.lint`), so nothing here names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from loyalty.findings import Finding, Severity
from loyalty.linter.bonuses import bonuses
from loyalty.linter.deals import deals
from loyalty.linter.ladders import ladders
from loyalty.linter.loading import load_programs
from loyalty.linter.never import never
from loyalty.linter.pairs import pairs
from loyalty.linter.programs import Programs
from loyalty.mechanics import mechanics
from loyalty.rulebook import rulebook

__all__ = ["findings", "findings_about", "found_in"]


def findings(*, now: datetime) -> list[Finding]:
    """Everything there is to tell of the programs that are on, what is grave first. Raises `NotSetUp`."""
    book = rulebook()
    programs = load_programs(book, now)
    of_mechanics = (
        finding
        for mechanic in mechanics()
        for finding in mechanic.lint(book.house, book.rules[mechanic.code], programs.known)
    )
    return sorted([*found_in(programs), *of_mechanics], key=lambda finding: finding.severity != Severity.GRAVE)


def findings_about(label: str, pk: int, *, now: datetime) -> list[Finding]:
    """What there is to tell of one row: its model ("loyalty.promocode") and id."""
    return [finding for finding in findings(now=now) if finding.is_about(label, pk)]


def found_in(programs: Programs) -> Sequence[Finding]:
    """The pure part, in the order of the rules."""
    rules = (never, deals, ladders, bonuses, pairs)
    found: Iterable[Finding] = (finding for rule in rules for finding in rule(programs))
    return list(found)
