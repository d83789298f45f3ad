"""A membership that comes as a present: nothing was paid for it, and whoever gave it may call it back."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from loyalty import ledger
from loyalty.admin.present_forms import given_names
from loyalty.checkout import Settled
from loyalty.ledger import Move
from loyalty.mechanics import CalledBack, Handing, Present, Reversal
from loyalty.models import Entry
from loyalty.money import Money
from loyalty.pricing import Note
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.mechanic import Memberships
from memberships.models import Membership, Plan
from tests.memberships.plans import codes, left_of, plan
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def give(till: Till, code: str, client: Client | None) -> Membership | None:
    present = Present(code, Money(0), "referral:1:friend", "referral", "Bring a friend")
    movements = Memberships().present(present, Handing(client.pk if client else None, till.today, till.now, VERA))
    ledger.post(movements, at=till.now, by=VERA)
    return Membership.objects.filter(client=client).last()


def test_two_months_free(till: Till, boris: Client) -> None:
    plan("two", "session", valid_days=None, valid_months=2, enabled=False, renews=True)
    membership = give(till, "two", boris)
    assert membership is not None
    lot = membership.account.lots.get()
    assert (lot.first_day, lot.last_day, lot.program) == (till.today, date(2026, 5, 2), "referral")
    assert (membership.given_by, membership.paid, membership.sold_on) == ("referral", 0, None)
    assert (membership.renews, membership.paid_until, membership.session_price) == (False, None, None)
    assert till.sell("session", client=boris).visit.to_pay == 0
    assert prove() == []


def test_it_begins_as_its_plan_says_and_has_its_counts(till: Till, boris: Client) -> None:
    plan("spa", "session x 3", "personal x 1", starts="first_visit")
    membership = give(till, "spa", boris)
    assert membership is not None
    assert (membership.waits, left_of(membership), membership.sessions) == (True, [3, 1], 4)


def test_what_is_not_its_own_or_for_nobody_is_not_given(till: Till, boris: Client, five: Plan) -> None:
    assert give(till, "gift", boris) is None
    assert give(till, "five", None) is None
    assert Memberships().gives() == {"five": "5 sessions"}


def reversal_of(check: Settled, till: Till) -> Reversal:
    return Reversal(
        visit=check.visit,
        refund=1,
        lines=(),
        house=rulebook().house,
        now=till.now,
        by=VERA,
        is_whole=True,
        bases={},
        entries=[],
    )


@pytest.mark.parametrize(
    ("from_sum", "used", "code"),
    [
        (None, 2, "membership.friend_back"),
        (None, 5, "membership.friend_owed"),
        (cents("100"), 0, "membership.present_back"),
        (cents("100"), 5, "membership.present_owed"),
    ],
)
def test_it_is_called_back(till: Till, five: Plan, boris: Client, from_sum: Money | None, used: int, code: str) -> None:
    membership = give(till, "five", boris)
    assert membership is not None
    check = till.sell(f"{used} x session" if used else "towel", client=boris)
    granted = Entry.objects.select_related("lot__account").get(account=membership.account, kind="grant")
    reversal = reversal_of(check, till)
    called = CalledBack(granted, ledger.stock(granted.lot), from_sum=from_sum, fell_now=True)
    moves = list(Memberships().call_back(called, reversal))
    membership.refresh_from_db()
    assert membership.voided_at == till.now
    assert [(type(move), move.amount) for move in moves] == ([(Move, used - 5)] if used < 5 else [])
    (note,) = reversal.notes
    assert (note.code, type(note)) == (code, Note)
    text = str(Memberships.explanations[code]) % {**note.facts, "from_sum": "100.00"}
    assert text.startswith("“5 sessions” came for")


def test_what_returns_to_one_that_was_called_back_does_not_make_it_stand_again(
    till: Till, five: Plan, boris: Client
) -> None:
    membership = give(till, "five", boris)
    assert membership is not None
    check = till.sell("session", client=boris)
    Membership.objects.filter(pk=membership.pk).update(voided_at=till.now)
    till.refund(check)
    membership.refresh_from_db()
    assert membership.voided_at == till.now
    assert codes(till, "session", client=boris) == []


def test_gifts_for_a_sum_give_no_memberships(till: Till, five: Plan) -> None:
    assert "five" not in given_names()
