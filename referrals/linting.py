"""What the owner should look at in the referral program. Pure: rules in, findings out."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from loyalty.findings import Finding, Known, Where
from loyalty.linter.bonuses import end_before_return, limit_zero
from loyalty.linter.deals import gives_nothing
from loyalty.linter.never import ended
from loyalty.linter.programs import Program, is_over
from loyalty.linter.words import quoted
from referrals.program import Rules

PAGE = Where("referrals.referralprogram")


def lint(rules: Rules | None, known: Known) -> Iterable[Finding]:
    """Of a program that is on: that it has ended, gives nothing, or gives what nobody can use."""
    if rules is None or not rules.enabled:
        return
    gives_bonuses = bool(rules.referrer_percent or rules.referrer_amount or rules.friend_amount)
    program = Program(
        where=PAGE,
        name=quoted(rules.name),
        from_day=rules.from_day,
        to_day=rules.to_day,
        bonuses=rules.terms if gives_bonuses else None,
    )
    if is_over(program, known):
        yield ended(program)
        return
    if not gives_bonuses and not rules.friend_discount_percent:
        yield from _nothing(program, rules)
    yield from limit_zero(program)
    yield from end_before_return(program, known)


def _nothing(program: Program, rules: Rules) -> Iterable[Finding]:
    """Nothing was filled in, or 0 %."""
    if rules.referrer_percent is not None or rules.friend_discount_percent is not None:
        yield gives_nothing(program)
    else:
        text = _("%(name)s gives nothing to either side. Say what whoever brings a friend gets, or switch it off.")
        yield program.grave("gives_nothing", text % {"name": program.name})
