"""What a chain does, in words. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Channel
from loyalty.admin.sentences import amount, days, quoted
from loyalty.models import Chain, ChainStep
from loyalty.money import Currency

Begins = Chain.Begins
Action = ChainStep.Action
Condition = ChainStep.Condition


def chain(row: Chain, steps: Sequence[ChainStep], currency: Currency) -> list[str]:
    """ "It begins when bonuses end in 7 days. 1. At once: the letter “Ending” by e-mail. …" """
    if not steps:
        return [*_off(row), _begins(row, currency), _("No step yet: add one, for example a letter at once.")]
    ordered = sorted(steps, key=lambda step: step.number or 0)
    return [*_off(row), _begins(row, currency), *(told(step) for step in ordered), *_stops(row)]


def _off(row: Chain) -> list[str]:
    return [] if row.enabled else [_("Switched off: it begins for nobody, and whoever is on the way waits.")]


def _begins(row: Chain, currency: Currency) -> str:
    facts = {"time": days(row.days), "amount": amount(row.min_amount or 0, currency)}
    said = {
        Begins.LOT_ENDS: _("It begins when bonuses end in %(time)s."),
        Begins.REGISTERED: _("It begins when a client has joined."),
        Begins.VISITED: _("It begins with each visit."),
        Begins.ABSENT: _("It begins when a client has not been here for %(time)s."),
        Begins.BIRTHDAY: _("It begins %(time)s before a birthday."),
        Begins.TIER_FALLS: _("It begins when a tier falls in %(time)s."),
    }[Begins(row.begins)]
    if row.begins == Begins.BIRTHDAY and not row.days:
        said = _("It begins on a birthday.")
    if row.begins == Begins.LOT_ENDS and row.min_amount:
        said = _("It begins when at least %(amount)s bonuses end in %(time)s.")
    if row.segment is not None:
        return " ".join([said % facts, _("For clients in %(segment)s.") % {"segment": quoted(str(row.segment))}])
    return said % facts


def told(step: ChainStep) -> str:
    """ "2. After 4 days, if the bonuses were not spent: the letter “Ending” by SMS." """
    facts = {"number": step.number, "when": when(step), "condition": condition(step), "does": does(step)}
    if step.condition == Condition.ALWAYS:
        said = _("%(number)s. %(when)s: %(does)s.") % facts
    else:
        said = _("%(number)s. %(when)s, if %(condition)s: %(does)s.") % facts
    return " ".join([said, *_ways(step)])


def when(step: ChainStep) -> str:
    hours = ngettext("%(count)d hour", "%(count)d hours", step.after_hours) % {"count": step.after_hours}
    if step.after_days and step.after_hours:
        return _("After %(days)s and %(hours)s") % {"days": days(step.after_days), "hours": hours}
    if step.after_days:
        return _("After %(days)s") % {"days": days(step.after_days)}
    return _("After %(hours)s") % {"hours": hours} if step.after_hours else _("At once")


def condition(step: ChainStep) -> str:
    if step.condition == Condition.IN_SEGMENT:
        return _("the client is in %(segment)s") % {"segment": quoted(str(step.segment))}
    return str(step.get_condition_display())


def does(step: ChainStep) -> str:
    if step.action == Action.LETTER:
        text = _("the letter %(name)s by SMS") if step.channel == Channel.SMS else _("the letter %(name)s by e-mail")
        return text % {"name": quoted(str(step.template))}
    if step.action == Action.BONUS:
        return _("the bonuses of %(name)s") % {"name": quoted(str(step.program))}
    return _("the end") if step.action == Action.STOP else _("nothing")


def _ways(step: ChainStep) -> list[str]:
    said = []
    if step.then:
        said.append(_("Then step %(number)d.") % {"number": step.then})
    if step.otherwise:
        said.append(_("Else step %(number)d.") % {"number": step.otherwise})
    return said


def _stops(row: Chain) -> list[str]:
    if row.stop_when_visited and row.stop_when_spent:
        return [_("It stops as soon as the client has been here, or has spent the bonuses.")]
    if row.stop_when_visited:
        return [_("It stops as soon as the client has been here.")]
    return [_("It stops as soon as the client has spent the bonuses.")] if row.stop_when_spent else []
