"""Refunds take the stamps along; whatever is bought, used and returned, all of it back is where it began."""

from __future__ import annotations

from datetime import timedelta
from random import Random  # noqa: TID251  # seeded
from zoneinfo import ZoneInfo

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled
from loyalty.expiry import expire_lots
from loyalty.models import HouseRules, Lot
from tests.presents import factories as presents
from tests.presents.conftest import assert_proved, free_of, stamps_of
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_the_stamps_of_what_comes_back_are_taken(till: Till, boris: Client) -> None:
    presents.StampProgramFactory(needed=10)
    sold = till.sell("4 x session", client=boris)
    seen = []
    for units in (1, 2, 1):
        till.refund(sold, (1, units))
        seen.append(stamps_of(boris))
    assert seen == [3, 1, 0]
    assert_proved()


def test_an_unused_free_one_is_turned_back(till: Till, boris: Client) -> None:
    presents.StampProgramFactory()
    till.sell("2 x session", client=boris)
    sold = till.sell("session", client=boris)
    assert (stamps_of(boris), free_of(boris)) == (0, 1)
    till.refund(sold)
    assert (stamps_of(boris), free_of(boris)) == (2, 0)
    assert_proved()


def test_an_earlier_check_takes_a_later_free_one_too(till: Till, boris: Client) -> None:
    presents.StampProgramFactory()
    first = till.sell("2 x session", client=boris)
    till.sell("session", client=boris)
    till.refund(first, (1, 1))
    assert (stamps_of(boris), free_of(boris)) == (2, 0)


def test_what_was_used_is_owed_and_the_next_stamps_repay_it(till: Till, boris: Client) -> None:
    presents.StampProgramFactory()
    sold = till.sell("3 x session", client=boris)
    till.sell("session", client=boris)  # the free one
    refund = till.refund(sold)
    assert (stamps_of(boris), free_of(boris), refund.money) == (-3, 0, 6000)
    till.sell("4 x session", client=boris)
    assert (stamps_of(boris), free_of(boris)) == (1, 0)
    assert_proved()


@pytest.mark.parametrize("allow_debt", [True, False])
def test_a_free_one_that_returns_repays_what_is_owed(
    till: Till, boris: Client, house_rules: HouseRules, *, allow_debt: bool
) -> None:
    house_rules.allow_debt = allow_debt
    house_rules.save()
    presents.StampProgramFactory()
    sold, used = till.sell("3 x session", client=boris), till.sell("session", client=boris)
    till.refund(sold)
    till.refund(used)
    assert (stamps_of(boris), free_of(boris)) == (0, 0)
    assert_proved()


def test_stamps_that_ended_unused_are_owed_by_nobody(till: Till, boris: Client) -> None:
    presents.StampProgramFactory(needed=10, stamp_days=30)
    sold = till.sell("4 x session", client=boris)
    later = till.later(days=40)
    later.sell("2 x session", client=boris)
    later.refund(sold)
    assert stamps_of(boris) == 2
    assert_proved()


def test_miles_come_back_in_proportion_and_wholly_in_the_end(till: Till, boris: Client) -> None:
    presents.StampProgramFactory(code="miles", kind="miles", per_amount=cents("7"), needed=100)
    sold = till.sell("5 x session", client=boris)
    assert stamps_of(boris, "miles") == 14
    seen = []
    for units in (1, 1, 3):
        till.refund(sold, (1, units))
        seen.append(stamps_of(boris, "miles"))
    assert seen == [12, 9, 0]


def test_a_program_that_is_gone_takes_back_all_the_same(till: Till, boris: Client) -> None:
    program = presents.StampProgramFactory()
    sold = till.sell("4 x session", client=boris)
    program.enabled, program.needed = False, 7
    program.save()
    till.refund(sold)
    assert (stamps_of(boris), free_of(boris)) == (0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_any_way_of_buying_and_returning_ends_where_it_began(till: Till, boris: Client, seed: int) -> None:
    """Checks, uses of free ones and refunds in parts, mixed; then everything that is left comes back."""
    dice = Random(seed)
    presents.StampProgramFactory(needed=dice.choice([2, 3, 5]))
    presents.StampProgramFactory(code="any", name="Any", services=[], needed=4, free=["towel"])
    presents.StampProgramFactory(code="miles", kind="miles", services=[], per_amount=cents("9"), needed=6)
    desk = till
    sold: list[Settled] = []
    for _step in range(14):
        desk = desk.later(hours=dice.randint(1, 30))
        if sold and dice.random() < 0.4:
            _refund_some(desk, dice.choice(sold), dice)
        else:
            lines = [f"{dice.randint(1, 5)} x session", f"{dice.randint(1, 2)} x towel"][: dice.randint(1, 2)]
            sold.append(desk.sell(*lines, client=boris))
        owed = {code: stamps_of(boris, code) for code in ("three", "any", "miles")}
        unused = Lot.objects.filter(account__free_service__client=boris, remaining__gt=0)
        assert not [code for code in owed if owed[code] < 0 and unused.filter(program=code).exists()]
    dice.shuffle(sold)
    for check in sold:
        _refund_some(desk, check, dice, everything=True)
    assert [stamps_of(boris, code) for code in ("three", "any", "miles")] == [0, 0, 0]
    assert free_of(boris) == 0
    assert_proved()


def _refund_some(desk: Till, sold: Settled, dice: Random, *, everything: bool = False) -> None:
    try:
        desk.refund(sold, *([] if everything else [(1, 1)]))
    except Refusal:  # all of it is back already
        return


def test_the_night_ends_stamps_like_everything_else(till: Till, boris: Client) -> None:
    presents.StampProgramFactory(needed=10, stamp_days=5)
    till.sell("2 x session", client=boris)
    day = till.today + timedelta(days=6)
    assert expire_lots(today=day, zone=ZoneInfo("America/New_York"), by=Actor.task("test")) == 1
    assert stamps_of(boris) == 0
    assert_proved()
