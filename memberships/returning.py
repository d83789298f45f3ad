"""Refunds: sessions go back to the membership that covered, and a sold membership comes back for what is left of it.

Which membership covered a line is told by the check's ledger entries (`...:use:<membership>:<line>`): the one that was
used last gets its sessions back first, so several partial refunds add up to the whole.

Of a sold membership the part of its price comes back that its sessions left are of the sessions bought. It is void
then. Should a visit that it covered be refunded later, it stands again with the sessions of that visit: they were paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.ledger import Kind, Movement, spend
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Lot, VisitLine
from loyalty.money import Money, total
from memberships.models import Membership


class NothingLeftOfMembership(Refusal):
    """The membership has ended, was used up, or was returned already."""


def returnable(line: VisitLine, today: date) -> tuple[int, int]:
    """Sessions left, of the sessions bought. Raises `NothingLeftOfMembership`."""
    lot = Lot.objects.select_related("account__membership").get(account__membership__sold_on=line)
    if lot.account.membership.voided_at is not None:
        raise NothingLeftOfMembership(_("This membership was returned already."))
    if lot.last_day is not None and lot.last_day < today:
        raise NothingLeftOfMembership(_("This membership has ended, so it cannot come back."))
    if not lot.remaining:
        raise NothingLeftOfMembership(_("All sessions of this membership have been used, so it cannot come back."))
    return (int(lot.remaining), int(lot.amount))


def sold_memberships(reversal: Reversal, sold: Sequence[BackLine]) -> list[Movement]:
    """Void the memberships of these lines and take the sessions left.

    Raises `NothingLeftOfMembership` if one was used while the refund was being made: its money was worked out before.
    """
    if not sold:
        return []
    backs = {back.line.pk: back for back in sold}
    memberships = list(Membership.objects.filter(sold_on__in=backs))
    movements: list[Movement] = []
    for membership in memberships:
        lots = reversal.lots.get(membership.account_id, [])
        back = backs[membership.sold_on_id or 0]
        left = total(lot.remaining for lot in lots)
        if back.to_pay != Money(back.line.to_pay * left // membership.sessions):
            raise NothingLeftOfMembership(_("This membership has just been used. Look at it again."))
        operation = reversal.operation("memberships", f"sell:{back.line.number}")
        movements += [spend(lot, lot.remaining, operation, Kind.TAKE_BACK) for lot in lots]
    Membership.objects.filter(pk__in=[m.pk for m in memberships]).update(voided_at=reversal.now)
    return movements


def sessions(reversal: Reversal, covered: Sequence[BackLine]) -> list[Movement]:
    """Give the covered units of these lines back to the memberships that covered them."""
    units = [part for back in covered for part in _units_back(reversal, back)]
    voided = Membership.objects.filter(pk__in=[membership for membership, _line, _lot, _units in units])
    voided.exclude(voided_at=None).update(voided_at=None)
    return [
        reversal.give_back(lot, count, reversal.operation("memberships", f"use:{membership}:{line}"))
        for membership, line, lot, count in units
    ]


def _units_back(reversal: Reversal, back: BackLine) -> list[tuple[int, int, int, int]]:
    """(membership, line number, lot, units) that come back now: of the membership that was used last, first."""
    left, units = back.covered, []
    for (membership, lot), out in reversed(_still_out(reversal, back.line.number).items()):
        part = min(left, out)
        if part:
            units.append((membership, back.line.number, lot, part))
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
