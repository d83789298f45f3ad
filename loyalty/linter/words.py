"""How the linter speaks of things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.explanations import show_weekday
from loyalty.periods import Week


def quoted(name: str) -> str:
    return _("“%(name)s”") % {"name": name}


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return _("%(most)s and %(last)s") % {"most": ", ".join(parts[:-1]), "last": parts[-1]}


def days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def weekdays(week: Week) -> str:
    """ "Monday and Tuesday"."""
    return listed([show_weekday(day) for day in sorted(week.weekdays)])


def some(names: Iterable[str], most: int = 5) -> str:
    """Names; of many the first few and how many more."""
    names = list(names)
    if len(names) <= most:
        return listed(names)
    more = ngettext("%(count)d more", "%(count)d more", len(names) - most) % {"count": len(names) - most}
    return listed([*names[:most], more])
