"""What a segment asks, in words: "A client belongs who has at least 5 visits and the tag “VIP”." """

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin.currency import once
from loyalty.admin.sentences import amount, days, listed, quoted
from loyalty.admin.words import words
from loyalty.explanations import show_month
from loyalty.mechanics import conditions
from loyalty.models import Segment
from loyalty.money import Currency
from loyalty.segments import Crowd


def told(segment: Segment, currency: Currency) -> list[str]:
    """The rule in words."""
    if not segment.enabled:
        return [_("Switched off: nobody belongs to it.")]
    if segment.is_static:
        return [_("A list: whoever is put on it belongs, and nobody else.")]
    found = [*_habits(segment, currency), *_last_visit(segment), *_had(segment), *_traits(segment), *_further(segment)]
    if not found:
        return [_("No condition: every client belongs.")]
    return [_("A client belongs who has %(conditions)s.") % {"conditions": listed(found)}]


def _habits(segment: Segment, currency: Currency) -> list[str]:
    said = [*_visits(segment.visits_min, segment.visits_max), *_spent(segment, currency)]
    if segment.balance_min is not None:
        said.append(_("at least %(amount)s bonuses to spend") % {"amount": amount(segment.balance_min, currency)})
    return said


def _visits(least: int | None, most: int | None) -> list[str]:
    if least is not None and least == most:
        return [ngettext("exactly %(count)d visit", "exactly %(count)d visits", least) % {"count": least}]
    if least is not None and most is not None:
        text = ngettext("from %(least)d to %(most)d visit", "from %(least)d to %(most)d visits", most)
        return [text % {"least": least, "most": most}]
    if least is not None:
        return [ngettext("at least %(count)d visit", "at least %(count)d visits", least) % {"count": least}]
    if most is not None:
        return [ngettext("at most %(count)d visit", "at most %(count)d visits", most) % {"count": most}]
    return []


def _spent(segment: Segment, currency: Currency) -> list[str]:
    least, most = segment.spent_min, segment.spent_max
    if least is not None and most is not None:
        facts = {"least": amount(least, currency), "most": amount(most, currency)}
        return [_("spent from %(least)s to %(most)s") % facts]
    if least is not None:
        return [_("spent at least %(amount)s") % {"amount": amount(least, currency)}]
    return [] if most is None else [_("spent at most %(amount)s") % {"amount": amount(most, currency)}]


def _last_visit(segment: Segment) -> list[str]:
    most, least = segment.last_visit_days_max, segment.last_visit_days_min
    if most == 0:
        return [_("been here today")]
    if most is not None and most == least:
        return [_("last come %(most)s ago, to the day") % {"most": days(most)}]
    if most is not None and least is not None:
        return [_("last come between %(least)s and %(most)s ago") % {"least": days(least), "most": days(most)}]
    if most is not None:
        return [_("come within the last %(most)s") % {"most": days(most)}]
    return [] if least is None else [_("been away for at least %(least)s") % {"least": days(least)}]


def _had(segment: Segment) -> list[str]:
    said = []
    if segment.service:
        ware = words().wares.get(segment.service)
        text = _("had %(name)s") if ware is not None else _("had something of %(name)s")
        said.append(text % {"name": quoted(ware.name if ware is not None else segment.service)})
    if segment.location is not None:
        said.append(_("registered at %(place)s or been there") % {"place": quoted(str(segment.location))})
    return said


def _traits(segment: Segment) -> list[str]:
    said = []
    if segment.tier:
        said.append(_("the tier %(tier)s") % {"tier": quoted(segment.tier)})
    if segment.rfm:
        said.append(_("the class %(name)s") % {"name": quoted(segment.get_rfm_display())})
    if segment.tag:
        said.append(_("the tag %(tag)s") % {"tag": quoted(segment.tag)})
    if segment.birthday_month:
        said.append(_("a birthday in %(month)s") % {"month": show_month(segment.birthday_month)})
    return said


def _further(segment: Segment) -> list[str]:
    """What mechanics ask; of what none of them knows any more, the key."""
    said = []
    for key, value in sorted(segment.further.items()):
        condition = conditions().get(key)
        said.append(condition.told(choices(key).get(value, value)) if condition is not None else f"{key} {value}")
    return said


def choices(key: str) -> dict[int | str, str]:
    """What a mechanic's condition offers, value → name; read once a page."""
    condition = conditions()[key]
    if condition.choices is None:
        return {}
    known: dict[int | str, str] = once(f"condition {key}", lambda: dict(condition.choices()))  # type: ignore[misc]
    return known


def belonging(found: Crowd) -> str:
    """ "Now 2 clients belong, for example Boris Petrov and Alice Ivanova." """
    if not found.count:
        return _("Nobody belongs now.")
    all_of_them = ngettext(
        "Now %(count)d client belongs: %(names)s.", "Now %(count)d clients belong: %(names)s.", found.count
    )
    some = ngettext(
        "Now %(count)d client belongs, for example %(names)s.",
        "Now %(count)d clients belong, for example %(names)s.",
        found.count,
    )
    text = all_of_them if found.count == len(found.examples) else some
    return text % {"count": found.count, "names": listed(found.examples)}
