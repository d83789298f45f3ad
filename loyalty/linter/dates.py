"""Whether a program still has a moment at which it acts, and whether two of them share one. Pure.

Hours go by the clock of a location, dates by that of the business. Where the two differ, a date is looked at a day
earlier and later too: what is told then is certain all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta

from loyalty.house import House
from loyalty.linter.programs import Program
from loyalty.periods import Week

WEEK = 7
LONGEST = 10
"""So many days show every weekday, whatever the clocks: a longer range need not be looked at."""
Span = tuple[time, time | None]
"""From a time until before another; None is the end of the day."""


def spans(week: Week, day: date) -> Iterator[Span]:
    """When a program is on on this day: as `Week.on` says, also what goes on from the evening before."""
    begins, ends = week.from_time or time.min, week.to_time or time.min
    is_on, was_on = (_is_on(week, day.weekday()), _is_on(week, (day - timedelta(days=1)).weekday()))
    if ends > begins:
        if is_on:
            yield begins, ends
        return
    if is_on:
        yield begins, None
    if was_on and ends > time.min:
        yield time.min, ends


def _is_on(week: Week, weekday: int) -> bool:
    return not week.weekdays or weekday in week.weekdays


def left(program: Program, today: date, house: House) -> list[date]:
    """Days from today on that its dates include, at most so many that every weekday is among them."""
    return _days([program], today, house)


def _days(programs: Iterable[Program], today: date, house: House) -> list[date]:
    programs = list(programs)
    begin = max([today, *(one.from_day for one in programs if one.from_day is not None)])
    ends = [one.to_day for one in programs if one.to_day is not None]
    end = min([begin + timedelta(days=LONGEST), *ends])
    if end < begin:
        return []
    if any(place.zone != house.zone for place in house.places.values()):
        begin, end = begin - timedelta(days=1), end + timedelta(days=1)
    return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]


def has_a_moment(program: Program, today: date, house: House) -> bool:
    """Whether one of its days is one of its weekdays."""
    return any(True for day in left(program, today, house) for _span in spans(program.week, day))


def share_a_moment(one: Program, other: Program, today: date, house: House) -> bool:
    """Whether both can be on at once."""
    return any(
        _meet(span, another)
        for day in _days([one, other], today, house)
        for span in spans(one.week, day)
        for another in spans(other.week, day)
    )


def _meet(one: Span, other: Span) -> bool:
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def is_on_whenever(one: Program, other: Program, today: date) -> bool:
    """Whether `one` is on at every moment at which `other` is."""
    begins = one.from_day is None or one.from_day <= max(other.from_day or today, today)
    ends = one.to_day is None or (other.to_day is not None and other.to_day <= one.to_day)
    return begins and ends and (one.week == Week() or one.week == other.week)
