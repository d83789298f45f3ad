"""What programs with a budget have given: counted under lock, and the database keeps the limit without it.

A program that has given all of its budget gives nothing more; a gift that no longer fits is not given, a smaller one
may still be. What refunds take back can be given again. Where the owner lowers a budget below what was given, nothing
is left until refunds have brought it below.

Worked example: a budget of 100.00, 40.00 a client. Two get 40.00; the third is not given the 20.00 that are left. The
first returns the check, 40.00 come back: the third may have theirs on the next check.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import IntegrityError
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.fields import MoneyField
from loyalty.models import BonusProgram, Budget
from loyalty.money import ZERO, Money


class BudgetIsGone(Refusal):
    """What was left of a budget has gone to somebody else at the same moment. Nothing was written; try again."""

    code = "busy"


def left_of(programs: Collection[str]) -> dict[str, Money]:
    """Code → what may still be given, of those of these programs that have a budget. One query, none for none."""
    return _left(_of(programs)) if programs else {}


def lock(programs: Collection[str]) -> dict[str, Money]:
    """The same, locked in the order of their ids until the transaction ends."""
    return _left(_of(programs).select_for_update(of=("self",), no_key=True)) if programs else {}


def count(given: Mapping[str, Money]) -> None:
    """Count what was given (positive) or taken back (negative), by code of program. One statement, none for nothing.

    Programs without a budget count nothing. Past the limit the database refuses, which raises `BudgetIsGone`: nothing
    of the transaction must then be kept. Whoever has locked and looked before never meets it.
    """
    moved = {code: amount for code, amount in given.items() if amount}
    if not moved:
        return
    ids = {code: BonusProgram.objects.filter(code=code).values("pk")[:1] for code in moved}
    cases = [When(program_id__in=ids[code], then=Value(int(amount))) for code, amount in moved.items()]
    after = F("given") + Case(*cases, default=Value(0), output_field=MoneyField())
    try:
        _of(moved).update(given=Greatest(after, Value(0, output_field=MoneyField())))
    except IntegrityError as error:
        if "a_budget_is_kept" not in str(error):
            raise
        raise BudgetIsGone(_("Somebody else has just been given the last of it. Try again."), seconds=1) from error


def set_limit(program: BonusProgram) -> None:
    """The limit follows the program; never below what was given. Saving a program does it."""
    Budget.follow(program)


def _of(programs: Collection[str]) -> QuerySet[Budget]:
    rows = Budget.objects.filter(program__code__in=programs, program__budget__isnull=False)
    return rows.order_by("pk")


def _left(rows: QuerySet[Budget]) -> dict[str, Money]:
    """By the program's own budget: the limit of the row may be higher, where more had been given."""
    found = rows.values_list("program__code", "program__budget", "given")
    return {code: max(budget - given, ZERO) for code, budget, given in found if budget is not None}
