"""The section `memberships` of the setup document."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from loyalty.setup.children import services
from loyalty.setup.parts import ENABLED, NAME, Key, Span
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Whole
from loyalty.setup.table import Table
from memberships.models import Plan, PlanService, RefundBy


class Memberships(Table):
    """Plans on sale. `starts` is always `purchase` so far."""

    key = "memberships"
    noun = gettext_lazy("membership plan")
    model = Plan
    parts = (
        NAME,
        Key("sessions", Whole(1, 10_000)),
        Span("valid", "valid_days", "valid_months", shown=True),
        Key("price", Amount()),
        services(PlanService, "plan"),
        Key("starts", Choice(("purchase",)), column=None, default="purchase"),
        Key("freeze_days", Whole(0, MAX_DAYS), default=0),
        Key("refund", Choice(tuple(RefundBy.values)), default=RefundBy.PROPORTIONAL.value),
        ENABLED,
    )
