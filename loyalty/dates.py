"""Bonuses on dates that come every year: the anniversary of joining, and personal dates such as a child's birthday.

They come as birthdays do (`loyalty.birthdays`): so many days before, in the night of that day or made up as that
night, once per date and year. 29 February is kept on 28 February in other years.

**Anniversary.** The client's first day here, by the business's calendar, each year from the first on
(`date:2027:jubilee:client:7`). Clients are found by the index of when they registered, one range for each year that
the house has clients of.

**Personal date.** Every row with the name that the program gives (`date:2027:child:client:7:12`; 12 is the row): who
told of two children has two. Not before the date itself has come: a wedding that is still to be is kept for the first
time on its day. A date that is deleted and told anew with another day brings no second gift: within the better
part of a year a client gets no more from the program than there are dates of that name.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from clients.models import Client, PersonalDate
from clients.models.people import calendar_day
from loyalty.models import Account, BonusProgram, Lot
from loyalty.occasions import Due, Tonight, audience, by_account, give_all, pages, running
from loyalty.periods import starts_at

LONGEST_NOTICE = 180
"""Days before a date, at most: further ahead a date told anew could be paid twice a year."""
HALF_A_YEAR = 182
"""Days. Two nights of one date lie further apart in whatever years, two nights of a date that was corrected nearer."""


# --- days that come every year ------------------------------------------------------------------------------------


def kept_on(day: date, year: int) -> date:
    """The day on which a date is kept in this year."""
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a night looks at: its own and those of the notice."""

    first: date
    last: date

    @classmethod
    def of(cls, program: BonusProgram, day: date) -> Window:
        return cls(day, day + timedelta(days=notice_of(program)))

    def calendar_days(self) -> list[int]:
        """The dates that are kept within it, as `CalendarDay` has them: 229 is 29 February."""
        days = [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]
        found = {calendar_day(day) for day in days}
        if any((day.month, day.day) == (2, 28) and not isleap(day.year) for day in days):
            found.add(229)
        return sorted(day for day in found if day is not None)

    def year_of(self, day: date) -> int | None:
        """The year in which this date is kept within the window; None: in none."""
        years = (self.first.year, self.last.year)
        return next((year for year in years if self.first <= kept_on(day, year) <= self.last), None)

    def years_ago(self, years: int) -> tuple[date, date] | None:
        """The first and the last date that are kept within the window so many years later."""
        first, last = (kept_on(day, day.year - years) for day in (self.first, self.last))
        if kept_on(first, self.first.year) < self.first:
            first += timedelta(days=1)  # 29 February alone is kept on 29 February
        if (last.month, last.day) == (2, 28) and isleap(last.year) and not isleap(self.last.year):
            last += timedelta(days=1)  # 29 February is kept on 28 February, too
        return (first, last) if first <= last else None


def notice_of(program: BonusProgram) -> int:
    return min(program.days_before, LONGEST_NOTICE)


def given_lately(program: BonusProgram, night: Tonight, kind: str, days: int = HALF_A_YEAR) -> QuerySet[Lot]:
    """What an account got from the program within so many days."""
    since = night.day - timedelta(days=days)
    return Lot.objects.filter(
        account=OuterRef("pk"),
        program=program.code,
        operation__startswith=kind,
        created_at__gt=starts_at(since, night.house.zone),
    )


def registered_in_time(program: BonusProgram, night: Tonight) -> Q:
    """Clients who registered at least so many days before the night, by the business's calendar.

    A night that is made up gives to nobody who was not here yet when it began. The night of today, run by hand or late,
    also reaches who has registered today.
    """
    days = program.registered_days - 1
    is_made_up = night.day < night.house.day(night.now)
    after = night.day - timedelta(days=max(days, 0) if is_made_up else days)
    return Q(client__created_at__lt=starts_at(after, night.house.zone))


# --- the night ----------------------------------------------------------------------------------------------------


