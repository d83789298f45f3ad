"""What segments may ask of referrals: how many friends a client has brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from loyalty.mechanics import Condition
from loyalty.setup.shapes import MAX_COUNT, Whole
from referrals.models import Referral

FRIENDS = "referrals_min"


def friends_of(client: int) -> Mapping[str, int]:
    """How many friends the client has brought. One query."""
    return {FRIENDS: Referral.objects.filter(referrer=client).count()}


def _brought(least: int, _today: date) -> Q:
    friends = Referral.objects.filter(referrer=OuterRef("pk")).order_by().values("referrer")
    count = Subquery(friends.annotate(friends=Count("pk")).values("friends"), output_field=IntegerField())
    return Q(GreaterThanOrEqual(Coalesce(count, 0), least))


def _told(least: int) -> str:
    return ngettext("brought at least %(count)d friend", "brought at least %(count)d friends", least) % {"count": least}


CONDITIONS = (
    Condition(
        key=FRIENDS,
        label=_("Friends brought, at least"),
        help_text=_("For example 2: they have told friends of you, and two have joined."),
        shape=Whole(1, MAX_COUNT),
        where=_brought,
        told=_told,
    ),
)
HINTS = {"hint.referrals_min": _("One more friend brought and “%(name)s” applies.")}
