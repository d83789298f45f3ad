"""What people type, as it is stored: spaces trimmed, nothing in it that a person cannot type."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.utils.translation import gettext as _

from clients.refusals import Invalid

# Control characters, halves of a surrogate pair (no database takes them), and nothing that can turn text around.
FORBIDDEN = {"Cc", "Cs"}
TURNS_TEXT = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(value: Any, field: str, limit: int, *, lines: bool = False) -> str:
    """One line, or several; "" for None. Raises `Invalid` with the field."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(_("must be a text"), field=field)
    said = [" ".join(line.split(" ")) for line in value.strip().splitlines()] if lines else [value.strip()]
    if any(unicodedata.category(c) in FORBIDDEN or c in TURNS_TEXT for line in said for c in line):
        raise Invalid(_("has a character that cannot be typed"), field=field)
    text = "\n".join(said)
    if len(text) > limit:
        raise Invalid(_("must be at most %(limit)d characters long") % {"limit": limit}, field=field)
    return text
