"""What a friend's check brings to the one who brought them, and to the friend, with every figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from clients.models import Client
from loyalty.explanations import explain
from loyalty.models import CashbackProgram, Entry, HouseRules, Lot
from loyalty.money import Currency
from loyalty.pricing import Bill
from memberships.models import Plan
from referrals.mechanic import Referrals
from referrals.models import Code, Referral, ReferralProgram
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, change
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(program: ReferralProgram, join: Join) -> Client:
    return join("Ann")


@pytest.fixture
def bob(ann: Client, join: Join) -> Client:
    """Brought by Ann, with 100 bonuses."""
    return join("Bob", Code.objects.get(client=ann).code)


def notes(bill: Bill) -> list[tuple[str, int]]:
    return [(note.code, int(note.amount)) for note in bill.notes if note.code.startswith("referral.")]


def test_the_worked_example_of_flexgym(till: Till, cashback: CashbackProgram, ann: Client, bob: Client) -> None:
    first = till.sell("personal", client=bob, redeem="max").visit
    assert (first.bonus_total, first.to_pay, first.earned_total) == (3000, 3000, 90)
    assert (till.balance(bob), till.balance(ann)) == (cents("70.90"), cents("1.50"))
    second = till.sell("2 x session", client=bob, redeem="max").visit
    assert (second.bonus_total, second.to_pay, second.earned_total) == (0, 4000, 120)
    assert (till.balance(bob), till.balance(ann)) == (cents("72.10"), cents("3.50"))


def test_the_reward_is_a_lot_on_the_terms_of_the_program(till: Till, ann: Client, bob: Client) -> None:
    visit = till.sell("session", client=bob).visit
    lot = Lot.objects.get(account__client=ann)
    assert (lot.amount, lot.program, lot.name, lot.last_day) == (100, "referral", "Referral program", date(2027, 3, 2))
    assert (lot.limit_percent, lot.min_check) == (Decimal(50), cents("50"))
    entry = Entry.objects.get(lot=lot)
    assert (entry.operation, entry.visit) == (f"visit:{visit.pk}:referrals:referrer", visit)
    assert [row["for_other"] for row in visit.facts["earned"]] == [ann.pk]


def test_whoever_came_alone_rewards_nobody(till: Till, ann: Client) -> None:
    bill = till.quote("session", client=ann).bill
    assert (bill.earnings, notes(bill)) == ((), [])


def test_it_is_rounded_down_to_the_step_once_a_check(
    till: Till, ann: Client, bob: Client, house_rules: HouseRules
) -> None:
    bill = till.quote({"service": "session", "price": "0.39"}, {"service": "session", "price": "0.40"}, client=bob).bill
    assert bill.earnings[0].amount == 3  # 5 % of 0.79, not 0.01 + 0.02
    house_rules.bonus_step = cents("1")
    house_rules.save()
    assert till.quote("personal", "session", "session", client=bob).bill.earnings[0].amount == cents("5")
    assert till.quote("session", client=bob).bill.earnings[0].amount == cents("1")


def test_a_membership_bought_by_the_friend_rewards_too(till: Till, ann: Client, bob: Client) -> None:
    factories.PlanFactory()
    till.sell({"membership_plan": Plan.objects.get().code}, client=bob)
    assert till.balance(ann) == cents("4.50")


def test_at_the_first_visit_only(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, referrer_when="first_visit")
    factories.PlanFactory()
    assert notes(till.quote({"membership_plan": "five"}, client=bob).bill) == [("referral.only_first", 0)]
    visit = till.sell("personal", client=bob)
    bill = till.quote("personal", client=bob).bill
    assert (till.balance(ann), bill.earnings, notes(bill)) == (cents("3"), (), [("referral.only_first", 0)])
    till.refund(visit)
    assert till.balance(ann) == 0
    assert notes(till.quote("personal", client=bob).bill) == [("referral.referrer_share", 300)]


def test_a_fixed_amount_comes_with_the_first_paid_visit(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, referrer_percent=None, referrer_amount=cents("10"), referrer_when="first_visit")
    till.give(bob, "20")
    till.sell("session", client=bob, redeem="20")  # paid with bonuses alone: no money, no reward yet
    assert till.balance(ann) == 0
    till.sell("session", client=bob)
    till.sell("session", client=bob)
    assert till.balance(ann) == cents("10")


def test_for_the_first_months_only(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, months=1)
    on_the_last_day = till.later(days=31)  # 2 April
    assert notes(on_the_last_day.quote("session", client=bob).bill) == [("referral.referrer_share", 100)]
    assert notes(till.later(days=32).quote("session", client=bob).bill) == [("referral.too_late", 0)]


def test_at_most_so_much_a_month_over_all_friends(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    change(program, max_per_month=cents("4"))
    carl = join("Carl", Code.objects.get(client=ann).code)
    first = till.sell("personal", client=bob)
    bill = till.quote("personal", client=carl).bill
    assert (bill.earnings[0].amount, notes(bill)) == (100, [("referral.month_full", 100)])
    till.sell("personal", client=carl)
    full = till.quote("personal", client=carl).bill
    assert (full.earnings, notes(full)) == ((), [("referral.month_full", 0)])
    assert till.balance(ann) == cents("4")
    till.refund(first)
    assert till.quote("personal", client=carl).bill.earnings[0].amount == cents("3")
    assert till.later(days=30).quote("personal", client=carl).bill.earnings[0].amount == cents("3")


def test_the_friend_may_get_it_after_the_first_paid_visit(
    till: Till, program: ReferralProgram, ann: Client, join: Join
) -> None:
    change(program, friend_when="first_visit")
    bob = join("Bob", Code.objects.get(client=ann).code)
    assert till.balance(bob) == 0
    visit = till.sell("session", client=bob).visit
    assert (till.balance(bob), visit.earned_total) == (cents("100"), cents("100"))
    assert Entry.objects.filter(operation=f"visit:{visit.pk}:referrals:friend").count() == 1
    assert till.sell("session", client=bob).visit.earned_total == 0


def test_the_friend_may_get_a_discount_on_the_first_check(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, friend_amount=None, friend_discount_percent=20)
    factories.PlanFactory()
    bill = till.quote("personal", "towel", {"membership_plan": "five"}, client=bob).bill
    assert [line.discount for line in bill.lines] == [1200, 60, 0]
    till.sell("personal", client=bob)
    assert till.quote("personal", client=bob).bill.discount_total == 0
    assert till.quote("personal", client=ann).bill.discount_total == 0


def test_the_better_of_trial_and_friends_discount_is_taken(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, friend_amount=None, friend_discount_percent=20)
    factories.TrialFactory()  # half of one session
    assert till.quote("session", client=bob).bill.discount_total == cents("10")
    assert till.quote("session", "personal", client=bob).bill.discount_total == cents("16")


@pytest.mark.parametrize("off", [{"enabled": False}, {"from_day": date(2026, 3, 3)}, {"to_day": date(2026, 3, 1)}])
def test_a_program_that_is_off_rewards_nobody_and_says_so(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, off: dict[str, object]
) -> None:
    change(program, **off)
    bill = till.quote("session", client=bob).bill
    assert (bill.earnings, notes(bill)) == ((), [("referral.program_off", 0)])


def test_a_refund_takes_the_reward_back_in_proportion(till: Till, ann: Client, bob: Client) -> None:
    sold = till.sell("3 x session", client=bob)  # 60.00, so 3.00 to Ann
    seen = []
    for _i in range(3):
        till.refund(sold, (1, 1))
        seen.append(till.balance(ann))
    assert seen == [cents("2"), cents("1"), 0]


def test_a_reward_that_was_spent_becomes_a_debt(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, limit_percent=100, min_check=0)
    sold = till.sell("personal", client=bob)
    till.sell("session", client=ann, redeem="3")
    refund = till.refund(sold)
    assert till.balance(ann) == cents("-3")
    assert (refund.bonus_taken_back, refund.debt) == (0, 0)  # of the one who came; Ann's is Ann's
    till.sell("personal", client=bob)
    assert till.balance(ann) == 0


def test_the_trace_says_it_in_words(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, months=1, max_per_month=cents("2"))
    seen = []
    for work in (till, till.later(days=40)):
        visit = work.sell("personal", client=bob).visit
        seen += [
            row.text for row in explain(visit.facts["trace"], Currency.of("USD")) if row.code.startswith("referral.")
        ]
    assert seen == [
        "Whoever brought this client gets 2.00 bonuses instead of 3.00: at most 2.00 a month.",
        "Whoever brought this client was rewarded until 2 April 2026.",
    ]
    change(program, months=None, max_per_month=None)
    visit = till.sell("personal", client=bob).visit
    texts = [row.text for row in explain(visit.facts["trace"], Currency.of("USD")) if row.code.startswith("referral.")]
    assert texts == ["Whoever brought this client gets 3.00 bonuses: 5\N{NO-BREAK SPACE}% of 60.00."]


def test_a_client_sees_code_friends_and_what_they_brought(till: Till, ann: Client, bob: Client) -> None:
    from loyalty.rulebook import rulebook

    till.sell("personal", client=bob)
    house = rulebook().house
    held = Referrals().holdings(ann, house, till.now)
    assert held is not None
    shown = held.portal[0].context
    code = Code.objects.get(client=ann).code
    assert (shown["code"], shown["path"], shown["friends"], shown["earned"]) == (code, f"/join/{code}/", 1, cents("3"))
    assert shown["referrer"] is None
    at_desk = Referrals().holdings(bob, house, till.now)
    assert at_desk is not None
    assert at_desk.desk[0].context["referrer"] == ann
    facts = Referrals().client_facts([ann, bob])
    assert facts[ann.pk] == {"referral_code": code, "referrer": None, "partner": None}
    assert facts[bob.pk]["referrer"] == str(ann.pk)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_clients_who_reward_each_other_at_once_do_not_deadlock(
    till: Till, ann: Client, bob: Client, together: Together
) -> None:
    """Each check takes from one and gives to the other. No rule lets two bring each other, so the row is put there."""
    Referral.objects.create(friend=ann, referrer=bob, named_at=till.now, by="test")
    till.give(ann, "100")
    rounds = 5
    baskets = {client: till.basket("session", client=client, redeem="10") for client in (ann, bob)}
    ReferralProgram.objects.update(limit_percent=100, min_check=0)
    Lot.objects.update(limit_percent=100, min_check=0)

    def buy(client: Client, n: int) -> Callable[[], object]:
        return lambda: till.settle(baskets[client], cash=1000, key=f"{client.pk}:{n}")

    for n in range(rounds):
        answers = together(buy(ann, n), buy(bob, n))
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
    # five checks each: 10.00 bonuses spent and 5 % of 10.00 in money for the other
    assert [till.balance(client) for client in (ann, bob)] == [cents("52.50"), cents("52.50")]
