"""Days of a client that come every year: a child's birthday, a wedding. Bonus programs go by their names.

A day may be in the past (a birth) or ahead (a wedding that is to come), up to ten years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime
from typing import Any

from auditlog.models import LogEntry
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client, PersonalDate, Staff
from clients.refusals import Invalid
from clients.texts import clean_text

MOST_DATES = 10
NAME_LENGTH = 40
EARLIEST = date(1900, 1, 1)
YEARS_AHEAD = 10


@dataclass(frozen=True, slots=True, order=True)
class Dated:
    """A day with what it is."""

    name: str
    day: date

    def __str__(self) -> str:
        return f"{self.name} {self.day.isoformat()}"


def clean_dates(said: Any, *, today: date) -> list[Dated]:
    """`[{name, day}]` as they are stored, each once. Raises `Invalid`, field "dates", "dates[i]", "dates[i].day"."""
    if said is None:
        return []
    if not isinstance(said, list | tuple):
        raise Invalid(_("must be a list"), field="dates")
    if len(said) > MOST_DATES:
        raise Invalid(_("must be at most %(count)d dates") % {"count": MOST_DATES}, field="dates")
    return list(dict.fromkeys(_one(item, f"dates[{i}]", today) for i, item in enumerate(said)))


def _one(said: Any, field: str, today: date) -> Dated:
    if isinstance(said, Dated):
        said = {"name": said.name, "day": said.day}
    if not isinstance(said, Mapping):
        raise Invalid(_('must be like {"name": "child", "day": "2015-05-31"}'), field=field)
    for name in said:
        if name not in ("name", "day"):
            raise Invalid(_("unknown field"), field=f"{field}.{str(name)[:40]}")
    name = clean_text(said.get("name"), f"{field}.name", NAME_LENGTH)
    if not name:
        raise Invalid(_("must not be empty"), field=f"{field}.name")
    return Dated(name, _day(said.get("day"), f"{field}.day", today))


def _day(said: Any, field: str, today: date) -> date:
    try:
        day = said if isinstance(said, date) else datetime.strptime(said, "%Y-%m-%d").date()  # noqa: DTZ007  # a day
    except (TypeError, ValueError):
        raise Invalid(_("must be a date like 2015-05-31"), field=field) from None
    latest = date(min(today.year + YEARS_AHEAD, MAXYEAR), 12, 31)
    if not EARLIEST <= day <= latest:
        facts = {"years": YEARS_AHEAD}
        raise Invalid(_("must be from 1900 on, and at most %(years)d years ahead") % facts, field=field)
    return day


def dates_of(client: Client) -> list[Dated]:
    """The dates of a client, by name; of many clients without a query each, once they are prefetched."""
    return sorted(Dated(row.name, row.day) for row in client.dates.all())


def set_dates(client: Client, wanted: Sequence[Dated], *, by: Actor) -> None:
    """Make these the client's dates, all of them, and leave a record of the change. Inside the caller's transaction."""
    rows = {Dated(row.name, row.day): row.pk for row in PersonalDate.objects.filter(client=client)}
    if rows.keys() == set(wanted):
        return
    PersonalDate.objects.filter(pk__in=[pk for one, pk in rows.items() if one not in wanted]).delete()
    new = [PersonalDate(client=client, name=one.name, day=one.day) for one in wanted if one not in rows]
    PersonalDate.objects.bulk_create(new, ignore_conflicts=True)  # at two tills at once each is there once
    _record(client, sorted(rows), sorted(wanted), by)


def _record(client: Client, before: Sequence[Dated], after: Sequence[Dated], by: Actor) -> None:
    """One line for the whole change; rows that come and go say nothing to a reader."""
    staff = Staff.objects.filter(username=by.name).first() if by.kind == "staff" else None
    LogEntry.objects.log_create(
        client,
        action=LogEntry.Action.UPDATE,
        changes={"dates": [", ".join(map(str, before)), ", ".join(map(str, after))]},
        actor=staff,
        additional_data=None if staff else {"by": str(by)},
    )
