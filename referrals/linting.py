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
from loyalty.money import ZERO
from referrals.models import Kind
from referrals.program import Rules

PAGE = Where("referrals.referralprogram")


def lint(rules: Rules | None, known: Known) -> Iterable[Finding]:
    """Of a program that is on: that it has ended, gives nothing, or gives what nobody can use."""
    if rules is None or not rules.enabled:
        return
    program = Program(
        where=PAGE,
        name=quoted(rules.name),
        from_day=rules.from_day,
        to_day=rules.to_day,
        bonuses=rules.terms if rules.gives_bonuses else None,
    )
    if is_over(program, known):
        yield ended(program)
        return
    if rules.gives_nothing:
        yield from _nothing(program, rules)
    yield from _goods(program, rules)
    yield from _limits(program, rules)
    yield from limit_zero(program)
    yield from end_before_return(program, known)


def _nothing(program: Program, rules: Rules) -> Iterable[Finding]:
    """Nothing was filled in, or 0 %."""
    if rules.referrer_percent is not None or rules.gains:
        yield gives_nothing(program)
    else:
        text = _("%(name)s gives nothing to either side. Say what whoever brings a friend gets, or switch it off.")
        yield program.grave("gives_nothing", text % {"name": program.name})


def _goods(program: Program, rules: Rules) -> Iterable[Finding]:
    """A gift card or a membership that nobody can give. One that is not on sale can be given."""
    said = {
        Kind.GIFT_CARD: _(
            "%(name)s gives a gift card of the type “%(code)s”, and there is none: nobody gets it. Choose another type."
        ),
        Kind.MEMBERSHIP: _(
            "%(name)s gives the membership “%(code)s”, and there is none: nobody gets it. Choose another one."
        ),
    }
    missing = {(gain.kind, gain.good) for gain in rules.gains if gain.good and not gain.called}
    for kind, code in sorted(missing):
        yield program.grave("no_such_good", said[kind] % {"name": program.name, "code": code})


def _limits(program: Program, rules: Rules) -> Iterable[Finding]:
    """A limit that one reward passes: nobody ever gets what is promised."""
    gain = rules.referrer
    once = gain.amount if gain is not None and gain.is_bonuses else ZERO
    texts = (
        (
            rules.max_per_month,
            _("%(name)s promises more than it gives: at most so much a month is less than one reward."),
        ),
        (
            rules.max_per_friend,
            _("%(name)s promises more than it gives: at most so much for a friend is less than one reward."),
        ),
    )
    for limit, text in texts:
        if limit is not None and limit < once:
            fix = _("Raise the limit or lower the reward.")
            yield program.grave("limit_below_reward", f"{text % {'name': program.name}} {fix}")
