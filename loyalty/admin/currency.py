"""The business and its currency, read once a page: forms and every cell of a list ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext

from clients.models import Business
from loyalty.models import HouseRules
from loyalty.money import Currency, Money

_page: ContextVar[dict[str, Any] | None] = ContextVar("regulars_admin_page", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Within it the business is read from the database at most once."""
    token = _page.set({})
    try:
        yield
    finally:
        _page.reset(token)


def once(name: str, read: Callable[[], Any]) -> Any:
    """The value that `read` gives, read once a page."""
    page = _page.get()
    if page is None:
        return read()
    if name not in page:
        page[name] = read()
    return page[name]


def business() -> Business | None:
    """The business, if it is set up."""
    one: Business | None = once("business", Business.objects.first)
    return one


def bonus_step() -> Money:
    """What bonuses are rounded down to, in minor units."""
    step = once("step", lambda: HouseRules.objects.values_list("bonus_step", flat=True).first())
    return step or Money(1)


def currency() -> Currency | None:
    """Its currency; without a business no amount can be read or shown."""
    one = business()
    return Currency.of(one.currency) if one else None


def present_currency() -> Currency:
    """The currency, on pages that are not shown before there is a business."""
    known = currency()
    assert known is not None
    return known


def shown(amount: int | None) -> str:
    """An amount in a table: "12.50", "12,50" in Russian, "—" for none."""
    known = currency()
    if amount is None or known is None:
        return gettext("—")
    return known.number(amount, get_language() or "en")


def shown_with_sign(amount: int | None) -> str:
    """An amount that stands alone: "$12.50"."""
    known = currency()
    if amount is None or known is None:
        return gettext("—")
    return known.show(amount, get_language() or "en")


def shown_percent(percent: Decimal | None) -> str:
    """A percent in a table: "5 %"."""
    from loyalty.explanations import show_percent

    return gettext("—") if percent is None else show_percent(percent)
