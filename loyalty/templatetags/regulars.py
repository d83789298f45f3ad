"""How pages write amounts, percents and days, and draw codes. `{% load regulars %}`"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date, format_datetime
from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from clients.models import Business, Staff
from clients.phones import show_phone
from loyalty.cashback import Ladder, brings
from loyalty.cashback import by_hand as set_by_hand
from loyalty.cashback import what_keeps as keeping
from loyalty.explanations import show_day, show_percent
from loyalty.mechanics import DeskLink, mechanics
from loyalty.money import Currency
from loyalty.templatetags.accent import Accent
from loyalty.templatetags.accent import accent as accent_of

register = template.Library()
MOST_DOTS = 12


@register.simple_tag
def business() -> Business | None:
    """The business, or None before it is set up: `{% business as business %}`."""
    return Business.objects.first()


@register.simple_tag
def accent(colour: str) -> Accent:
    """The owner's colour as readable shades: `{% accent business.accent as accent %}`."""
    return accent_of(colour)


@register.filter
def money(amount: int, currency: Currency) -> str:
    """1250 → "12.50", "12,50" in Russian; the currency stands once beside it."""
    return currency.number(amount, _language())


@register.filter
def what_keeps(ladder: Ladder, currency: Currency) -> str:
    """ "86.00 more by 30 April 2027 keeps Silver."; "" while no fall is near."""
    return keeping(ladder, currency) if ladder.is_near else ""


@register.filter
def by_hand(ladder: Ladder) -> str:
    """ "Set by hand until 30 April 2027."; "" if it is not."""
    return set_by_hand(ladder)


@register.filter
def privileges(ladder: Ladder) -> list[str]:
    """What the tier brings besides its percent, a line each."""
    return brings(ladder)


@register.filter
def minus(amount: int, currency: Currency) -> str:
    """What is taken off: 3000 → "−30.00"; nothing is "0.00"."""
    return ("\N{MINUS SIGN}" if amount else "") + currency.number(amount, _language())


@register.filter
def lost(amount: int, currency: Currency) -> str:
    """What is gone, stored as a negative amount: -3000 → "−30.00"."""
    return minus(-amount, currency)


@register.filter
def full_money(amount: int, currency: Currency) -> str:
    """1250 → "$12.50", "12,50 ₽" in Russian, where an amount stands alone."""
    return currency.show(amount, _language())


@register.filter
def minor(amount: int) -> str:
    """Minor units without separators, for a slider."""
    return str(int(amount))


@register.filter
def symbol(currency: Currency) -> str:
    """ "$", "₽"."""
    return currency.symbol(_language())


@register.filter
def percent(value: Decimal) -> str:
    """Decimal("7.5") → "7.5 %"."""
    return show_percent(value)


@register.filter
def day(value: date) -> str:
    """ "30 May 2026"."""
    return show_day(value)


@register.filter
def short_day(value: date) -> str:
    """ "30 May", where the year is clear."""
    return format_date(value, "d MMM", locale=_language())


@register.filter
def moment(value: datetime, zone: ZoneInfo) -> str:
    """ "30 May 2026, 18:30", in this time zone."""
    return format_datetime(value.astimezone(zone), "d MMMM y, HH:mm", locale=_language())


@register.filter
def time_in(value: datetime, zone: ZoneInfo) -> str:
    """ "18:30", in this time zone."""
    return format_datetime(value.astimezone(zone), "HH:mm", locale=_language())


@register.filter
def day_in(value: datetime, zone: ZoneInfo) -> date:
    """The date of a moment in this time zone."""
    return value.astimezone(zone).date()


@register.filter
def phone(number: str) -> str:
    """ "+12125550101" → "+1 212-555-0101"."""
    return show_phone(number)


@register.simple_tag
def counters(staff: Staff) -> list[DeskLink]:
    """The pages at the desk that mechanics have, as far as whoever stands there may see them."""
    links = (mechanic.counter for mechanic in mechanics())
    return [link for link in links if link is not None and staff.has_perm(link.right)]


@register.simple_tag
def icon(name: str) -> SafeString:
    """A line icon of the kept set, beside a word that says the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("regulars/icons.svg"), name
    )


@register.simple_tag
def dots(left: int, whole: int) -> SafeString:
    """Sessions as dots, the used ones empty: ●●●○○. Nothing where they would be too many to count."""
    if whole > MOST_DOTS:
        return mark_safe("")
    left, whole = int(left), int(whole)
    filled, empty = "●" * left, "○" * max(0, whole - left)
    return format_html('<span class="dots" aria-hidden="true">{}<span class="used">{}</span></span>', filled, empty)


@register.simple_tag
def qr(content: str, label: str = "") -> SafeString:
    """A QR code as an inline drawing, black on white whatever the page's colours: scanners need it."""
    drawing = segno.make(content, error="m").svg_inline(omitsize=True, border=2, svgclass=None, lineclass=None)
    return format_html('<span class="qr" role="img" aria-label="{}">{}</span>', label, mark_safe(drawing))  # noqa: S308  # drawn by us


def _language() -> str:
    return get_language() or "en"
