"""Refunds: sessions go back to the membership that covered, and a sold membership comes back by its formula.

Which membership covered a line is told by the check's ledger entries (`...:use:<membership>:<line>`): the one that was
used last gets its sessions back first, so several partial refunds add up to the whole.

What of a sold membership's price comes back says `memberships.formulas`. It is void then. Should a visit that it
covered be refunded later, it stands again with the sessions of that visit: they were paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger import Kind, Movement, spend
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Entry, Lot, VisitLine
from loyalty.money import total
from loyalty.pricing import Note
from memberships.formulas import NothingLeftOfMembership, Sold, Used
from memberships.models import Membership, RefundBy

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
    "membership.used": gettext_lazy("%(units)s x “%(service)s” at %(price)s = %(amount)s"),
}


# --- a membership that was sold ---


def returnable(line: VisitLine, today: date) -> tuple[int, int]:
    """The share of its price that comes back. Raises `NothingLeftOfMembership`."""
    lot = Lot.objects.select_related("account__membership").get(account__membership__sold_on=line)
    membership = lot.account.membership
    if membership.voided_at is not None:
        raise NothingLeftOfMembership(_("This membership was returned already."))
    if lot.last_day is not None and lot.last_day < today:
        raise NothingLeftOfMembership(_("This membership has ended, so it cannot come back."))
    return _sold(membership, line, int(lot.remaining)).part


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
        lots = reversal.lots.get(membership.account_id, [])
        back = backs[membership.sold_on_id or 0]
        state = _sold(membership, back.line, int(total(lot.remaining for lot in lots)))
        if back.to_pay != state.comes_back:
            raise NothingLeftOfMembership(_("This membership has just been used. Look at it again."))
        operation = reversal.operation("memberships", f"sell:{back.line.number}")
        movements += [spend(lot, lot.remaining, operation, Kind.TAKE_BACK) for lot in lots]
        _explain(reversal, back, state)
    Membership.objects.filter(pk__in=[m.pk for m in memberships]).update(voided_at=reversal.now)
    return movements


def _sold(membership: Membership, line: VisitLine, left: int) -> Sold:
    used = _used(membership) if membership.refund == RefundBy.USED else ()
    return Sold(membership.refund, membership.sessions, left, line.to_pay, used)


def _used(membership: Membership) -> list[Used]:
    """The sessions that were used and have not come back, at the prices on their checks. Two queries."""
    out: dict[tuple[int, int], int] = {}
    moved = Entry.objects.filter(account=membership.account_id, kind__in=(Kind.SPEND, Kind.RETURN))
    for operation, amount in moved.order_by("pk").values_list("operation", "amount"):
        _what, visit, _mechanic, _use, _membership, line, *_refund = operation.split(":")
        out[int(visit), int(line)] = out.get((int(visit), int(line)), 0) - amount
    still = {place: units for place, units in out.items() if units}
    lines = VisitLine.objects.filter(visit__in={visit for visit, _line in still}).order_by("visit_id", "number")
    found = ((line, still.get((line.visit_id, line.number), 0)) for line in lines)
    return [Used(line.name, line.price, units) for line, units in found if units]


def _explain(reversal: Reversal, back: BackLine, state: Sold) -> None:
    facts: dict[str, Any] = {"name": back.line.name, "sessions": state.sessions, "paid": state.paid}
    if state.left == state.sessions:
        code = "membership.back_unused"
    elif state.used:
        code, facts = "membership.back_used", facts | {"used": _grouped(state), "list": state.used_at_list}
    else:
        code, facts = "membership.back_left", facts | {"left": state.left}
    reversal.note("membership", back.line.code, code, back.to_pay, **facts)


def _grouped(state: Sold) -> tuple[Note, ...]:
    """The used sessions by service and price: parts of a sentence."""
    units: dict[tuple[str, int], int] = {}
    for use in state.used:
        units[use.service, use.price] = units.get((use.service, use.price), 0) + use.units
    uses = [Used(use.service, use.price, units.pop((use.service, use.price), 0)) for use in state.used]
    return tuple(
        Note(
            "membership",
            "",
            "membership.used",
            use.price.times(use.units),
            {"units": use.units, "service": use.service, "price": use.price},
        )
        for use in uses
        if use.units
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
    """Memberships that had come back and stand again with these sessions."""
    used = {membership for back in covered for membership, _lot, _units in _units_back(reversal, back)}
    void = Membership.objects.filter(pk__in=used).exclude(voided_at=None)
    again = set(void.values_list("pk", flat=True)) if used else set()
    if again:
        Membership.objects.filter(pk__in=again).update(voided_at=None)
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
