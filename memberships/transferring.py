"""A transfer: a membership, or so many of its sessions, becomes another client's.

A new membership comes out of the old one (`Membership.origin`), of the same plan and with the same last day. What was
paid for the sessions goes along with them, so that both together stand for the whole price. Passed on wholly, the old
one is void; what is left of its freeze days, and being a subscription, go along as well. People who were named on it
are not: the new holder names their own.

Visits that the old one covered stay with it. Refunded later, their sessions return to the lots they came from, and the
old holder's membership stands again with them: what was paid for them had stayed there.

One that was given stays with whoever got it.

    10 sessions for 160.00, 2 used, 3 passed on: the new one has 3 sessions, 48.00; the old one stands for 7, 112.00, of
    which 5 are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty import ledger
from loyalty.checkout.quote import ClientErased
from loyalty.explanations import show_day
from loyalty.ledger import Grant, Kind, Move, Movement, Opening, Stock
from loyalty.models import Account
from loyalty.money import ZERO, Money, spread
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction
from memberships import changes
from memberships.freezing import days_left, rests_of
from memberships.models import Change, Membership, Renewal
from memberships.paid_periods import period_of
from memberships.plans import lot_operation, service_of
from memberships.unused import left_of

Did = Change.Kind


class NotTransferable(Refusal):
    """The plan says that it stays with whoever bought it, or it is frozen now."""

    code = "membership_not_transferable"


@dataclass(frozen=True, slots=True)
class Taken:
    """So many sessions of a lot that are passed on."""

    lot: Stock
    count: Money


@in_one_transaction
def transfer(  # keyword-only, each is said by every caller
    *,
    membership: int,
    client: Client,
    reason: str,
    by: Actor,
    now: datetime,
    key: str,
    sessions: int | None = None,
    service: int | None = None,
) -> Membership:
    """Pass it on, wholly or so many `sessions` (of a service, where each has its own count); the old membership.

    `key` is the operation: sent twice it is passed on once. Raises `NotTransferable`, `CannotChange`, `ClientErased`,
    and `Invalid` with the field.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.TRANSFERRED):
        return row
    said = changes.reason_in(reason)
    today = rulebook().house.day(now)
    lots = changes.running(row, today)
    _refuse(row, client, today)
    taken = _taken(row, lots, sessions, service)
    is_whole = sum(one.count for one in taken) == left_of(lots)
    operation = (
        f"membership:{row.pk}:transfer:{Change.objects.filter(membership=row, kind=Did.TRANSFERRED).count() + 1}"
    )
    (account,) = ledger.open_accounts([Opening(operation, Account.Unit.SESSION, client.pk)], at=now)
    new = _new(row, client, account, lots, taken, today, now, is_whole=is_whole)
    movements = [move for one in taken for move in _moves(one, operation, account, today, said)]
    ledger.post(movements, at=now, by=by)
    if is_whole:
        row.voided_at, row.renews = now, False
        Renewal.objects.filter(membership=row, state=Renewal.State.DUE).update(membership=new, number=1)
    row.save(update_fields=["paid", "credit", "sessions", "voided_at", "renews"])
    facts = {"to": new.pk, "client": client.pk, "sessions": new.sessions, "whole": is_whole, "paid": int(new.paid)}
    changes.write(row, Did.TRANSFERRED, key=key, by=by, now=now, reason=said, facts=facts)
    return row


def _refuse(row: Membership, client: Client, today: date) -> None:
    name = {"name": row.plan.name}
    if row.given_by:  # whoever gave it may call it back, and would find nothing of it
        raise NotTransferable(_("“%(name)s” was given, not bought: it stays with whoever got it.") % name)
    if not row.plan.transferable:
        raise NotTransferable(_("“%(name)s” stays with whoever bought it: it cannot be passed on.") % name)
    if client.pk == row.client_id:
        raise Invalid(_("It is their own membership."), field="client")
    if client.erased_at is not None:
        raise ClientErased(_("This client has asked to be forgotten."), field="client")
    refuse_frozen(row, today)


