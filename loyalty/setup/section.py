"""What a section of the setup document is, and what a load did.

The sections are those of `settings.SETUP_SECTIONS`, in that order: a section stands after those whose codes it
names, so that an app brings its own without a line of `loyalty` changing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from loyalty.money import Currency
from loyalty.setup.reading import Context, Spot


@dataclass(frozen=True, slots=True)
class Change:
    """One row that a load changed: `create`, `change`, `switch_on` or `switch_off`."""

    action: str
    what: str
    code: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """ "change cashback cumulative: tiers Silver percent 5 → 6"."""
        sentences = {
            "create": _("create %(what)s %(code)s"),
            "change": _("change %(what)s %(code)s"),
            "switch_on": _("switch on %(what)s %(code)s"),
            "switch_off": _("switch off %(what)s %(code)s"),
        }
        text = sentences[self.action] % {"what": self.what, "code": self.code}
        text = text.strip()
        return f"{text}: {'; '.join(self.details)}" if self.details else text


class Section(Protocol):
    """One top-level key of the document."""

    key: str

    def read(self, raw: Any, at: Spot) -> Any:
        """The checked data of the section. Reports every error to its place; the data is then not used."""

    def apply(self, data: Any, context: Context) -> list[Change]:
        """Make the database say the same; write only rows that differ, and nothing in a dry run."""

    def dump(self, currency: Currency) -> Any:
        """The section as plain data (text, whole numbers, lists, mappings); None, if there is nothing to say."""


def sections() -> list[Section]:
    """The sections of this installation, in the order in which they are read and applied."""
    return [import_string(path)() for path in settings.SETUP_SECTIONS]
