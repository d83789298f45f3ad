"""Classes by recency, frequency and money in the database: what `loyalty.rfm` says of one client, said of all at once.

Also what the owner asks of them: how many clients are in each, a scale that fits the clients there are, and a segment
for each class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber
from django.utils import translation

from clients.models import Business
from loyalty.house import House
from loyalty.models import Segment, Standing
from loyalty.money import Money
from loyalty.periods import starts_at
from loyalty.rfm import BEST, Class, Scale, class_of, fields_of
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction

LONGEST_AGO = 300_000
"""Days; the calendar does not reach much further back, and nobody came before it."""
LEAST = 5
"""So many clients who have been here make a scale: one for each score."""
CODE = "rfm-%s"


def scored(rows: QuerySet[Any], standing: str, house: House, today: date) -> QuerySet[Any]:
    """These rows, of whoever has been here, with `r` and `value` (F and M together).

    `standing` is the way to a client's standing: "standing__", or "" where the rows are standings.
    """
    scale = house.scale
    since = [starts_at(today - timedelta(days=min(days, LONGEST_AGO)), house.zone) for days in scale.recency_days]
    here: QuerySet[Any] = rows.filter(**{f"{standing}visits__gt": 0, f"{standing}last_visit_at__isnull": False})
    value = _score(f"{standing}visits", scale.visits) + _score(f"{standing}total_spent", scale.spent)
    with_scores: QuerySet[Any] = here.alias(r=_score(f"{standing}last_visit_at", since), value=value)
    return with_scores


def _score(column: str, limits: Sequence[Any]) -> Combinable:
    """From 5 for whoever reaches the first limit to 1 for whoever reaches none."""
    reached = [When(**{f"{column}__gte": limit}, then=Value(BEST - i)) for i, limit in enumerate(limits)]
    return Case(*reached, default=Value(1), output_field=IntegerField())


def of_class(wanted: str) -> Q:
    """Of `scored` rows those of a class. A class that there is not has nobody."""
    where = Q(pk__in=[])
    for recency, low, high in fields_of(wanted):
        where |= Q(r=recency, value__gte=low, value__lte=high)
    return where


def class_counts(*, now: datetime) -> Mapping[Class, int]:
    """How many clients are in each class now. One query besides the settings. Raises `NotSetUp`."""
    house = rulebook().house
    rows = scored(Standing.objects.filter(client__erased_at=None), "", house, house.day(now))
    found: Counter[Class] = Counter(dict.fromkeys(Class, 0))
    grouped = rows.annotate(recency=F("r"), both=F("value")).order_by().values("recency", "both")
    for recency, value, clients in grouped.annotate(clients=Count("pk")).values_list("recency", "both", "clients"):
        found[class_of(recency, value)] += clients
    return found


# --- a scale that fits ------------------------------------------------------------------------------------------------


def fit(*, now: datetime) -> Scale | None:
    """Limits at the fifths of the present clients who have been here; None while they are too few.

    Where many are alike (one visit) a fifth would begin where the one below it does: then it begins one later, so
    that every score is for somebody else. Four queries; nothing of a client comes into memory.
    """
    house = rulebook().house
    rows = Standing.objects.filter(client__erased_at=None, visits__gt=0, last_visit_at__isnull=False)
    count = rows.count()
    if count < LEAST:
        return None
    places = [max(count * fifth // LEAST, 1) for fifth in range(1, LEAST)]
    today = house.day(now)
    came = _at(rows, "last_visit_at", places, descending=True)
    return Scale(
        recency_days=_rising([max((today - house.day(at)).days, 0) for at in came], least=0),
        visits=_rising(_at(rows, "visits", [place + 1 for place in places]), least=2)[::-1],
        spent=tuple(map(Money, _rising(_at(rows, "total_spent", [place + 1 for place in places]), least=1)))[::-1],
    )


def _at(rows: QuerySet[Standing], column: str, places: Sequence[int], *, descending: bool = False) -> list[Any]:
    """What stands at these places of the rows in order. One query."""
    order = F(column).desc() if descending else F(column).asc()
    numbered = rows.annotate(place=Window(RowNumber(), order_by=[order, F("pk").asc()]))
    found = dict(numbered.filter(place__in=places).values_list("place", column))
    return [found[place] for place in places]


def _rising(values: Sequence[int], *, least: int) -> tuple[int, ...]:
    """The values, each more than the one before it."""
    limits: list[int] = []
    for value in values:
        limits.append(max(int(value), limits[-1] + 1 if limits else least))
    return tuple(limits)


# --- segments, ready made ---------------------------------------------------------------------------------------------


@in_one_transaction
def make_segments() -> list[Segment]:
    """A segment for each class that has none of its code yet (`rfm-champions`), named in the house's language."""
    language = Business.objects.values_list("language", flat=True).first()
    codes = {code_of(one): one for one in Class}
    present = set(Segment.objects.filter(code__in=codes).values_list("code", flat=True))
    with translation.override(language):
        made = [Segment(code=code, name=called(one), rfm=one) for code, one in codes.items() if code not in present]
    for segment in made:
        segment.save()
    return made


def code_of(one: Class) -> str:
    """ "rfm-at-risk"."""
    return CODE % one.value.replace("_", "-")


def called(one: Class) -> str:
    """ "Champions"."""
    return f"{str(one.label)[:1].upper()}{str(one.label)[1:]}"