def grant_date_bonuses(night: Tonight) -> int:
    """Grant what is due in this night; how many grants this run made."""
    joined = running(BonusProgram.Trigger.ANNIVERSARY, night)
    count = sum(give_all(program, _anniversaries(program, night), night) for program in joined)
    told = running(BonusProgram.Trigger.PERSONAL_DATE, night)
    return count + sum(give_all(program, _personal_dates(program, night), night) for program in told)


def _anniversaries(program: BonusProgram, night: Tonight) -> Iterator[Due]:
    window, zone = Window.of(program, night.day), night.house.zone
    for page in pages(jubilarians(program, night), F("client__created_at")):
        for account, client, at in page:
            year = window.year_of(at.astimezone(zone).date())
            if year is not None:
                yield Due(account, client, f"date:{year}:{program.code}:client:{client}")


def jubilarians(program: BonusProgram, night: Tonight) -> QuerySet[Account]:
    """Those who joined on these days of earlier years and got nothing from the program lately."""
    oldest = Client.objects.order_by("created_at").values_list("created_at", flat=True).first()
    window, zone = Window.of(program, night.day), night.house.zone
    reach = range(1, window.last.year - oldest.astimezone(zone).year + 1) if oldest else ()
    spans = [span for years in reach if (span := window.years_ago(years))]
    joined = [
        Q(
            client__created_at__gte=starts_at(first, zone),
            client__created_at__lt=starts_at(last + timedelta(days=1), zone),
        )
        for first, last in spans
    ]
    return audience(program, night).filter(
        ~Exists(given_lately(program, night, "date:")),
        registered_in_time(program, night),
        reduce(or_, joined, Q(pk__in=[])),
    )


def _personal_dates(program: BonusProgram, night: Tonight) -> Iterator[Due]:
    window = Window.of(program, night.day)

    def has_come(day: date) -> bool:
        year = window.year_of(day)
        return year is not None and year >= day.year

    columns = (F("client__dates__day"), F("operation_of_date"), F("told"), F("given"))
    for page in pages(remembered(program, night), *columns):
        for rows in by_account(page):
            due = [Due(account, client, operation) for account, client, day, operation, *_ in rows if has_come(day)]
            _account, _client, _day, _operation, told, given = rows[0]
            yield from due[: max(told - given, 0)]


def remembered(program: BonusProgram, night: Tonight) -> QuerySet[Account]:
    """Personal dates that are kept soon and were not yet given for; a row for each, with what counts for its client:
    `given` lately by the program, and how many dates of the name were `told`.
    """
    days = Window.of(program, night.day).calendar_days()
    lately = given_lately(program, night, "date:", days=365 - notice_of(program))
    gone = lately.order_by().values("account").annotate(many=Count("pk"))
    named = PersonalDate.objects.filter(client=OuterRef("client"), name=program.date_name).order_by()
    told = named.values("client").annotate(many=Count("pk"))
    return (
        audience(program, night)
        .filter(registered_in_time(program, night))
        .filter(client__dates__name=program.date_name, client__dates__day_on__in=days)
        .annotate(operation_of_date=_operation(program, night))
        .exclude(Exists(Lot.objects.filter(operation=OuterRef("operation_of_date"))))
        .annotate(
            given=Coalesce(Subquery(gone.values("many")), 0),
            told=Coalesce(Subquery(told.values("many")), 0),
        )
    )


def _operation(program: BonusProgram, night: Tonight) -> Concat:
    """The operation of a date within the window, in the database. Days before its first day are of the next year."""
    window = Window.of(program, night.day)
    this_year = Q(client__dates__day_on__gte=calendar_day(window.first))
    year = Case(When(this_year, then=Value(f"{window.first.year}")), default=Value(f"{window.last.year}"))
    client, row = (Cast(F(name), CharField()) for name in ("client", "client__dates__pk"))
    return Concat(
        Value("date:"), year, Value(f":{program.code}:client:"), client, Value(":"), row, output_field=CharField()
    )
