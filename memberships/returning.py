"""Refunds: sessions go back to the membership that covered, and a sold membership comes back by its formula.

Which membership covered a line is told by the check's ledger entries (`...:use:<membership>:<line>`): the one that was
used last gets its sessions back first, so several partial refunds add up to the whole.

A period of a subscription is returned by itself (`memberships.renewal_returns`): what a membership was sold for stands
for the sessions of its first period alone, whether a later one was paid, used or returned.

What of a sold membership's price comes back says `memberships.formulas`. It is void then. Should a visit that it
covered be refunded later, it stands again with the sessions of that visit: they were paid. One that was given and has
been called back does not: whoever gave it takes what returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger import Kind, Movement, Stock, spend, stock
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Entry, Lot, VisitLine
from loyalty.money import Money, total
from loyalty.pricing import Note
from memberships import upgrading
from memberships.formulas import NothingLeftOfMembership, Sold, Used
from memberships.freezing import rests_of
from memberships.models import Membership, RefundBy, Renewal
from memberships.no_shows import missed_of
from memberships.renewal_returns import GRANTED
from memberships.unused import unused

EXPLANATIONS: Mapping[str, Any] = {
    "membership.returned": gettext_lazy(
        "Sessions that return to “%(name)s”: %(units)s of “%(service)s”. They can be used %(until)s."
    ),
    "membership.stands_again": gettext_lazy(
        "“%(name)s” had come back already. It stands again with what returns now: that was paid for."
    ),
    "membership.back_unused": gettext_lazy(
        "“%(name)s”: %(sessions)s sessions bought for %(paid)s, none used; %(amount)s comes back. It is void now."
    ),
    "membership.back_left": gettext_lazy(
        "“%(name)s”: %(sessions)s sessions bought for %(paid)s; %(left)s of them are left; %(amount)s comes back."
        " It is void now."
    ),
    "membership.back_used": gettext_lazy(
        "“%(name)s”: %(sessions)s sessions bought for %(paid)s; used at list price: %(used)s, together %(list)s;"
        " %(amount)s comes back. It is void now."
    ),
    "membership.back_endless": gettext_lazy(
        "“%(name)s”: any number of sessions for %(paid)s, none used; %(amount)s comes back. It is void now."
    ),
    "membership.back_days": gettext_lazy(
        "“%(name)s”: any number of sessions for %(paid)s; %(left)s of its %(days)s days are left; %(amount)s comes"
        " back. It is void now."
    ),
    "membership.back_endless_used": gettext_lazy(
        "“%(name)s”: any number of sessions for %(paid)s; used at list price: %(used)s, together %(list)s; %(amount)s"
        " comes back. It is void now."
    ),
    "membership.credit_stays": gettext_lazy(
        "Of what was paid for “%(name)s” %(credit)s came from an earlier membership: in money no more than %(money)s"
        " comes back."
    ),
    "membership.used": gettext_lazy("%(units)s x “%(service)s” at %(price)s = %(amount)s"),
    "membership.missed": gettext_lazy("%(units)s x missed “%(service)s” at %(price)s = %(amount)s"),
}


# --- a membership that was sold ---


def returnable(line: VisitLine, today: date) -> tuple[int, int]:
    """The share of its price that comes back. Raises `NothingLeftOfMembership`."""
    lots = list(lots_of_the_sale(Q(account__membership__sold_on=line)))
    membership = lots[0].account.membership
    if membership.voided_at is not None:
        raise NothingLeftOfMembership(_("This membership was returned, passed on or changed already."))
    if Renewal.objects.filter(membership=membership, state=Renewal.State.PAID).exists():
        raise NothingLeftOfMembership(_("A later period was paid. Return that one first."))
    if all(lot.last_day is not None and lot.last_day < today for lot in lots):
        raise NothingLeftOfMembership(_("This membership has ended, so it cannot come back."))
    return as_sold(membership, line, [stock(lot) for lot in lots], today).part


def lots_of_the_sale(which: Q) -> QuerySet[Lot]:
    """Those of these lots that the membership was sold with: not what a later period granted."""
    lots = Lot.objects.filter(which).exclude(operation__contains=GRANTED)
    return lots.select_related("account__membership").order_by("pk")


def sold_memberships(reversal: Reversal, sold: Sequence[BackLine]) -> list[Movement]:
    """Void the memberships of these lines and take the sessions left.

    Raises `NothingLeftOfMembership` if one was used while the refund was being made: its money was worked out before.
    """
    if not sold:
        return []
    backs = {back.line.pk: back for back in sold}
    memberships = list(Membership.objects.filter(sold_on__in=backs).select_related("plan"))
    movements: list[Movement] = []
    for membership in memberships:
        lots = [lot for lot in reversal.lots.get(membership.account_id, []) if GRANTED not in lot.operation]
        back = backs[membership.sold_on_id or 0]
        state = as_sold(membership, back.line, lots, reversal.today)
        if back.to_pay != state.comes_back:
            raise NothingLeftOfMembership(_("This membership has just been used. Look at it again."))
        operation = reversal.operation("memberships", f"sell:{back.line.number}")
        movements += upgrading.stand_again(reversal, membership, back.line.number)
        movements += [spend(lot, lot.remaining, operation, Kind.TAKE_BACK) for lot in lots]
        _explain(reversal, back, state)
    void = [membership.pk for membership in memberships]
    Membership.objects.filter(pk__in=void).update(voided_at=reversal.now)
    due = Renewal.objects.filter(membership__in=void, state=Renewal.State.DUE)
    due.update(state=Renewal.State.CANCELLED, changed_at=reversal.now)
    return movements


def as_sold(
    membership: Membership, line: VisitLine, lots: Sequence[Stock], today: date, formula: str | None = None
) -> Sold:
    """How it stands, by the formula it was sold with or by another. `lots`: that are left of it."""
    formula = formula or membership.refund
    living = [lot for lot in lots if not lot.has_ended(today)]
    is_endless = membership.sessions is None
    return Sold(
        formula=formula,
        sessions=membership.sessions,
        left=0 if is_endless else int(total(lot.remaining for lot in living)),
        paid=membership.paid,
        used=used_of(membership) if formula == RefundBy.USED else (),
        days=_days(membership, living, today) if is_endless else None,
        is_used=is_endless and any(lot.remaining < lot.amount for lot in living),
        money=line.to_pay,
        credit=membership.credit,
    )


def _days(membership: Membership, lots: Sequence[Stock], today: date) -> tuple[int, int] | None:
    """How many are left of how many; None where it never ends."""
    if not membership.waits and any(lot.last_day is None for lot in lots):
        return None
    left = unused(membership, None, lots, rests_of(membership), today)
    return (left.part, left.whole)


def used_of(membership: Membership) -> list[Used]:
    """The sessions that were used and have not come back, at the prices on their checks; then those that were taken for
    missed appointments. At most four queries.
    """
    out: dict[tuple[int, int], int] = {}
    of_the_sale = ~Q(lot__operation__contains=GRANTED)
    moved = Entry.objects.filter(of_the_sale, account=membership.account_id, operation__contains=":memberships:use:")
    for operation, amount in moved.order_by("pk").values_list("operation", "amount"):
        _what, visit, _mechanic, _use, _membership, line, *_refund = operation.split(":")
        out[int(visit), int(line)] = out.get((int(visit), int(line)), 0) - amount
    still = {place: units for place, units in out.items() if units}
    lines = VisitLine.objects.filter(visit__in={visit for visit, _line in still}).order_by("visit_id", "number")
    found = ((line, still.get((line.visit_id, line.number), 0)) for line in lines)
    missed = (one.use for one in missed_of(membership, of_the_sale))
    return [*(Used(line.name, line.price, units) for line, units in found if units), *missed]


def _explain(reversal: Reversal, back: BackLine, state: Sold) -> None:
    facts: dict[str, Any] = {"name": back.line.name, "paid": state.paid}
    if state.sessions is not None:
        facts["sessions"] = state.sessions
    code, more = _told(state)
    reversal.note("membership", back.line.code, code, back.to_pay, **facts, **more)
    if back.to_pay < state.stands_for:
        credit = state.credit or Money(state.paid - (state.money or 0))
        stays: dict[str, Any] = {"name": back.line.name, "credit": credit, "money": back.to_pay}
        reversal.note("membership", back.line.code, "membership.credit_stays", **stays)


def _told(state: Sold) -> tuple[str, Mapping[str, Any]]:
    """How it was worked out: the code of a note, and its figures."""
    if state.used:
        code = "membership.back_used" if state.sessions is not None else "membership.back_endless_used"
        return code, {"used": _grouped(state), "list": state.used_at_list}
    if state.sessions is not None:
        is_whole = state.left == state.sessions
        return ("membership.back_unused", {}) if is_whole else ("membership.back_left", {"left": state.left})
    if state.formula == RefundBy.USED or state.days is None:
        return "membership.back_endless", {}
    left, days = state.share
    return "membership.back_days", {"left": left, "days": days}


def _grouped(state: Sold) -> tuple[Note, ...]:
    """The used sessions by service and price: parts of a sentence."""
    units: dict[tuple[str, Money, bool], int] = {}
    for use in state.used:
        of = (use.service, use.price, use.is_missed)
        units[of] = units.get(of, 0) + use.units
    uses = [Used(service, price, count, is_missed) for (service, price, is_missed), count in units.items()]
    return tuple(
        Note(
            "membership",
            "",
            "membership.missed" if use.is_missed else "membership.used",
            use.price.times(use.units),
            {"units": use.units, "service": use.service, "price": use.price},
        )
        for use in uses
    )


# --- sessions that covered something ---


def sessions(reversal: Reversal, covered: Sequence[BackLine]) -> list[Movement]:
    """Give the covered units of these lines back to the memberships that covered them."""
    movements: list[Movement] = []
    void = _stand_again(reversal, covered)
    for back in covered:
        for membership, lot_id, units in _units_back(reversal, back):
            lot = reversal.lot(lot_id)
            operation = reversal.operation("memberships", f"use:{membership}:{back.line.number}")
            move = reversal.give_back(lot_id, units, operation)
            facts = {"name": lot.name, "units": units, "service": back.line.name}
            until = reversal.until(lot, move.last_day)
            worth = back.line.price.times(units)
            reversal.note("membership", lot.program, "membership.returned", worth, until=until, **facts)
            if membership in void:
                void.remove(membership)
                reversal.note("membership", lot.program, "membership.stands_again", name=lot.name)
            movements.append(move)
    return movements


def _stand_again(reversal: Reversal, covered: Sequence[BackLine]) -> set[int]:
    """Memberships that had come back and stand again with these sessions, and no more: no further period is asked for.

    One of any number of sessions does not: what was paid for its days has come back, or gone elsewhere, already.
    """
    used = {membership for back in covered for membership, _lot, _units in _units_back(reversal, back)}
    void = Membership.objects.filter(pk__in=used, given_by="", sessions__isnull=False).exclude(voided_at=None)
    again = set(void.values_list("pk", flat=True)) if used else set()
    if again:
        Membership.objects.filter(pk__in=again).update(voided_at=None, renews=False, paid_until=None, suspended_at=None)
    return again


def _units_back(reversal: Reversal, back: BackLine) -> list[tuple[int, int, int]]:
    """(membership, lot, units) that come back now: of the membership that was used last, first."""
    left, units = back.covered, []
    for (membership, lot), out in reversed(_still_out(reversal, back.line.number).items()):
        part = min(left, out)
        if part:
            units.append((membership, lot, part))
            left -= part
    return units


def _still_out(reversal: Reversal, line: int) -> dict[tuple[int, int], int]:
    """(Membership, lot) → sessions that covered this line and have not come back, in the order of use."""
    out: dict[tuple[int, int], int] = {}
    for entry in reversal.entries_of("memberships"):
        _visit, _id, _mechanic, what, *said = entry.operation.split(":")
        if what == "use" and int(said[1]) == line:
            key = (int(said[0]), entry.lot_id)
            out[key] = out.get(key, 0) - entry.amount
    return out
