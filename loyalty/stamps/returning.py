"""Refunds: the stamps of what comes back are taken back, also out of an unused free service that they became.

The stamps of a check are one lot; which line gave how many says the note of its trace. What was turned into a free
service is told by the entries of the check on which that happened (`visit:<id>:stamps:<program>:turned`): the stamps
that were spent last return first, to their own lots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from loyalty import ledger
from loyalty.free_services import OPENED, is_free_service
from loyalty.ledger import Kind, Movement, Stock
from loyalty.mechanics import Reversal
from loyalty.mechanics.owed import Base, due, ended_unused
from loyalty.models import Account, Entry, Lot, RefundLine
from loyalty.money import Money
from loyalty.stamps.program import BY_LINE, STAGE

TURNED = "turned"
CODE = "stamps"
FREE = re.compile(rf"{OPENED}visit:(?P<visit>[0-9]+):{CODE}:(?P<program>[^:]+):free")
"""The operation that opened a free service which stamps became."""

EXPLANATIONS: Mapping[str, Any] = {
    "stamps.taken_back": _("“%(name)s”: stamps of what comes back are taken back: %(stamps)s."),
    "stamps.turned_back": _("“%(name)s”: free ones that were not used are stamps again: %(units)s, for %(stamps)s."),
    "stamps.owed": _("“%(name)s”: %(stamps)s of them had been used; the next ones repay that."),
}


def undo(reversal: Reversal) -> list[Movement]:
    """Take back what the check gave, and let free services that have just come back repay stamps that are owed."""
    granted = {
        entry.operation.split(":")[3]: entry
        for entry in reversal.entries_of(CODE)
        if entry.kind == Kind.GRANT and entry.lot.account.unit == Account.Unit.STAMP
    }
    used = (FREE.fullmatch(entry.lot.account.operation) for entry in reversal.entries_of("free_services"))
    programs = dict.fromkeys([*granted, *(found["program"] for found in used if found is not None)])
    if not programs:
        return []
    accounts = _accounts(programs, reversal)
    back = _units_back(reversal) if granted else {}
    movements: list[Movement] = []
    for program, account in accounts.items():
        entry = granted.get(program)
        need = _due(entry, program, reversal, back) if entry is not None else 0
        movements += _Card(reversal, program, account).take(need, entry.lot if entry is not None else None)
    return movements


def _accounts(programs: Iterable[str], reversal: Reversal) -> dict[str, int]:
    opened = {f"{CODE}:{program}:client:{reversal.visit.client_id}": program for program in programs}
    found = Account.objects.filter(operation__in=opened).order_by("pk").values_list("operation", "pk")
    return {opened[operation]: account for operation, account in found}


# --- how many ---


def _due(granted: Entry, program: str, reversal: Reversal, back: Mapping[int, tuple[int, int, int]]) -> int:
    """What of the stamps of this check is due now; those that ended unused are owed by nobody."""
    note = next(note for note in reversal.visit.facts["trace"] if _gave(note, program))
    by_line: Mapping[int, int] = dict(note["facts"][BY_LINE])
    amount = granted.amount
    if "per_amount" in note["facts"]:
        base = Base.of(reversal.bases[number] for number in by_line)
        before, owed = (due(amount, base.whole, gone, is_whole=False) for gone in (base.before, base.back))
    else:
        before, owed = (Money(sum(_stamps(by_line, back, turn))) for turn in (0, 1))
    lived = amount - ended_unused(granted.lot_id)
    return int(min(owed, lived) - min(before, lived))


def _gave(note: Mapping[str, Any], program: str) -> bool:
    return bool(note["stage"] == STAGE and note["rule"] == program and BY_LINE in note["facts"])


def _stamps(by_line: Mapping[int, int], back: Mapping[int, tuple[int, int, int]], turn: int) -> Iterable[int]:
    """Of each line the stamps of the paid units that have come back: before this refund (0), or with it (1)."""
    for number, stamps in by_line.items():
        *units, paid = back.get(number, (0, 0, 1))
        yield stamps * units[turn] // paid


def _units_back(reversal: Reversal) -> dict[int, tuple[int, int, int]]:
    """Line number → paid units that came back before this refund, with it, and all that there were."""
    rows = RefundLine.objects.filter(line__visit=reversal.visit).order_by()
    sums = rows.values("line__number", "line__quantity", "line__covered").annotate(Sum("quantity"), Sum("covered"))
    now = {back.line.number: back.quantity - back.covered for back in reversal.lines}
    found = {}
    for row in sums:
        number, units = row["line__number"], row["quantity__sum"] - row["covered__sum"]
        whole = row["line__quantity"] - row["line__covered"]
        found[number] = (units - now.get(number, 0), units, max(whole, 1))
    return found


# --- from where ---


@dataclass(frozen=True, slots=True)
class _Card:
    """The stamps of one client and program, while a refund is made."""

    reversal: Reversal
    program: str
    account: int

    def take(self, need: int, own: Lot | None) -> list[Movement]:
        """Take so many: from the check's own lot first; where they are too few, out of unused free services; the rest
        is owed.
        """
        reversal = self.reversal
        lots = list(reversal.lots.get(self.account, []))
        missing = need - sum(int(lot.remaining) for lot in lots)
        moves, lots = self._turn_back(missing, lots) if missing > 0 else ([], lots)
        repaid, lots = ledger.repay(lots, self._operation("repay"), reversal.today)
        moves += repaid
        if not need:
            return moves
        assert own is not None
        taken = ledger.take_back(
            lots,
            Money(need),
            reversal.operation(CODE, self.program),
            granted_lot=own.pk,
            account=self.account,
            today=reversal.today,
            allow_debt=True,
        )
        reversal.note(STAGE, self.program, "stamps.taken_back", name=own.name, stamps=need)
        if taken.debt:
            reversal.note(STAGE, self.program, "stamps.owed", name=own.name, stamps=int(taken.debt))
        return [*moves, *taken.movements]

    def _operation(self, what: str) -> str:
        return self.reversal.operation(CODE, f"{self.program}:{what}")

    def _turn_back(self, missing: int, lots: list[Stock]) -> tuple[list[Movement], list[Stock]]:
        """Make stamps of unused free services again, those of this check first, then the latest."""
        free = self._unused()
        spent = self._spent(list(free)) if free else {}
        moves: list[Movement] = []
        for visit, lot in free.items():
            whole, out = spent[visit]
            each = whole // int(lot.amount)
            units = min(int(lot.remaining), -(-missing // each)) if missing > 0 else 0
            if not units:
                continue
            back, lots = self._return(visit, units * each, out, lots)
            moves += [ledger.spend(lot, Money(units), self._operation(f"free:{visit}"), Kind.TAKE_BACK), *back]
            missing -= units * each
            self.reversal.note(
                STAGE, self.program, "stamps.turned_back", name=lot.name, units=units, stamps=units * each
            )
        return moves, lots

    def _unused(self) -> dict[str, Stock]:
        """Visit → the free service that stamps became on it, with units that were not used."""
        found: dict[str, Stock] = {}
        for lot in (lot for held in self.reversal.lots.values() for lot in held):
            match = FREE.fullmatch(lot.opened_by) if is_free_service(lot) else None
            if match is not None and match["program"] == self.program and lot.remaining > 0:
                found[match["visit"]] = lot
        own = str(self.reversal.visit.pk)
        return dict(sorted(found.items(), key=lambda item: (item[0] != own, -item[1].id)))

    def _spent(self, visits: Sequence[str]) -> dict[str, tuple[int, dict[int, int]]]:
        """Visit → all stamps that were turned on it, and by lot those that have not returned, in the order of use."""
        where = Q()
        for visit in visits:
            where |= Q(operation=f"visit:{visit}:{CODE}:{self.program}:{TURNED}")
            where |= Q(operation__contains=f":{TURNED}:{visit}:refund:")
        found: dict[str, tuple[int, dict[int, int]]] = {}
        for entry in Entry.objects.filter(where, account=self.account).order_by("pk"):
            _visit, visit, _stamps, _program, _turned, *later = entry.operation.split(":")
            visit = later[0] if later else visit
            whole, out = found.get(visit, (0, {}))
            out[entry.lot_id] = out.get(entry.lot_id, 0) - int(entry.amount)
            found[visit] = (whole - min(int(entry.amount), 0), out)
        return found

    def _return(
        self, visit: str, stamps: int, out: Mapping[int, int], lots: list[Stock]
    ) -> tuple[list[Movement], list[Stock]]:
        """Return so many stamps to the lots that they were spent from, the last first."""
        held = {lot.id: lot for lot in lots}
        empty = Lot.objects.filter(pk__in=[lot for lot in out if lot not in held]).select_related("account")
        held |= {lot.pk: ledger.stock(lot) for lot in empty}
        moves: list[Movement] = []
        for lot_id, part in reversed(list(out.items())):
            amount = Money(min(part, stamps))
            if amount:
                lot, days = held[lot_id], self.reversal.house.refund_min_days
                move = ledger.give_back(
                    lot, amount, self._operation(f"{TURNED}:{visit}"), today=self.reversal.today, min_days=days
                )
                held[lot_id] = replace(lot, remaining=lot.remaining + amount, last_day=move.last_day or lot.last_day)
                moves.append(move)
                stamps -= amount
        return moves, ledger.soonest_first(lot for lot in held.values() if lot.remaining)
