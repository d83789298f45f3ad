"""Programs that are on and can never act. Pure.

Only what is certain is told: the day has passed, nothing of it is on sale, nobody can meet its conditions. What an
owner may mean, odd as it looks, is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.audience import Segment
from loyalty.explanations import show_day
from loyalty.findings import Finding, Severity, Where
from loyalty.linter.dates import has_a_moment
from loyalty.linter.programs import Program, Programs, is_over
from loyalty.linter.words import quoted, weekdays
from loyalty.money import Money
from loyalty.periods import Week

SEGMENT = "loyalty.segment"


def never(programs: Programs) -> Iterable[Finding]:
    """Of every kind of program, the first reason for which it can never act; then segments that nobody can be in."""
    for program in programs.all:
        found = next(iter(_reasons(program, programs)), None)
        if found is not None:
            yield found
        elif program.segment in programs.empty_segments:
            yield _nobody_now(program, programs)
    yield from _segments(programs)


def _reasons(program: Program, programs: Programs) -> Iterable[Finding]:
    yield from when(program, programs)
    if program.places and not program.places & programs.house.places.keys():
        text = _("%(name)s is for locations that are closed: it acts nowhere. Choose open ones, or switch it off.")
        yield program.grave("nowhere", text % {"name": program.name})
    yield from _for_whom(program, programs)


# --- when ---------------------------------------------------------------------------------------------------------


def when(program: Program, programs: Programs) -> Iterable[Finding]:
    """Its dates, and the weekdays in them."""
    first, last, facts = program.from_day, program.to_day, {"name": program.name}
    if first is not None and last is not None and last < first:
        text = _("%(name)s ends on %(last)s, before it begins on %(first)s: it never acts. Change its dates.")
        yield program.grave("backwards", text % {**facts, "first": show_day(first), "last": show_day(last)})
    elif last is not None and is_over(program, programs.known):
        yield ended(program)
    elif last is not None and not has_a_moment(program, programs.known.today, programs.house):
        begin = max(programs.known.today, first or programs.known.today)
        text = _(
            "%(name)s acts on %(weekdays)s only, and there is none from %(first)s to %(last)s: it never acts. "
            "Change its dates or its weekdays."
        )
        said = {"weekdays": weekdays(program.week), "first": show_day(begin), "last": show_day(last)}
        yield program.grave("no_weekday", text % {**facts, **said})


def ended(program: Program) -> Finding:
    """Its last day has passed."""
    assert program.to_day is not None
    if program.is_typed:
        text = _("%(name)s ended on %(day)s: nobody can use it. Give it new dates or switch it off.")
    else:
        text = _("%(name)s ended on %(day)s: nobody gets anything from it. Give it new dates or switch it off.")
    return program.note("ended", text % {"name": program.name, "day": show_day(program.to_day)})


# --- for whom -----------------------------------------------------------------------------------------------------


def _for_whom(program: Program, programs: Programs) -> Iterable[Finding]:
    facts = {"name": program.name, "tier": quoted(program.tier)}
    if program.client is not None and program.client in programs.forgotten:
        text = _("%(name)s is for a client who has asked to be forgotten: nobody can use it. Switch it off.")
        yield program.grave("forgotten_client", text % facts)
    if program.tier and program.tier not in programs.tiers:
        text = _(
            "%(name)s is for the tier %(tier)s, but no cashback program that is on has a tier of this name. "
            "Choose another tier, or switch it off."
        )
        yield program.grave("no_such_tier", text % facts)
    segment = programs.segment_of(program)
    if segment is not None:
        yield from _in_segment(program, segment, programs)


def _in_segment(program: Program, segment: Segment, programs: Programs) -> Iterable[Finding]:
    facts, also = {"name": program.name, "segment": quoted(segment.name)}, Where(SEGMENT, segment.id)
    if segment.id not in programs.house.segments:
        text = _(
            "%(name)s is for the segment %(segment)s, which is switched off: nobody gets anything from it. "
            "Switch the segment on, or choose another."
        )
        yield program.grave("segment_off", text % facts, also)
    elif contradicts_itself(segment) or _asks_unknown_tier(segment, programs):
        text = _(
            "%(name)s is for the segment %(segment)s, to which nobody can belong. "
            "Change the conditions of the segment, or choose another."
        )
        yield program.grave("segment_contradicts", text % facts, also)


def _nobody_now(program: Program, programs: Programs) -> Finding:
    segment = programs.segment_of(program)
    assert segment is not None
    text = _(
        "Nobody belongs to the segment %(segment)s now, so nobody gets anything from %(name)s. "
        "Look at the conditions of the segment."
    )
    facts = {"name": program.name, "segment": quoted(segment.name)}
    return program.note("nobody_in", text % facts, Where(SEGMENT, segment.id))


def contradicts_itself(segment: Segment) -> bool:
    """Whether nobody can ever meet all its conditions."""
    return bool(_contradictions(segment))


def _contradictions(segment: Segment) -> list[tuple[Any, Any, Any]]:
    """What it asks that nobody can meet: the sentence, and its two figures. Of a list nothing is asked."""
    if segment.is_static:
        return []
    class_asks = 1 if segment.rfm else None
    asked: list[tuple[Any, int | None, int | None]] = [
        (LAST_VISIT, segment.last_visit_days_min, segment.last_visit_days_max),
        (VISITS, segment.visits_min, segment.visits_max),
        (SPENT, segment.spent_min, segment.spent_max),
        (CLASS, class_asks, segment.visits_max),
    ]
    return [
        (text, least, most) for text, least, most in asked if least is not None and most is not None and least > most
    ]


LAST_VISIT = gettext_lazy(
    "The segment %(name)s asks for a last visit at least %(least)d and at most %(most)d days ago: "
    "nobody can belong. Change one of the two."
)
VISITS = gettext_lazy(
    "The segment %(name)s asks for at least %(least)d and at most %(most)d visits: nobody can belong. "
    "Change one of the two."
)
SPENT = gettext_lazy(
    "The segment %(name)s asks for a total spent of at least %(least)s and at most %(most)s: nobody can belong. "
    "Change one of the two."
)
CLASS = gettext_lazy(
    "The segment %(name)s asks for a class of clients who have been here and for no visits: nobody can belong. "
    "Drop one of the two."
)


def _segments(programs: Programs) -> Iterable[Finding]:
    """What is wrong with a segment itself."""
    show = programs.house.currency.number
    for segment in programs.house.segments.values():
        where, name = Where(SEGMENT, segment.id), quoted(segment.name)
        wrong = _contradictions(segment)
        if wrong:
            text, least, most = wrong[0]
            said = [show(Money(figure)) if text is SPENT else figure for figure in (least, most)]
            facts = {"name": name, "least": said[0], "most": said[1]}
            yield Finding(Severity.GRAVE, "segment_contradicts", where, text % facts)
        elif _asks_unknown_tier(segment, programs):
            text = _(
                "The segment %(name)s asks for the tier %(tier)s, but no cashback program that is on has a tier of "
                "this name: nobody can belong. Choose another tier."
            )
            facts = {"name": name, "tier": quoted(segment.tier)}
            yield Finding(Severity.GRAVE, "no_such_tier", where, text % facts)


def _asks_unknown_tier(segment: Segment, programs: Programs) -> bool:
    return bool(not segment.is_static and segment.tier and segment.tier not in programs.tiers)


def has_been_here(segment: Segment | None) -> bool:
    """Whether only clients who have been here can belong."""
    if segment is None or segment.is_static:
        return False
    return bool(segment.visits_min or segment.rfm)


# --- odd hours ----------------------------------------------------------------------------------------------------


def odd_hours(program: Program) -> Iterable[Finding]:
    """Hours that end when they begin are a whole day; an owner hardly means that."""
    week: Week = program.week
    if week.from_time is None or week.from_time != week.to_time:
        return
    text = _("%(name)s is from %(time)s until %(time)s: that is a whole day. Give it another end, or no hours at all.")
    yield program.note("whole_day", text % {"name": program.name, "time": f"{week.from_time:%H:%M}"})


def odd_for_newcomers(program: Program, segment: Segment | None, *, new_clients_only: bool) -> Iterable[Finding]:
    """For newcomers, of a segment that has been here: nobody."""
    if not new_clients_only or segment is None or not has_been_here(segment):
        return
    least = segment.visits_min or 1
    text = ngettext(
        "%(name)s is for new clients only, but the segment %(segment)s asks for %(count)d visit: nobody can use it. "
        "Drop one of the two.",
        "%(name)s is for new clients only, but the segment %(segment)s asks for %(count)d visits: nobody can use it. "
        "Drop one of the two.",
        least,
    )
    facts = {"name": program.name, "segment": quoted(segment.name), "count": least}
    yield program.grave("newcomers_who_came", text % facts, Where(SEGMENT, segment.id))
