"""A tier that was set by hand holds to its last day whatever is spent; then the client goes to what they earned."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty.models import CashbackProgram, CashbackTier, TierStanding
from loyalty.money import Money
from loyalty.review import review_tiers
from loyalty.tiers_by_hand import release, set_tier
from loyalty.wallet import wallet
from tests import factories
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
LAST = MONDAY + timedelta(days=30)


@pytest.fixture
def club(business: object) -> CashbackProgram:
    """Start, Silver from 500.00, Gold from 1,500.00: 365 days each, and 30 of grace."""
    program = factories.CashbackFactory()
    for name, begins, percent in (("Start", 0, 3), ("Silver", 50000, 5), ("Gold", 150000, 7)):
        factories.CashbackTierFactory(
            program=program, name=name, from_spent=Money(begins), percent=percent, min_days=365, grace_days=30
        )
    return program


def give(till: Till, client: Client, name: str, until: date | None = LAST, reason: str = "a friend") -> TierStanding:
    tier = CashbackTier.objects.get(name=name)
    till.account(client)
    return set_tier(client=client, program=tier.program, tier=tier, reason=reason, until=until, by=VERA, now=till.now)


def tier_at(till: Till, client: Client) -> str:
    tier = till.quote("session", client=client).bill.tier
    return tier.name if tier is not None else ""


def test_it_holds_to_its_last_day_and_no_longer(till: Till, club: CashbackProgram, boris: Client) -> None:
    row = give(till, boris, "Gold")
    assert (row.by, row.reason, row.until, row.hand_since) == ("staff:vera", "a friend", LAST, MONDAY)
    assert tier_at(till, boris) == tier_at(till.later(days=30), boris) == "Gold"
    assert tier_at(till.later(days=31), boris) == "Start"
    review_tiers(day=LAST + timedelta(days=4), now=till.now)
    row = TierStanding.objects.get()
    assert (row.tier.name, row.since, row.by_hand, row.reason) == ("Start", LAST + timedelta(days=1), False, "")


def test_it_holds_whatever_comes_back(till: Till, club: CashbackProgram, boris: Client) -> None:
    sold = till.sell("9 x personal", client=boris)
    CashbackTier.objects.update(min_days=0, grace_days=0)
    give(till, boris, "Silver")
    till.refund(sold)
    review_tiers(day=MONDAY, now=till.now)
    assert tier_at(till.later(days=30), boris) == "Silver"
    assert tier_at(till.later(days=31), boris) == "Start"


def test_a_higher_one_can_be_earned_and_falls_to_it(till: Till, club: CashbackProgram, boris: Client) -> None:
    CashbackTier.objects.update(min_days=0, grace_days=0)
    club.save()
    give(till, boris, "Silver")
    sold = till.sell("25 x personal", client=boris)
    assert tier_at(till, boris) == "Gold"
    till.later(days=1).refund(sold)
    assert tier_at(till.later(days=2), boris) == "Silver"
    assert tier_at(till.later(days=31), boris) == "Start"


def test_what_is_earned_by_the_end_stays(till: Till, club: CashbackProgram, boris: Client) -> None:
    give(till, boris, "Silver")
    till.later(days=5).sell("9 x personal", client=boris)
    assert tier_at(till.later(days=31), boris) == "Silver"
    assert TierStanding.objects.get().falls_on is None


def test_for_ever(till: Till, club: CashbackProgram, boris: Client) -> None:
    give(till, boris, "Gold", until=None)
    assert tier_at(till.later(days=5000), boris) == "Gold"


def test_it_is_let_go_of_at_once(till: Till, club: CashbackProgram, boris: Client) -> None:
    give(till, boris, "Gold", until=None)
    release(client=boris, program=club, by=VERA, now=till.later(days=3).now)
    assert tier_at(till.later(days=3), boris) == "Start"
    with pytest.raises(Invalid, match="set by hand"):
        release(client=boris, program=club, by=VERA, now=till.now)


def test_who_stood_on_it_before_keeps_their_term(till: Till, club: CashbackProgram, boris: Client) -> None:
    sold = till.sell("9 x personal", client=boris)
    tomorrow = till.later(days=1)
    give(tomorrow, boris, "Silver")
    tomorrow.refund(sold)
    assert tier_at(till.later(days=394), boris) == "Silver"
    assert tier_at(till.later(days=395), boris) == "Start"
    release(client=boris, program=club, by=VERA, now=till.later(days=3).now)
    assert tier_at(till.later(days=394), boris) == "Silver"
    assert tier_at(till.later(days=395), boris) == "Start"


def test_a_second_one_takes_the_place_of_the_first(till: Till, club: CashbackProgram, boris: Client) -> None:
    give(till, boris, "Gold", until=None)
    give(till.later(days=2), boris, "Silver")
    assert tier_at(till.later(days=2), boris) == "Silver"
    give(till.later(days=3), boris, "Silver", until=LAST + timedelta(days=10))
    assert tier_at(till.later(days=40), boris) == "Silver"
    assert tier_at(till.later(days=41), boris) == "Start"


def test_the_client_is_told_until_when(till: Till, club: CashbackProgram, boris: Client) -> None:
    give(till, boris, "Silver")
    (ladder,) = wallet(boris, now=till.now).ladders
    assert (ladder.rung and ladder.rung.name, ladder.by_hand, ladder.by_hand_until) == ("Silver", True, LAST)
    assert ladder.fall is not None
    assert (ladder.fall.on, ladder.fall.keeps_by, ladder.fall.missing) == (LAST + timedelta(days=1), LAST, 50000)


@pytest.mark.parametrize(
    ("reason", "until", "field"),
    [("", LAST, "reason"), ("x" * 251, LAST, "reason"), ("a friend", date(2026, 3, 1), "until")],
)
def test_what_is_refused_changes_nothing(
    till: Till, club: CashbackProgram, boris: Client, reason: str, until: date, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        give(till, boris, "Gold", until, reason)
    assert refused.value.field == field
    assert not TierStanding.objects.exists()


def test_a_tier_that_is_off_cannot_be_given(till: Till, club: CashbackProgram, boris: Client) -> None:
    CashbackTier.objects.filter(name="Gold").update(enabled=False)
    with pytest.raises(Invalid):
        give(till, boris, "Gold")
