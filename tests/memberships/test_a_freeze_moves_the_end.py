"""A freeze moves the end by the days that it really rested (`memberships.freezing`)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.closures import Closing, close, undo
from loyalty.closures import go_on as go_on_with_closures
from loyalty.models import Entry
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.changes import CannotChange
from memberships.freezing import NotFrozen, days_left, frozen_on, rests_of
from memberships.models import Change, Freeze, Membership, Plan
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.life import ends, extend, freeze, frozen_plan, unfreeze
from tests.till import VERA as BY
from tests.till import Till

pytestmark = pytest.mark.django_db

# FlexGym's "now" is 2 March 2026; a plan of 90 days that is bought then ends on 31 May.
END = date(2026, 5, 31)


@pytest.fixture
def held(till: Till, five: Plan, boris: Client) -> Membership:
    frozen_plan(five, 20)
    return buy(till, boris, five)[1]


def test_the_end_moves_at_once_by_the_days_asked(till: Till, held: Membership) -> None:
    assert ends(held) == END
    freeze(till, held, days=14)
    assert ends(held) == date(2026, 6, 14)
    row, change = Freeze.objects.get(), Change.objects.get()
    assert (row.from_day, row.days, row.by, row.ended_on) == (date(2026, 3, 3), 14, "staff:vera", None)
    assert change.facts == {
        "freeze": row.pk,
        "from": "2026-03-03",
        "days": 14,
        "before": "2026-05-31",
        "after": "2026-06-14",
    }
    entry = Entry.objects.get(operation=f"membership:{held.pk}:freeze:{row.pk}")
    assert (entry.kind, entry.amount, entry.note) == ("adjust", 0, "frozen for 14 days from 3 March 2026")
    assert prove() == []


def test_time_decides_whether_it_rests(till: Till, held: Membership) -> None:
    freeze(till, held, days=14)
    rest = rests_of(held)[0]
    days = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 16), date(2026, 3, 17)]
    assert [bool(frozen_on([held.pk], day)) for day in days] == [False, True, True, False]
    assert frozen_on([held.pk], days[1]) == {held.pk: rest}
    assert frozen_on([], days[1]) == {}


def test_ended_early_it_moves_back_by_the_days_it_did_not_rest(till: Till, held: Membership) -> None:
    freeze(till, held, days=14)
    unfreeze(till.later(days=6), held)
    assert ends(held) == END + timedelta(days=5)
    assert days_left(held, rests_of(held)) == 15
    change = Change.objects.get(kind="unfrozen")
    assert (change.facts["frozen"], change.facts["before"], change.facts["after"]) == (5, "2026-06-14", "2026-06-05")
    assert prove() == []


def test_the_first_visit_ends_it(till: Till, held: Membership, boris: Client) -> None:
    freeze(till, held, days=14)
    visit = till.later(days=6).sell("session", client=boris).visit
    assert (visit.to_pay, ends(held)) == (0, END + timedelta(days=5))
    assert Freeze.objects.get().ended_on == date(2026, 3, 8)
    assert Change.objects.get(kind="unfrozen").facts["visit"] == visit.pk
    till.later(days=7).sell("session", client=boris)
    assert ends(held) == END + timedelta(days=5)
    assert prove() == []


def test_a_visit_on_its_first_day_leaves_nothing_of_it(till: Till, held: Membership, boris: Client) -> None:
    freeze(till, held, days=14)
    till.later(days=1).sell("session", client=boris)
    assert ends(held) == END
    assert days_left(held, rests_of(held)) == 20


def test_a_visit_before_it_and_one_that_is_paid_leave_it_alone(till: Till, held: Membership, boris: Client) -> None:
    freeze(till, held, days=14, start=2)
    till.sell("session", client=boris)
    till.later(days=4).sell("towel", client=boris)
    till.later(days=4).sell("session", client=boris, memberships=[])
    assert ends(held) == END + timedelta(days=14)
    assert Freeze.objects.get().ended_on is None


def test_one_that_has_not_begun_is_called_off(till: Till, held: Membership) -> None:
    freeze(till, held, days=14, start=5)
    unfreeze(till.later(days=1), held)
    assert (ends(held), Freeze.objects.count()) == (END, 0)
    freeze(till.later(days=1), held, days=3, start=4)
    assert ends(held) == END + timedelta(days=3)
    assert [change.kind for change in Change.objects.order_by("pk")] == ["frozen", "unfrozen", "frozen"]
    assert prove() == []


def test_it_ends_by_itself(till: Till, held: Membership, boris: Client) -> None:
    freeze(till, held, days=14)
    till.later(days=15).sell("session", client=boris)
    assert ends(held) == END + timedelta(days=14)
    with pytest.raises(NotFrozen):
        unfreeze(till.later(days=15), held)


@pytest.mark.parametrize(
    ("days", "start", "field", "words"),
    [
        (21, 1, "days", "20 freeze days are left"),
        (0, 1, "days", "20 freeze days are left"),
        (5, 0, "from", "tomorrow at the earliest"),
        (5, -1, "from", "tomorrow at the earliest"),
        (5, 91, "from", "ends on 31 May 2026"),
    ],
)
def test_days_that_cannot_be(till: Till, held: Membership, days: int, start: int, field: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        freeze(till, held, days=days, start=start)
    assert (refused.value.field, ends(held), Freeze.objects.count()) == (field, END, 0)


def test_two_freezes_do_not_meet(till: Till, held: Membership) -> None:
    freeze(till, held, days=5, start=10)
    for start in (6, 10, 14):
        with pytest.raises(Invalid, match="frozen from 12 March 2026 until 16 March 2026 already"):
            freeze(till, held, days=5, start=start)
    freeze(till, held, days=5, start=5)
    freeze(till, held, days=5, start=15)
    assert (ends(held), days_left(held, rests_of(held))) == (END + timedelta(days=15), 5)


def test_what_cannot_be_frozen_says_why(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    frozen_plan(five, 5)
    endless = Plan.objects.get(code="ten")
    endless.valid_days, endless.freeze_days = None, 5
    endless.save()
    (_sold, used_up), (_sold, ended) = buy(till, boris, five), buy(till.later(days=-100), boris, five)
    (_sold, for_ever), (_sold, void) = buy(till, boris, endless), buy(till, boris, five)
    till.sell("5 x session", client=boris, memberships=[used_up.pk])
    Membership.objects.filter(pk=void.pk).update(voided_at=till.now)
    cases = {used_up: "have been used", ended: "has ended", for_ever: "never ends", void: "not used any more"}
    for membership, why in cases.items():
        with pytest.raises(CannotChange, match=why):
            freeze(till, membership, days=3)
    assert not Change.objects.exists()


def test_a_plan_without_freeze_days(till: Till, ten: Plan, boris: Client) -> None:
    _sold, membership = buy(till, boris, ten)
    with pytest.raises(CannotChange, match="sold without freeze days"):
        freeze(till, membership, days=1)


def test_it_keeps_what_it_was_sold_with(till: Till, held: Membership, five: Plan) -> None:
    frozen_plan(five, 0)
    freeze(till, held, days=20)
    assert ends(held) == END + timedelta(days=20)


def test_the_same_operation_freezes_once(till: Till, held: Membership, boris: Client) -> None:
    for _turn in range(2):
        freeze(till, held, days=5, key="once")
    assert ends(held) == END + timedelta(days=5)
    with pytest.raises(Invalid, match="another change"):
        extend(till, held, days=5, key="once")


def test_over_the_clock_change_days_are_days(till: Till, held: Membership) -> None:
    """In New York 8 March 2026 has 23 hours."""
    freeze(till, held, days=10)
    late = till.later(days=10, hours=11)  # 13 March, 00:00 by summer time
    assert late.today == date(2026, 3, 13)
    assert [bool(frozen_on([held.pk], day)) for day in (date(2026, 3, 12), late.today)] == [True, False]
    unfreeze(till.later(days=10, hours=10, minutes=30), held)  # 12 March, 23:30
    assert ends(held) == END + timedelta(days=9)


def test_a_closure_meanwhile_stays(till: Till, held: Membership) -> None:
    freeze(till, held, days=14)
    house = rulebook().house
    closing = Closing(house.places["main"].id, date(2026, 3, 10), 3, till.now, house.zone)
    closure = close(closing=closing, reason="Water", key="c", by=BY, now=till.now, house=house)
    assert ends(held) == END + timedelta(days=17)
    unfreeze(till.later(days=5), held)
    assert ends(held) == END + timedelta(days=4 + 3)
    undo(closure_id=closure.pk, by=BY, now=till.later(days=6).now)
    go_on_with_closures(house=house, now=till.later(days=6).now)
    assert ends(held) == END + timedelta(days=4)
    assert prove() == []


def test_what_a_refund_promised_stays(till: Till, held: Membership, boris: Client) -> None:
    visit = till.sell("session", client=boris)
    late = till.later(days=88)  # 29 May
    freeze(late, held, days=14)
    assert ends(held) == date(2026, 6, 14)
    late.later(days=5).refund(visit)  # 3 June: usable until 17 June at least
    assert ends(held) == date(2026, 6, 17)
    unfreeze(late.later(days=6), held)
    assert ends(held) == date(2026, 6, 17)
    assert prove() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_end_it_at_once(till: Till, five: Plan, boris: Client, together: Together) -> None:
    frozen_plan(five, 20)
    _sold, held = buy(till, boris, five)
    freeze(till, held, days=14)
    late = till.later(days=6)
    answers = together(lambda: unfreeze(late, held, key="a"), lambda: unfreeze(late, held, key="b"))
    assert sorted(isinstance(answer, NotFrozen) for answer in answers) == [False, True]
    assert ends(held) == END + timedelta(days=5)
    assert prove() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_visit_and_a_hand_end_it_at_once(till: Till, five: Plan, boris: Client, together: Together) -> None:
    frozen_plan(five, 20)
    _sold, held = buy(till, boris, five)
    freeze(till, held, days=14)
    late = till.later(days=6)
    basket = late.basket("session", client=boris)
    answers = together(lambda: late.settle(basket, key="visit"), lambda: unfreeze(late, held))
    assert not [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, Refusal)]
    assert ends(held) == END + timedelta(days=5)
    assert Change.objects.filter(kind="unfrozen").count() == 1
    assert prove() == []
