"""The personal dates of a client as one field: a line for each, the name and then the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from clients.dates import MOST_DATES, Dated

FORMATS = ("%Y-%m-%d", "%d.%m.%Y")


class DatesField(forms.CharField):
    """A list of `Dated` in Python. What a date may be is said by `clients.dates`."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Personal dates"),
            required=False,
            max_length=MOST_DATES * 80,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "autocomplete": "off"}),
            help_text=_("A line for each, for example: child 2015-05-31. Bonus programs can go by the name."),
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Sequence[Dated]:
        return [_read(line) for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial or []), data))


def _read(line: str) -> Dated:
    name, _space, day = line.strip().rpartition(" ")
    found = next((found for form in FORMATS if (found := _day(day, form)) is not None), None)
    if found is None or not name.strip(" :,"):
        raise ValidationError(
            gettext("“%(line)s” is no name with a date after it, like: child 2015-05-31."),
            params={"line": line.strip()[:60]},
        )
    return Dated(name.strip(" :,"), found)


def _day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day
    except ValueError:
        return None
