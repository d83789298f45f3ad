"""Makes a refund, in one transaction: everything that it gives and takes, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, Sum
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, NotFound
from loyalty import events, ledger
from loyalty.checkout.refund.explaining import note_lines, note_money, note_standing, trace_as_data
from loyalty.checkout.refund.rights import ANY_AGE, Reach
from loyalty.checkout.refund.shares import SUMS, Back, Returnable, StillOut
from loyalty.events import Happened
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import BackLine, Reversal, gathered, mechanics
from loyalty.mechanics.owed import Base, share_that_counts
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
from loyalty.sql import any_of
from loyalty.transactions import in_one_transaction

REASON_LENGTH = 250


@in_one_transaction
def refund(  # keyword-only, each is said by every caller
    *,
    visit_id: int,
    lines: Sequence[Back] | None,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
    reach: Reach = ANY_AGE,
) -> Refund:
    """Refund a visit, wholly (`lines` None) or in part. `key` is its operation: refunded once however often it is sent.

    Raises `NotFound`, `RefundTooOld` for a check older than `reach` goes, `AlreadyRefunded`, and `Invalid` or another
    `Refusal` for lines that the visit does not have or that cannot come back (a gift card that was used).
    """
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    visit = _locked_visit(visit_id)
    earlier = Refund.objects.filter(operation=key).first()
    if earlier is not None:
        return earlier
    reach.check(visit.at)
    house = rulebook().house
    accounts = _lock_accounts(visit)
    # What has ended stays ended, also if no night has run yet: giving back moves the last day of a whole lot.
    ledger.expire_due(Q(account__in=accounts), today=house.day(now), zone=house.zone, by=by, listens=house.listens)
    state = _State.of(visit)  # read under the locks: nothing of it moves any more
    back = state.out.back_lines(lines, _returnable(house, now))
    is_whole = state.out.is_whole(back)
    row = Refund.objects.create(
        operation=key, visit=visit, at=now, by=str(by), reason=reason.strip(), is_whole=is_whole
    )
    reversal = Reversal(
        visit=visit,
        refund=row.pk,
        lines=tuple(back),
        house=house,
        now=now,
        by=by,
        is_whole=is_whole,
        bases=_bases(state.out, back),
        entries=state.entries,
        lots=_lots_by_account(accounts),
    )
    return _write(row, reversal)


def _locked_visit(visit_id: int) -> Visit:
    """The visit, under a lock of its own: two refunds of one check wait for each other even without any account."""
    visit = Visit.objects.select_for_update(no_key=True).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound(_("There is no such visit."))
    return visit


def _lock_accounts(visit: Visit) -> list[int]:
    """Every account that the visit touched, in id order."""
    more = [accounts for mechanic in mechanics() if (accounts := mechanic.undo_accounts(visit)) is not None]
    others = [Account.objects.filter(accounts).values("pk") for accounts in more]
    return ledger.lock(any_of(_entries(visit).order_by().values("account"), *others))


def _entries(visit: Visit) -> Any:
    """Of the visit and of its earlier refunds."""
    of_visit, of_refunds = (Entry.objects.filter(one).values("pk") for one in (Q(visit=visit), Q(refund__visit=visit)))
    return Entry.objects.filter(any_of(of_visit, of_refunds)).order_by("pk")


@dataclass(frozen=True, slots=True)
class _State:
    """A visit and what has come back of it so far."""

    out: StillOut
    entries: Sequence[Entry]

    @classmethod
    def of(cls, visit: Visit) -> _State:
        lines = list(VisitLine.objects.filter(visit=visit).order_by("number"))
        sums = {name: Sum(name) for name in SUMS}
        refunded = RefundLine.objects.filter(line__visit=visit).values("line").annotate(**sums)
        gone: dict[int, Mapping[str, Any]] = {row["line"]: row for row in refunded}
        return cls(
            out=StillOut(lines, gone),
            entries=list(_entries(visit).select_related("lot__account")),
        )


def _bases(out: StillOut, back: Sequence[BackLine]) -> dict[int, Base]:
    """Each line's earning base, and what of it came back. Of a check that earned on nothing: its list price.

    Bonuses of a fixed amount (of a promo code, an Nth visit) are given also where nothing was paid that earns.
    """
    share = share_that_counts(out.lines)
    now_back = {part.line.pk: getattr(part, share) for part in back}
    before = {line.pk: Money(getattr(line, share) - out.out(line, share)) for line in out.lines}
    return {
        line.number: Base(getattr(line, share), before[line.pk], before[line.pk] + now_back.get(line.pk, 0))
        for line in out.lines
    }


def _returnable(house: House, now: datetime) -> Returnable:
    """The share of a sold item's price that comes back, as its mechanic says; services come back wholly."""

    def part_of(line: VisitLine) -> tuple[int, int]:
        answers = (mechanic.returnable(line, house, now) for mechanic in mechanics())
        return next((answer for answer in answers if answer is not None), (1, 1))

    return part_of