def refuse_frozen(row: Membership, today: date) -> None:
    """Raises `NotTransferable` while it is frozen, or is going to be: its end would not be known."""
    rest = next((rest for rest in rests_of(row) if rest.until > today), None)
    if rest is not None:
        message = _("“%(name)s” is frozen until %(day)s. End the freeze first.")
        raise NotTransferable(message % {"name": row.plan.name, "day": show_day(rest.last_day)})


def _taken(row: Membership, lots: Sequence[Stock], sessions: int | None, service: int | None) -> list[Taken]:
    """What is passed on, of the lots that end soonest first. Raises `Invalid`."""
    if sessions is None:
        if service is not None:
            raise Invalid(_("Say how many sessions of it."), field="sessions")
        return [Taken(lot, lot.remaining) for lot in lots if lot.remaining]
    if row.sessions is None:
        raise Invalid(_("It has any number of sessions, so it is passed on as a whole."), field="sessions")
    of_service = {lot.id: service_of(lot.operation, lot.opened_by) for lot in lots}
    if service is None and any(of_service.values()):
        raise Invalid(_("Each service has its own count here: say sessions of which."), field="service")
    fitting = [lot for lot in lots if of_service[lot.id] == service]
    if service is not None and not fitting:
        raise Invalid(_("It has no count of its own for this service."), field="service")
    left = left_of(fitting)
    if not 1 <= sessions <= left:
        message = ngettext("%(left)d session is left.", "%(left)d sessions are left.", left)
        raise Invalid(message % {"left": left}, field="sessions")
    taken = []
    for lot in fitting:
        part = min(int(lot.remaining), sessions)
        if part:
            taken.append(Taken(lot, Money(part)))
            sessions -= part
    return taken


def _new(  # what it comes out of, then whose it is
    row: Membership,
    client: Client,
    account: int,
    lots: Sequence[Stock],
    taken: Sequence[Taken],
    today: date,
    now: datetime,
    *,
    is_whole: bool,
) -> Membership:
    """The new membership, written; the old one (not yet) with what stays there."""
    rests = rests_of(row)
    count = int(sum(one.count for one in taken))
    period = period_of(row, lots, today)
    goes = period.unused
    whole = goes.whole if period.sessions is None else period.sessions
    part = goes.part if period.sessions is None else count
    weights = [part, max(whole - part, 0)]
    paid, stays = spread(period.paid, weights)
    credit = ZERO
    if period.is_sold:
        row.paid = stays
        credit, row.credit = spread(row.credit, weights)
        row.sessions = None if row.sessions is None else max(row.sessions - count, 0)
    return Membership.objects.create(
        client=client,
        plan=row.plan,
        account_id=account,
        sessions=None if period.sessions is None else count,
        session_price=row.session_price,
        paid=paid,
        credit=credit,
        refund=row.refund,
        freeze_days=days_left(row, rests),
        waits=row.waits,
        origin=row,
        renews=row.renews and is_whole,
        paid_until=row.paid_until if is_whole else None,
        created_at=now,
    )


def _moves(one: Taken, operation: str, account: int, today: date, reason: str) -> list[Movement]:
    """From the old lot to one of its own on the new account: the same value under one name, nothing lost."""
    lot, note = replace(one.lot, first_day=max(one.lot.first_day, today)), reason[: changes.REASON_LENGTH]
    name = lot_operation(f"{operation}:{lot.id}", service_of(one.lot.operation, one.lot.opened_by))
    out = Move(name, lot.id, lot.account, Kind.TRANSFER, Money(-one.count), note=note)
    new = Grant(
        operation=name,
        account=account,
        amount=one.count,
        first_day=lot.first_day,
        last_day=lot.last_day,
        program=lot.program,
        name=lot.name,
        kind=Kind.TRANSFER,
        note=note,
    )
    return [out, new]
