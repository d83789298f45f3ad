"""Phone numbers, kept as E.164 (`+12125550101`): one person, one spelling."""

from __future__ import annotations

import re

import phonenumbers
from babel.core import get_global
from django.utils.translation import gettext as _

from clients.refusals import Invalid

# The library keeps extensions ("ext. 5") and turns letters and digits of other scripts into digits: refuse both here.
PLAIN = re.compile(r"\+?[0-9 ()\-./\N{NO-BREAK SPACE}\N{NON-BREAKING HYPHEN}]+", re.ASCII)


def region_of(timezone: str) -> str | None:
    """The country of an IANA time zone, whose numbers are read without "+": "RU" for Europe/Moscow, None for UTC."""
    name = get_global("zone_aliases").get(timezone, timezone)
    region = get_global("zone_territories").get(name)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def parse_phone(text: str, *, timezone: str) -> str:
    """The number as E.164. National numbers are those of the time zone's country. Raises `Invalid`, field "phone"."""
    text = text.strip()
    if PLAIN.fullmatch(text) is None:
        raise Invalid(_("must be a phone number like +12125550101, without letters or an extension"), field="phone")
    try:
        number = phonenumbers.parse(text, region_of(timezone))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Invalid(_("is not a phone number; write it with its country, like +12125550101"), field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(number: str) -> str:
    """ "+12125550101" → "+1 212-555-0101"."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