def _lots_by_account(accounts: Sequence[int]) -> dict[int, list[ledger.Stock]]:
    lots = ledger.held(Q(pk__in=accounts))
    return {account: [lot for lot in lots if lot.account == account] for account in accounts}


def _write(row: Refund, reversal: Reversal) -> Refund:
    """The lines, the money, what every mechanic undoes, the client's standing; and why."""
    back = reversal.lines
    RefundLine.objects.bulk_create(
        RefundLine(refund=row, line=part.line, **{name: getattr(part, name) for name in SUMS}) for part in back
    )
    note_lines(reversal)
    _pay_back(row, reversal)
    movements = gathered(lambda mechanic: mechanic.undo(reversal))
    listens = reversal.house.listens
    ledger.post(movements, at=row.at, by=reversal.by, refund=row.pk, listens=listens)
    _lower_standing(reversal)
    note_standing(reversal)
    summed = _sum_up(row, reversal, movements)
    events.write([_refunded(summed, reversal), *reversal.happened], now=row.at, listens=listens)
    return summed


def _refunded(row: Refund, reversal: Reversal) -> Happened:
    visit, text = reversal.visit, reversal.house.currency.text
    facts = {
        "visit": str(visit.pk),
        "refund": str(row.pk),
        "client": str(visit.client_id) if visit.client_id is not None else None,
        "is_whole": row.is_whole,
        "money": text(total(line.to_pay for line in reversal.lines)),
    }
    return Happened("visit.refunded", facts)


def _pay_back(row: Refund, reversal: Reversal) -> None:
    """Money goes back to the methods it came by, in proportion to what is still out."""
    amount = total(line.to_pay for line in reversal.lines)
    paid = dict(Payment.objects.filter(visit=reversal.visit).order_by("pk").values_list("method", "amount"))
    back = RefundPayment.objects.filter(refund__visit=reversal.visit).values("method").annotate(amount=Sum("amount"))
    for payment in back:
        paid[payment["method"]] -= payment["amount"]
    parts = [(m, part) for m, part in zip(paid, spread(amount, list(paid.values())), strict=True) if part]
    RefundPayment.objects.bulk_create(RefundPayment(refund=row, method=m, amount=part) for m, part in parts)
    note_money(reversal, paid, parts)


def _lower_standing(reversal: Reversal) -> None:
    """Total spent goes down; a wholly refunded visit counts for nothing, also as the last one."""
    visit = reversal.visit
    if visit.client_id is None:
        return
    standing = Standing.objects.select_for_update(no_key=True).get(pk=visit.client_id)
    standing.total_spent -= total(line.spent for line in reversal.lines)
    if reversal.is_whole and visit.is_visit:
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
    row.facts = {
        "taken_from_others": int(_taken_from_others(reversal, movements, own)),
        "trace": trace_as_data(reversal.notes),
    }
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
