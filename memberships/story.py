"""The story of one membership, for whoever looks at it: its uses, and what was done to it, each in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Client
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.models import Entry, VisitLine
from loyalty.money import Money
from memberships.models import Change, Membership

Did = Change.Kind
MOST = 500
"""Entries that are read of one membership: more than anybody looks at."""
USE = ":memberships:use:"


@dataclass(frozen=True, slots=True)
class Use:
    """So many sessions that covered a line of a check and have not come back."""

    at: datetime
    visit: int
    line: int
    service: str
    units: int
    price: Money
    """Of one, at list price on that check."""
    client: int | None
    name: str
    """Of whoever came."""
    place: str
    place_id: int

    @property
    def total(self) -> Money:
        """At list price."""
        return self.price.times(self.units)


def uses_of(membership: Membership) -> list[Use]:
    """Newest first. Two queries."""
    out: dict[tuple[int, int], int] = {}
    moved = Entry.objects.filter(account=membership.pk, operation__contains=USE).order_by("-pk")
    for operation, amount in moved.values_list("operation", "amount")[:MOST]:
        _what, visit, _mechanic, _kind, _membership, line, *_refund = operation.split(":")
        out[int(visit), int(line)] = out.get((int(visit), int(line)), 0) - int(amount)
    still = {place: units for place, units in out.items() if units > 0}
    lines = VisitLine.objects.filter(visit__in={visit for visit, _line in still})
    lines = lines.select_related("visit__client", "visit__location").order_by("-visit__at", "-visit_id", "number")
    return [_use(line, still[place]) for line in lines if (place := (line.visit_id, line.number)) in still]


def _use(line: VisitLine, units: int) -> Use:
    visit = line.visit
    return Use(
        at=visit.at,
        visit=visit.pk,
        line=line.number,
        service=line.name,
        units=units,
        price=line.price,
        client=visit.client_id,
        name=str(visit.client) if visit.client is not None else "",
        place=visit.location.name,
        place_id=visit.location_id,
    )


# --- what was done to it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A change, in words."""

    change: Change
    text: str

    @property
    def to(self) -> int | None:
        """The membership that came out of it."""
        to: int | None = self.change.facts.get("to")
        return to


def changes_of(membership: Membership, house: House) -> list[Told]:
    """What was done, newest first. At most two queries."""
    rows = list(Change.objects.filter(membership=membership).order_by("-pk")[:MOST])
    people = {row.facts["client"] for row in rows if "client" in row.facts}
    names = {client.pk: str(client) for client in Client.objects.filter(pk__in=people)} if people else {}
    return [Told(row, text_of(row, house, names)) for row in rows]


def text_of(row: Change, house: House, names: Mapping[int, str]) -> str:
    """What was done, in a sentence or two."""
    facts = {**row.facts, "name": names.get(row.facts.get("client", 0), row.facts.get("name", ""))}
    said = [SENTENCES[Did(row.kind)](facts, house), moved(facts)]
    return " ".join(filter(None, said))


def moved(facts: Mapping[str, Any]) -> str:
    """ "The end moves from 30 May to 13 June." """
    before, after = facts.get("before"), facts.get("after")
    if not before or not after or before == after:
        return ""
    days = {"before": show_day(date.fromisoformat(before)), "after": show_day(date.fromisoformat(after))}
    return _("The end moves from %(before)s to %(after)s.") % days


def _frozen(facts: Mapping[str, Any], _house: House) -> str:
    text = ngettext("Frozen for %(days)d day from %(day)s.", "Frozen for %(days)d days from %(day)s.", facts["days"])
    return text % {"days": facts["days"], "day": show_day(date.fromisoformat(facts["from"]))}


def _unfrozen(facts: Mapping[str, Any], _house: House) -> str:
    if not facts["frozen"] and "visit" not in facts:
        return _("The freeze is called off.")
    if "visit" in facts:
        text = ngettext(
            "A visit ends the freeze after %(days)d day.",
            "A visit ends the freeze after %(days)d days.",
            facts["frozen"],
        )
    else:
        text = ngettext("The freeze ends after %(days)d day.", "The freeze ends after %(days)d days.", facts["frozen"])
    return text % {"days": facts["frozen"]}


def _extended(facts: Mapping[str, Any], _house: House) -> str:
    return ngettext("%(days)d day longer.", "%(days)d days longer.", facts["days"]) % {"days": facts["days"]}


def _transferred(facts: Mapping[str, Any], house: House) -> str:
    said = {"name": facts["name"], "paid": house.currency.number(facts["paid"])}
    if facts["whole"] or facts["sessions"] is None:
        return _("All of it goes to %(name)s, with %(paid)s that was paid for what is left.") % said
    text = ngettext(
        "%(count)d session goes to %(name)s, with %(paid)s that was paid for it.",
        "%(count)d sessions go to %(name)s, with %(paid)s that was paid for them.",
        facts["sessions"],
    )
    return text % {**said, "count": facts["sessions"]}


def _upgraded(facts: Mapping[str, Any], house: House) -> str:
    said = {"plan": facts.get("title", facts["plan"]), "credit": house.currency.number(facts["credit"])}
    return _("Changed to the plan %(plan)s, with %(credit)s credited.") % said


def _missed(facts: Mapping[str, Any], _house: House) -> str:
    if not facts["name"]:
        return _("A missed appointment takes a session.")
    return _("A missed appointment takes a session: %(name)s.") % {"name": facts["name"]}


def _suspended(facts: Mapping[str, Any], _house: House) -> str:
    return _("Suspended: the period that was to be paid by %(day)s was not.") % {
        "day": show_day(date.fromisoformat(facts["pay_by"]))
    }


def _renewed(facts: Mapping[str, Any], _house: House) -> str:
    if facts.get("taken_up"):
        return _("It is renewed again.")
    return _("The next period is paid.")


SENTENCES: Mapping[Did, Callable[[Mapping[str, Any], House], str]] = {
    Did.FROZEN: _frozen,
    Did.UNFROZEN: _unfrozen,
    Did.EXTENDED: _extended,
    Did.TRANSFERRED: _transferred,
    Did.UPGRADED: _upgraded,
    Did.NO_SHOW: _missed,
    Did.NO_SHOW_BACK: lambda _facts, _house: _("The session of a missed appointment is given back."),
    Did.PERSON_ADDED: lambda facts, _house: _("%(name)s may use it.") % {"name": facts["name"]},
    Did.PERSON_REMOVED: lambda facts, _house: _("%(name)s may not use it any more.") % {"name": facts["name"]},
    Did.SUSPENDED: _suspended,
    Did.RENEWED: _renewed,
    Did.ENDED: lambda _facts, _house: _("It is not renewed any more."),
}


def became(membership: Membership) -> Sequence[Membership]:
    """What came out of it: passed on, or bought for it. One query."""
    return list(Membership.objects.filter(origin=membership).select_related("client", "plan").order_by("pk"))
