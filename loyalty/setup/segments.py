"""The section `segments`: which clients belong together, by a live rule."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Segment
from loyalty.setup.naming import LOCATION
from loyalty.setup.parts import ENABLED, NAME, Group, Key, Values
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_COUNT, MAX_DAYS, Amount, Text, Whole
from loyalty.setup.table import Table


def _check_days(values: Values, at: Spot) -> None:
    """Somebody can have been here at most so long ago, and at least so long."""
    most, least = values["last_visit_days_max"], values["last_visit_days_min"]
    if most is not None and least is not None and least > most:
        at.key("last_visit_days_min").refuse(_("must not be more than last_visit_days_max"))


RULE = Group(
    "rule",
    (
        Key("visits_min", Whole(0, MAX_COUNT), default=None),
        Key("spent_min", Amount(), default=None),
        Key("last_visit_days_max", Whole(0, MAX_DAYS), default=None),
        Key("last_visit_days_min", Whole(0, MAX_DAYS), default=None),
        Key("tier", Text(60), default=""),
        Key("birthday_month", Whole(1, 12), default=None),
        Key("tag", Text(40), default=""),
        LOCATION,
    ),
    check=_check_days,
    required=True,
)


class Segments(Table):
    """Whoever meets every condition of the rule belongs; an empty rule is everyone."""

    key = "segments"
    noun = gettext_lazy("segment")
    model = Segment
    related = ("location",)
    parts = (NAME, RULE, ENABLED)
