"""Settling: one check, one transaction; all of it, or none of it.

The accounts that the check may take from are locked first, in id order; only then is it priced, so what is
compared with the client's quote is what will be written. Whoever only receives (a referrer) is not locked: two
clients who reward each other at the same moment do not wait for each other.

A token is a promise of 15 minutes (`loyalty.promises`). What the client saw is settled if it is still so; and else if
it is so by the settings and at the moment of the quote. What was used elsewhere meanwhile is gone all the same, and
what came in was no part of it: the client, the cards and the codes are as they are now, under lock, and of each lot
there is what is left of it. A promise that cannot be kept, or is older, is answered with the present quote, and
nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Refusal
from loyalty import events, ledger, promises
from loyalty.basket import Basket
from loyalty.checkout.quote import Quote, lock_accounts, quote, quote_by
from loyalty.checkout.record import raise_standing, write_lines, write_payments, write_visit
from loyalty.events import Happened
from loyalty.mechanics import Sale, gathered
from loyalty.models import Visit
from loyalty.money import Money, total
from loyalty.promises import Promise
from loyalty.transactions import in_one_transaction


class QuoteChanged(Refusal):
    """What the client saw is no longer so, or was promised too long ago. `facts["quote"]` is the new `Quote`."""

    code = "quote_changed"


class PaymentMismatch(Refusal):
    """The payments do not come to what is to pay (`facts["to_pay"]`)."""

    code = "payment_mismatch"


@dataclass(frozen=True, slots=True)
class Paid:
    """Money by one method: `cash`, `card`, `transfer`."""

    method: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled check. `revealed` is told only now: line number → gift cards with their codes."""

    visit: Visit
    revealed: dict[int, list[Any]] = field(default_factory=dict)
    is_repeat: bool = False


@in_one_transaction
def settle(  # keyword-only, each is said by every caller
    *, basket: Basket, payments: Sequence[Paid], key: str, by: Actor, now: datetime, token: str | None = None
) -> Settled:
    """Settle a check. `key` is its operation: settled again under the same key, it is the first visit that answers.

    With `token` what it promises is settled. Raises `QuoteChanged` if that cannot be, and `PaymentMismatch` unless
    the payments come to what is to pay, to the cent; and every refusal of `quote`.
    """
    lock_accounts(basket)
    try:
        agreed = quote(basket, now=now, settles=True) if token is None else _promised_or_present(basket, token, now)
        paid = _check_payments(payments, agreed)
    except Refusal:
        # What the first one spent is no longer there: asked again, the answer is still that visit.
        earlier = Visit.objects.filter(operation=key).first()
        if earlier is None:
            raise
        return Settled(visit=earlier, is_repeat=True)
    return _write(agreed, paid, key=key, by=by)


def _promised_or_present(basket: Basket, token: str, now: datetime) -> Quote:
    """What the token promises, which is the present check where both are the same. Raises `QuoteChanged`, and what
    refuses the present check.
    """
    promise = promises.read_token(token)
    held = promise if promise is not None and promise.is_held(now) else None
    why: Refusal
    try:
        present = quote(basket, now=now, settles=True)
        if held is not None and held.seen == present.seen:
            return present
        why = QuoteChanged(_why(promise, held), quote=present)
    except Refusal as refused:
        why = refused
    promised = _as_promised(basket, held, now)
    if promised is None:
        raise why
    return promised


def _why(promise: Promise | None, held: Promise | None) -> str:
    if promise is not None and held is None:
        return _("This quote was held for 15 minutes, which are over. Here is what the check comes to now.")
    return _("Something changed while this check was open. Here is what it comes to now.")


def _as_promised(basket: Basket, promise: Promise | None, now: datetime) -> Quote | None:
    """The check by the settings and at the moment of its quote, if it still comes to what the client saw.

    It is priced at that moment and happens now: visit, entries and new lots are dated now.
    """
    book = promises.rules_of(promise) if promise is not None else None
    if promise is None or book is None:
        return None
    try:
        promised = quote_by(book, basket, now=promise.at)
    except Refusal:  # what it needs is gone: the refusal or the quote of now says what
        return None
    if promised.seen != promise.seen:
        return None
    return replace(promised, scene=replace(promised.scene, now=basket.at or now))


def _check_payments(payments: Sequence[Paid], agreed: Quote) -> dict[str, Money]:
    to_pay = agreed.bill.to_pay
    given = total(payment.amount for payment in payments)
    if given != to_pay or any(payment.amount < 0 for payment in payments):
        show = agreed.scene.house.currency.number
        message = _("The payments come to %(given)s, %(to_pay)s is to pay.")
        raise PaymentMismatch(message % {"given": show(given), "to_pay": show(to_pay)}, field="payments", to_pay=to_pay)
    methods = dict.fromkeys(payment.method for payment in payments)
    by_method = {m: total(payment.amount for payment in payments if payment.method == m) for m in methods}
    return {method: amount for method, amount in by_method.items() if amount}


def _write(agreed: Quote, paid: dict[str, Money], *, key: str, by: Actor) -> Settled:
    bill, scene = agreed.bill, agreed.scene
    visit = write_visit(agreed, operation=key, by=by)
    if visit is None:
        return Settled(visit=Visit.objects.get(operation=key), is_repeat=True)
    lines = write_lines(visit.pk, bill.lines)
    write_payments(visit.pk, paid)
    sale = _with_accounts(Sale(visit=visit.pk, bill=bill, lines=lines, scene=scene, by=by))
    movements = gathered(lambda mechanic: mechanic.settle(sale))
    listens = scene.house.listens
    ledger.post(movements, at=scene.now, by=by, visit=visit.pk, listens=listens)
    if scene.person is not None:
        raise_standing(scene.person.id, spent=bill.spent, visits=int(bill.is_visit), at=scene.now)
    events.write([_settled(visit, agreed), *sale.happened], now=scene.now, listens=listens)
    return Settled(visit=visit, revealed=sale.revealed)


def _settled(visit: Visit, agreed: Quote) -> Happened:
    bill, scene = agreed.bill, agreed.scene
    text = scene.house.currency.text
    facts = {
        "visit": str(visit.pk),
        "client": str(scene.person.id) if scene.person is not None else None,
        "location": scene.place.code,
        "check_total": text(bill.check_total),
        "to_pay": text(bill.to_pay),
    }
    return Happened("visit.settled", facts)


def _with_accounts(sale: Sale) -> Sale:
    """The sale with the accounts that what is sold needs."""
    openings = gathered(lambda mechanic: mechanic.openings(sale))
    if not openings:
        return sale
    ids = ledger.open_accounts(openings, at=sale.scene.now)
    accounts = {opening.operation: account for opening, account in zip(openings, ids, strict=True)}
    return replace(sale, accounts=accounts)
