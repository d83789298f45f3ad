"""Refunds: the shares that were stored at the sale are reversed exactly.

A line of three units of which two are paid and one is covered by a membership comes back unit by unit: paid
units first, then covered ones. Of the paid units that are still out, `k` of `m` take along their part of the
line's discount, bonuses, gift card and money: `price x k` is apportioned over what is left of these shares, by
largest remainder, so each refund adds up to its units and all refunds add up to the line, in any order.

    3 units of 10.00 less 1.00: shares 1.00 and 29.00.  One back: 0.33 and 9.67.  Another: 0.34 and 9.66.

What a check earned is taken back by the base that has come back with all refunds so far, rounded down; a whole
refund takes the rest. Nothing here asks a program how it is set up today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, Sum
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, NotFound, Refusal
from loyalty import ledger
from loyalty.ledger import Movement
from loyalty.mechanics import BackLine, Reversal, gathered, mechanics
from loyalty.models import (
    Account,
    Entry,
    Payment,
    Refund,
    RefundLine,
    RefundPayment,
    Standing,
    Visit,
    VisitLine,
)
from loyalty.money import ZERO, Money, spread, total
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction

REASON_LENGTH = 250
SHARES = ("discount", "bonus", "gift_card", "to_pay")
SUMS = ("quantity", "covered", "list", "membership", *SHARES, "base", "spent")


class AlreadyRefunded(Refusal):
    """There is not that much of the check left to refund."""

    code = "already_refunded"


@dataclass(frozen=True, slots=True)
class Back:
    """So many units of a line (by its number) come back; None means all that are left."""

    line: int
    quantity: int | None = None


@in_one_transaction
def refund(  # keyword-only, each is said by every caller
    *, visit_id: int, lines: Sequence[Back] | None, reason: str, key: str, by: Actor, now: datetime
) -> Refund:
    """Refund a visit, wholly (`lines` None) or in part. `key` is its operation: refunded once however often it is sent.

    Raises `NotFound`, `AlreadyRefunded`, and `Invalid` for lines that the visit does not have or that cannot come
    back (a gift card that was used).
    """
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    visit = _locked_visit(visit_id)
    earlier = Refund.objects.filter(operation=key).first()
    if earlier is not None:
        return earlier
    house = rulebook().house
    accounts = _lock_accounts(_State.of(visit))
    # What has ended stays ended, also if no night has run yet: giving back moves the last day of a whole lot.
    ledger.expire_due(accounts, today=house.day(now), zone=house.zone, by=by)
    state = _State.of(visit)  # read again: under the locks nothing of it moves any more
    back = state.back_lines(lines, rulebook(), now)
    return _write(state, back, accounts, reason=reason.strip(), key=key, by=by, now=now)


def _locked_visit(visit_id: int) -> Visit:
    """The visit, under a lock of its own: two refunds of one check wait for each other even without any account."""
    visit = Visit.objects.select_for_update(no_key=True).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound(_("There is no such visit."))
    return visit


@dataclass(frozen=True, slots=True)
class _State:
    """A visit and what has come back of it so far."""

    visit: Visit
    lines: Sequence[VisitLine]
    gone: Mapping[int, Mapping[str, int]]
    """Line id → sums of what earlier refunds took of it."""
    entries: Sequence[Entry]

    @classmethod
    def of(cls, visit: Visit) -> _State:
        lines = list(VisitLine.objects.filter(visit=visit).order_by("number"))
        sums = {name: Sum(name) for name in SUMS}
        refunded = RefundLine.objects.filter(line__visit=visit).values("line").annotate(**sums)
        gone: dict[int, dict[str, Any]] = {row["line"]: {**row} for row in refunded}
        where = Q(visit=visit) | Q(refund__visit=visit)
        entries = list(Entry.objects.filter(where).select_related("lot__account").order_by("pk"))
        return cls(visit=visit, lines=lines, gone=gone, entries=entries)

    def out(self, line: VisitLine, share: str) -> int:
        """What of a line's share has not come back."""
        return int(getattr(line, share)) - int(self.gone.get(line.pk, {}).get(share, 0))

    def back_lines(self, asked: Sequence[Back] | None, book: Any, now: datetime) -> list[BackLine]:
        """The lines that come back. Raises `AlreadyRefunded`, `Invalid`."""
        if asked is None:
            asked = [Back(line.number) for line in self.lines if self.out(line, "quantity")]
        if not asked:
            raise AlreadyRefunded(_("All of this check has been refunded."))
        by_number = {line.number: line for line in self.lines}
        if len({back.line for back in asked}) != len(asked):
            raise Invalid(_("A line is named twice."), field="lines")
        backs = []
        for i, back in enumerate(asked):
            line = by_number.get(back.line)
            if line is None:
                raise Invalid(_("The check has no line %(line)d.") % {"line": back.line}, field=f"lines[{i}].line")
            backs.append(self._back_line(line, self._quantity(line, back, i), book, now))
        return backs

    def _quantity(self, line: VisitLine, back: Back, i: int) -> int:
        left = self.out(line, "quantity")
        quantity = left if back.quantity is None else back.quantity
        if quantity < 1:
            if left:
                raise Invalid(_("must be at least 1"), field=f"lines[{i}].quantity")
            raise AlreadyRefunded(_("%(name)s has been refunded.") % {"name": line.name}, field=f"lines[{i}]")
        if quantity > left:
            message = _("%(left)d of %(name)s are left to refund.") % {"left": left, "name": line.name}
            raise AlreadyRefunded(message, field=f"lines[{i}].quantity")
        return quantity

    def _back_line(self, line: VisitLine, quantity: int, book: Any, now: datetime) -> BackLine:
        paid_out = self.out(line, "quantity") - self.out(line, "covered")
        paid = min(quantity, paid_out)
        covered = quantity - paid
        shares = self._shares(line, paid, paid_out)
        part, whole = _returnable(line, book, now)
        received_out = self.out(line, "to_pay") + self.out(line, "gift_card")
        received = shares["to_pay"] + shares["gift_card"]
        return BackLine(
            line=line,
            quantity=quantity,
            covered=covered,
            list=line.price.times(quantity),
            membership=line.price.times(covered),
            discount=shares["discount"],
            bonus=shares["bonus"],
            gift_card=shares["gift_card"],
            to_pay=Money(shares["to_pay"] * part // whole),
            base=_part(self.out(line, "base"), received * part, received_out * whole),
            spent=_part(self.out(line, "spent"), received * part, received_out * whole),
        )

    def _shares(self, line: VisitLine, paid: int, paid_out: int) -> dict[str, Money]:
        """The part of each share that goes with `paid` of the `paid_out` units still out."""
        left = [self.out(line, share) for share in SHARES]
        parts = spread(sum(left) * paid // paid_out if paid_out else 0, left)
        return dict(zip(SHARES, parts, strict=True))


def _part(share: int, numerator: int, denominator: int) -> Money:
    return Money(share * numerator // denominator) if denominator else ZERO


def _returnable(line: VisitLine, book: Any, now: datetime) -> tuple[int, int]:
    """The share of a sold item's price that comes back; services come back wholly."""
    answers = (mechanic.returnable(line, book.house, now) for mechanic in mechanics())
    return next((answer for answer in answers if answer is not None), (1, 1))


def _write(
    state: _State,
    back: Sequence[BackLine],
    accounts: Sequence[int],
    *,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
) -> Refund:
    visit = state.visit
    is_whole = _is_whole(state, back)
    row = Refund.objects.create(operation=key, visit=visit, at=now, by=str(by), reason=reason, is_whole=is_whole)
    before = total(Money(state.gone.get(line.pk, {}).get("base", 0)) for line in state.lines)
    reversal = Reversal(
        visit=visit,
        refund=row.pk,
        lines=tuple(back),
        house=rulebook().house,
        now=now,
        by=by,
        is_whole=is_whole,
        base_before=before,
        base_back=before + total(line.base for line in back),
        bases=_bases(state, back),
        entries=state.entries,
        lots=_lots_by_account(accounts),
    )
    _write_lines(row, back)
    movements = gathered(lambda mechanic: mechanic.undo(reversal))
    ledger.post(movements, at=now, by=by, refund=row.pk)
    _pay_back(row, visit, total(line.to_pay for line in back))
    _lower_standing(visit, back, is_whole=is_whole)
    return _sum_up(row, reversal, movements)


def _bases(state: _State, back: Sequence[BackLine]) -> dict[int, tuple[Money, Money, Money]]:
    """Each line's base: all of it, what had come back before, and what has with this refund."""
    now_back = {part.line.pk: part.base for part in back}
    gone = {line.pk: Money(state.gone.get(line.pk, {}).get("base", 0)) for line in state.lines}
    return {
        line.number: (line.base, gone[line.pk], gone[line.pk] + now_back.get(line.pk, ZERO)) for line in state.lines
    }


def _lock_accounts(state: _State) -> list[int]:
    """Every account that the visit touched, in id order."""
    where = Q(pk__in={entry.account_id for entry in state.entries})
    for mechanic in mechanics():
        more = mechanic.undo_accounts(state.visit)
        where |= more if more is not None else Q(pk=None)
    return ledger.lock(where)


def _lots_by_account(accounts: Sequence[int]) -> dict[int, list[ledger.Stock]]:
    lots = ledger.held(Q(pk__in=accounts))
    return {account: [lot for lot in lots if lot.account == account] for account in accounts}


def _is_whole(state: _State, back: Sequence[BackLine]) -> bool:
    now_back = {line.line.pk: line.quantity for line in back}
    return all(state.out(line, "quantity") == now_back.get(line.pk, 0) for line in state.lines)


def _write_lines(row: Refund, back: Sequence[BackLine]) -> None:
    RefundLine.objects.bulk_create(
        RefundLine(refund=row, line=part.line, **{name: getattr(part, name) for name in SUMS}) for part in back
    )


def _pay_back(row: Refund, visit: Visit, amount: Money) -> None:
    """Money goes back to the methods it came by, in proportion to what is still out."""
    paid = dict(Payment.objects.filter(visit=visit).order_by("pk").values_list("method", "amount"))
    back = RefundPayment.objects.filter(refund__visit=visit).values("method").annotate(amount=Sum("amount"))
    for payment in back:
        paid[payment["method"]] -= payment["amount"]
    parts = zip(paid, spread(amount, list(paid.values())), strict=True)
    RefundPayment.objects.bulk_create(RefundPayment(refund=row, method=m, amount=part) for m, part in parts if part)


def _lower_standing(visit: Visit, back: Sequence[BackLine], *, is_whole: bool) -> None:
    """Total spent goes down; a wholly refunded visit counts for nothing, also as the last one."""
    if visit.client_id is None:
        return
    standing = Standing.objects.select_for_update(no_key=True).get(pk=visit.client_id)
    standing.total_spent -= total(line.spent for line in back)
    if is_whole and visit.is_visit:
        standing.visits -= 1
        standing.last_visit_at = visits_that_count(visit.client_id).aggregate(last=Max("at"))["last"]
    standing.save()


def visits_that_count(client: int) -> Any:
    """A client's visits that are visits and have not wholly come back."""
    return Visit.objects.filter(client=client, is_visit=True).exclude(refunds__is_whole=True)


def _sum_up(row: Refund, reversal: Reversal, movements: Iterable[Movement]) -> Refund:
    """The refund's own figures, from what was really moved."""
    row.money = total(line.to_pay for line in reversal.lines)
    row.bonus_returned = total(line.bonus for line in reversal.lines)
    row.gift_card_returned = total(line.gift_card for line in reversal.lines)
    row.sessions_returned = sum(line.covered for line in reversal.lines)
    row.base = total(line.base for line in reversal.lines)
    row.spent = total(line.spent for line in reversal.lines)
    own = _bonus_account(reversal.visit.client_id)
    taken = (m for m in movements if m.kind == Entry.Kind.TAKE_BACK and m.account == own)
    row.bonus_taken_back = total(-m.amount for m in taken)
    row.debt = reversal.debts.get(own, ZERO)
    row.facts = {"taken_from_others": int(_taken_from_others(reversal, movements, own))}
    row.save()
    return row


def _taken_from_others(reversal: Reversal, movements: Iterable[Movement], own: int) -> Money:
    """What whoever brought the client gives back of the bonuses that the check brought them."""
    bonuses = {entry.account_id for entry in reversal.entries if entry.lot.account.unit == Account.Unit.BONUS}
    others = bonuses - {own}
    return total(-m.amount for m in movements if m.kind == Entry.Kind.TAKE_BACK and m.account in others)


def _bonus_account(client: int | None) -> int:
    """The bonus account of the client who came (0 for nobody): what a referrer gives back is not on this refund."""
    account = Account.objects.filter(client=client, unit=Account.Unit.BONUS).first() if client is not None else None
    return account.pk if account is not None else 0
