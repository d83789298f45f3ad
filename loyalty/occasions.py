"""What birthdays and long absences have in common: programs that give an amount to many clients in one night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from django.db import transaction

from clients.actors import Actor
from loyalty import ledger
from loyalty.ledger import Grant
from loyalty.models import Account, BonusProgram
from loyalty.money import ZERO
from loyalty.periods import is_running
from loyalty.terms import Terms

AT_ONCE = 1000


def running(trigger: BonusProgram.Trigger, day: date) -> list[BonusProgram]:
    """The programs of this kind that are switched on and run on this day."""
    programs = BonusProgram.objects.filter(trigger=trigger, enabled=True)
    return [program for program in programs if is_running(program, day)]


def present(program: BonusProgram, account: int, operation: str, day: date) -> Grant:
    """What the program gives, on its terms, counted from this day."""
    return ledger.grant(
        operation=operation,
        account=account,
        amount=program.amount or ZERO,
        terms=Terms.of(program),
        today=day,
        program=program.code,
        name=program.name,
    )


def post_all(grants: Iterable[Grant], *, at: datetime, by: Actor) -> int:
    """Post many grants, a thousand a transaction; how many of them were not there yet."""
    count = 0
    left = iter(grants)
    while batch := list(islice(left, AT_ONCE)):
        with transaction.atomic():
            count += len(ledger.post(batch, at=at, by=by).lots)
    return count


BONUS_ACCOUNTS = Account.objects.filter(unit=Account.Unit.BONUS, client__erased_at=None)
