"""Amounts in the pages of the admin, in the currency of the business.

unfold renders a widget while it is imported, and that loads every tag library: the pages are imported later.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template

register = template.Library()


@register.filter
def amount(value: int | None) -> str:
    """1250 → "12.50"."""
    from loyalty.admin.currency import shown

    return shown(value)


@register.filter
def percent(value: Decimal | None) -> str:
    from loyalty.admin.currency import shown_percent

    return shown_percent(value)


@register.filter
def person(by: str) -> str:
    """ "staff:vera" → "vera"."""
    from loyalty.admin.records import person as called

    return called(by)


@register.filter
def named(names: Mapping[str, Any], key: str) -> str:
    """The name of a choice."""
    return str(names.get(key, key))
