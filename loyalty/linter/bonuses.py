"""Bonuses that cannot be used, or end before their owner comes again; occasions that give nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.explanations import show_percent
from loyalty.findings import Finding, Known, Severity
from loyalty.linter.deals import gives_nothing, nothing_on_sale
from loyalty.linter.programs import HOUSE, Gift, Program, Programs, Trial, Trigger, is_over
from loyalty.linter.words import days
from loyalty.money import Money
from loyalty.terms import Terms

CALLS_BACK = frozenset({Trigger.BIRTHDAY, Trigger.ANNIVERSARY, Trigger.PERSONAL_DATE, Trigger.INACTIVITY})
"""Occasions whose short life is the reason to come: they are not measured by when people come by themselves."""


def bonuses(programs: Programs) -> Iterable[Finding]:
    """The terms of all bonuses that are given; then occasions and trials that give nothing."""
    yield from _house(programs)
    calls_back = {gift.program.where for gift in programs.gifts if gift.trigger in CALLS_BACK}
    for program in programs.all:
        if program.bonuses is None or is_over(program, programs.known):
            continue
        yield from limit_zero(program)
        if program.where not in calls_back:
            yield from end_before_return(program, programs.known)
    givers: list[Gift | Trial] = [*programs.gifts, *programs.trials]
    for one in givers:
        if not is_over(one.program, programs.known):
            yield from _given(one, programs)
    for gift in programs.gifts:
        if not is_over(gift.program, programs.known):
            yield from _budget(gift, programs)
            yield from _date(gift)


def _house(programs: Programs) -> Iterable[Finding]:
    limit = programs.house.bonus_limit_percent
    if not limit:
        text = _("Bonuses pay at most %(percent)s of a check, whatever the program: nobody can use any. Raise it.")
        yield Finding(Severity.GRAVE, "limit_zero", HOUSE, text % {"percent": show_percent(limit)})


def _given(one: Gift | Trial, programs: Programs) -> Iterable[Finding]:
    if one.gives_nothing:
        yield gives_nothing(one.program)
    if isinstance(one, Trial) and programs.house.services and not one.services & programs.house.services.keys():
        yield nothing_on_sale(one.program)


def _budget(gift: Gift, programs: Programs) -> Iterable[Finding]:
    """One that is less than a single gift, or has been given."""
    if gift.budget is None:
        return
    show, language, least = programs.house.currency.number, get_language() or "en", gift.amount or Money(1)
    facts = {"name": gift.program.name, "budget": show(gift.budget, language), "amount": show(least, language)}
    if gift.budget < least:
        text = _("%(name)s gives %(amount)s, and has %(budget)s to give in all: it never acts. Raise the budget.")
        yield gift.program.grave("budget_too_small", text % facts)
    elif gift.left is not None and gift.left < least:
        text = _("%(name)s has given its budget of %(budget)s: nobody gets anything more. Raise it or switch it off.")
        yield gift.program.note("budget_used_up", text % facts)


def _date(gift: Gift) -> Iterable[Finding]:
    if gift.unknown_date:
        text = _("%(name)s goes by the day “%(date)s”, which no client has. Say it on the clients' pages.")
        yield gift.program.note("no_such_date", text % {"name": gift.program.name, "date": gift.unknown_date})


def limit_zero(program: Program) -> Iterable[Finding]:
    """Bonuses that may pay 0 % of a check."""
    if program.bonuses is None or program.bonuses.limit_percent:
        return
    text = _("The bonuses of %(name)s pay at most %(percent)s of a check: nobody can ever use them. Raise the limit.")
    facts = {"name": program.name, "percent": show_percent(program.bonuses.limit_percent)}
    yield program.grave("limit_zero", text % facts)


def end_before_return(program: Program, known: Known) -> Iterable[Finding]:
    """Bonuses whose last day comes before half of the clients do."""
    if program.bonuses is None or known.usual_return is None:
        return
    live = _life(program.bonuses, known)
    if live is not None and live < known.usual_return:
        text = _(
            "The bonuses of %(name)s end %(life)s after they are given, but half of your clients come again only "
            "after %(usual)s or more: most will never use them. Let them live longer."
        )
        facts = {"name": program.name, "life": days(live), "usual": days(known.usual_return)}
        yield program.note("ends_before_return", text % facts)


def _life(terms: Terms, known: Known) -> int | None:
    """From the day they are given to their last day, if they were given today."""
    last = terms.last_day(known.today)
    return None if last is None else (last - known.today).days
