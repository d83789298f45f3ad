"""What segments may ask of memberships: that the client holds a running one, of a plan or of any.

Of the holder only: whoever may use another's membership does not hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.mechanics import ANY, Condition
from loyalty.models import Lot
from loyalty.money import Currency
from loyalty.setup.shapes import Code
from memberships.models import Membership, Plan

MEMBERSHIP = "membership"
ANY_NAME = _("any plan")


def running(today: date) -> QuerySet[Membership]:
    """Memberships that can be used on this day: begun, not ended, not taken back, paid, with something left."""
    begun = Lot.objects.filter(account=OuterRef("account"), remaining__gt=0, first_day__lte=today)
    left = begun.filter(Q(last_day=None) | Q(last_day__gte=today))
    return Membership.objects.filter(Exists(left), voided_at=None, suspended_at=None)


def plans_of(client: int, today: date) -> Mapping[str, frozenset[str]]:
    """Codes of the plans that the client has a running membership of, and `ANY` if there is one. One query."""
    codes = frozenset(running(today).filter(client=client).values_list("plan__code", flat=True))
    return {MEMBERSHIP: codes | {ANY} if codes else codes}


def _with_one(plan: str, today: date) -> Q:
    theirs = running(today).filter(client=OuterRef("pk"))
    return Q(Exists(theirs if plan == ANY else theirs.filter(plan__code=plan)))


def _told(plan: str) -> str:
    """Of the name of what was chosen."""
    if plan == str(ANY_NAME):
        return gettext("a running membership")
    return gettext("a running membership “%(name)s”") % {"name": plan}


def _plans() -> Sequence[tuple[str, str]]:
    return [(ANY, str(ANY_NAME)), *Plan.objects.values_list("code", "name")]


class PlanCode(Code):
    """The code of a plan, or "*" for any."""

    def read(self, raw: Any, currency: Currency) -> str:
        return ANY if raw == ANY else super().read(raw, currency)


CONDITIONS = (
    Condition(
        key=MEMBERSHIP,
        label=_("Has a running membership"),
        help_text=_("Begun, not ended, with sessions left."),
        shape=PlanCode(),
        where=_with_one,
        told=_told,
        choices=_plans,
        section="memberships",
    ),
)
