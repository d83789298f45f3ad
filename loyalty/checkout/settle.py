"""Settling: one check, one transaction; all of it, or none of it.

The accounts that the check may take from are locked first, in id order; only then is it priced, so what is
compared with the client's quote is what will be written. Whoever only receives (a referrer) is not locked: two
clients who reward each other at the same moment do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Refusal
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.checkout.quote import Quote, lock_accounts, quote
from loyalty.checkout.record import raise_standing, write_lines, write_payments, write_visit
from loyalty.mechanics import Sale, gathered
from loyalty.models import Visit
from loyalty.money import Money, total
from loyalty.transactions import in_one_transaction


class QuoteChanged(Refusal):
    """Something that the client saw is no longer so. `facts["quote"]` is the new `Quote`; nothing was written."""

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

    Raises `QuoteChanged` if `token` is given and stands for something else than the check is now, and
    `PaymentMismatch` unless the payments come to what is to pay, to the cent; and every refusal of `quote`.
    """
    lock_accounts(basket)
    try:
        present = quote(basket, now=now)
        _compare(present, token)
        paid = _check_payments(payments, present)
    except Refusal:
        # What the first one spent is no longer there: asked again, the answer is still that visit.
        earlier = Visit.objects.filter(operation=key).first()
        if earlier is None:
            raise
        return Settled(visit=earlier, is_repeat=True)
    return _write(present, paid, key=key, by=by)


def _compare(present: Quote, token: str | None) -> None:
    if token is not None and token != present.token:
        raise QuoteChanged(
            _("Something changed while this check was open. Here is what it comes to now."), quote=present
        )


def _check_payments(payments: Sequence[Paid], present: Quote) -> dict[str, Money]:
    to_pay = present.bill.to_pay
    given = total(payment.amount for payment in payments)
    if given != to_pay or any(payment.amount < 0 for payment in payments):
        show = present.scene.house.currency.number
        message = _("The payments come to %(given)s, %(to_pay)s is to pay.")
        raise PaymentMismatch(message % {"given": show(given), "to_pay": show(to_pay)}, field="payments", to_pay=to_pay)
    methods = dict.fromkeys(payment.method for payment in payments)
    by_method = {m: total(payment.amount for payment in payments if payment.method == m) for m in methods}
    return {method: amount for method, amount in by_method.items() if amount}


def _write(present: Quote, paid: dict[str, Money], *, key: str, by: Actor) -> Settled:
    bill, scene = present.bill, present.scene
    visit = write_visit(present, operation=key, by=by)
    if visit is None:
        return Settled(visit=Visit.objects.get(operation=key), is_repeat=True)
    lines = write_lines(visit.pk, bill.lines)
    write_payments(visit.pk, paid)
    sale = _with_accounts(Sale(visit=visit.pk, bill=bill, lines=lines, scene=scene, by=by))
    movements = gathered(lambda mechanic: mechanic.settle(sale))
    ledger.post(movements, at=scene.now, by=by, visit=visit.pk)
    if scene.person is not None:
        raise_standing(scene.person.id, spent=bill.spent, visits=int(bill.is_visit), at=scene.now)
    return Settled(visit=visit, revealed=sale.revealed)


def _with_accounts(sale: Sale) -> Sale:
    """The sale with the accounts that what is sold needs."""
    openings = gathered(lambda mechanic: mechanic.openings(sale))
    if not openings:
        return sale
    ids = ledger.open_accounts(openings, at=sale.scene.now)
    accounts = {opening.operation: account for opening, account in zip(openings, ids, strict=True)}
    return replace(sale, accounts=accounts)
