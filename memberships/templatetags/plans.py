"""What templates of the desk ask of a plan."""

from __future__ import annotations

from django import template

from loyalty.rulebook import rulebook
from memberships.models import Starts

register = template.Library()


@register.filter
def begins_on_a_date(code: str) -> bool:
    """Whether a membership of this plan begins on a date that is said at the sale."""
    plans = rulebook().rules["memberships"].values()
    return any(plan.code == code and plan.starts == Starts.DATE for plan in plans)
