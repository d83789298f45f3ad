"""Thresholds that the owner changes count at once or with the next night; before that, it is said who would move."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from loyalty import thresholds
from loyalty.models import CashbackProgram, CashbackTier, TierChange, TierStanding
from loyalty.money import Money
from loyalty.review import review_tiers
from loyalty.thresholds import Moves
from loyalty.tiers_by_hand import set_tier
from tests import factories
from tests.till import VERA, Till, statements

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def club(business: object) -> CashbackProgram:
    """Start, Silver from 500.00, Gold from 1,500.00."""
    program: CashbackProgram = factories.CashbackFactory()
    for name, begins, percent in (("Start", 0, 3), ("Silver", 50000, 5), ("Gold", 150000, 7)):
        factories.CashbackTierFactory(program=program, name=name, from_spent=Money(begins), percent=percent)
    review_tiers(day=MONDAY - timedelta(days=1), now=factories.NOW)
    return program


@pytest.fixture
def crowd(till: Till, club: CashbackProgram) -> list[Client]:
    """Who has spent 60.00, 540.00, 720.00, and 600.00 before there were tiers."""
    clients: list[Client] = [factories.ClientFactory() for _ in range(4)]
    for client, units in zip(clients, (1, 9, 12, 10), strict=True):
        till.sell(f"{units} x personal", client=client)
    TierStanding.objects.filter(client=clients[3]).delete()
    return clients


def change(silver: str, *, at_once: bool, now: Till, window: int | None = None) -> int | None:
    """Silver begins at this sum; the change counts."""
    before = thresholds.present()
    tier = CashbackTier.objects.get(name="Silver")
    tier.from_spent = Money(int(silver) * 100)
    tier.save()
    if window is not None:
        tier.program.window_days = window
        tier.program.save()
    (after,) = thresholds.present().values()
    return thresholds.count(before[after.program], after, at_once=at_once, by=VERA, now=now.now, zone=ZONE)


def tiers(till: Till, clients: list[Client]) -> list[str]:
    found = (till.quote("session", client=client).bill.tier for client in clients)
    return [tier.name if tier is not None else "" for tier in found]


@pytest.mark.parametrize(("silver", "up", "down"), [("600", 0, 1), ("700", 0, 2), ("40", 1, 0), ("500", 0, 0)])
def test_it_is_said_who_would_move(club: CashbackProgram, crowd: list[Client], silver: str, up: int, down: int) -> None:
    before = thresholds.present()[club.pk]
    CashbackTier.objects.filter(name="Silver").update(from_spent=int(silver) * 100)
    after = thresholds.present()[club.pk]
    asked = statements(lambda: thresholds.moves(before, after, today=MONDAY, zone=ZONE))
    assert thresholds.moves(before, after, today=MONDAY, zone=ZONE) == Moves(up, down)
    assert len(asked) == 1


def test_at_once_moves_everybody_up_and_down(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    CashbackTier.objects.update(min_days=365, grace_days=30)
    assert change("700", at_once=True, now=till) == 2
    assert tiers(till, crowd) == ["Start", "Start", "Silver", "Start"]
    assert change("50", at_once=True, now=till.later(days=1)) == 3
    assert tiers(till.later(days=1), crowd) == ["Silver"] * 4
    assert list(TierChange.objects.exclude(by__startswith="task").values_list("moved", flat=True)) == [3, 2]
    assert review_tiers(day=MONDAY + timedelta(days=2), now=till.now) == 0


def test_the_next_night_moves_and_until_then_nobody_does(
    till: Till, club: CashbackProgram, crowd: list[Client]
) -> None:
    assert change("700", at_once=False, now=till) is None
    before = ["Start", "Silver", "Silver", "Silver"]
    assert tiers(till, crowd) == before
    tomorrow = MONDAY + timedelta(days=1)
    assert review_tiers(day=tomorrow, now=till.later(days=1).now) == 2
    assert tiers(till.later(days=1), crowd) == ["Start", "Start", "Silver", "Start"]
    assert set(TierStanding.objects.filter(tier__name="Start").values_list("since", flat=True)) == {tomorrow}
    assert TierChange.objects.filter(by=str(VERA), moved=2).exclude(done_at=None).count() == 1
    assert review_tiers(day=tomorrow, now=till.later(days=1).now) == 0


def test_the_next_night_moves_up_who_has_nothing_on_record(
    till: Till, club: CashbackProgram, crowd: list[Client]
) -> None:
    change("50", at_once=False, now=till)
    assert tiers(till, crowd) == ["Start", "Silver", "Silver", "Silver"]
    review_tiers(day=MONDAY + timedelta(days=1), now=till.now)
    assert tiers(till.later(days=1), crowd) == ["Silver"] * 4


def test_the_night_keeps_terms_and_grace(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    before = thresholds.present()
    for tier in CashbackTier.objects.filter(name="Silver"):
        tier.from_spent, tier.min_days, tier.grace_days = Money(70000), 20, 10
        tier.save()
    (after,) = thresholds.present().values()
    thresholds.count(before[club.pk], after, at_once=False, by=VERA, now=till.now, zone=ZONE)
    review_tiers(day=MONDAY + timedelta(days=1), now=till.now)
    assert tiers(till.later(days=29), crowd) == ["Start", "Silver", "Silver", "Silver"]
    assert tiers(till.later(days=30), crowd) == ["Start", "Start", "Silver", "Start"]


def test_a_window_where_there_was_none(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    later = till.later(days=100)
    before = thresholds.present()[club.pk]
    CashbackProgram.objects.update(window_days=30)
    after = thresholds.present()[club.pk]
    today = MONDAY + timedelta(days=100)
    assert thresholds.moves(before, after, today=today, zone=ZONE) == Moves(0, 3)
    CashbackProgram.objects.update(window_days=None)
    change("500", at_once=False, now=later, window=30)
    assert tiers(later, crowd) == ["Start", "Silver", "Silver", "Silver"]
    review_tiers(day=today + timedelta(days=1), now=later.now)
    assert tiers(later.later(days=1), crowd) == ["Start"] * 4


def test_a_window_that_is_given_up(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    CashbackProgram.objects.update(window_days=30)
    review_tiers(day=MONDAY, now=till.now)
    before = thresholds.present()[club.pk]
    for program in CashbackProgram.objects.all():
        program.window_days = None
        program.save()
    after = thresholds.present()[club.pk]
    thresholds.count(before, after, at_once=False, by=VERA, now=till.now, zone=ZONE)
    assert tiers(till, crowd) == ["Start", "Silver", "Silver", "Start"]
    review_tiers(day=MONDAY + timedelta(days=1), now=till.now)
    assert tiers(till.later(days=1), crowd) == ["Start", "Silver", "Silver", "Silver"]


def test_a_new_percent_asks_nobody(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    before = thresholds.present()
    for tier in CashbackTier.objects.all():
        tier.percent += 1
        tier.save()
    (after,) = thresholds.present().values()
    assert not thresholds.thresholds_differ(before[club.pk], after)
    thresholds.count(before[club.pk], after, at_once=False, by=VERA, now=till.now, zone=ZONE)
    assert not TierChange.objects.filter(by=str(VERA)).exists()


def test_a_tier_set_by_hand_is_not_taken_by_thresholds(till: Till, club: CashbackProgram, crowd: list[Client]) -> None:
    silver = CashbackTier.objects.get(name="Silver")
    set_tier(client=crowd[1], program=club, tier=silver, reason="a friend", until=None, by=VERA, now=till.now)
    assert change("700", at_once=True, now=till) == 1
    assert tiers(till, crowd) == ["Start", "Silver", "Silver", "Start"]


def test_counting_does_not_ask_for_each_client(till: Till, club: CashbackProgram) -> None:
    def asked(silver: str) -> list[str]:
        return statements(lambda: change(silver, at_once=True, now=till))

    till.sell("9 x personal", client=factories.ClientFactory())
    few = asked("600")
    for _ in range(12):
        till.sell("11 x personal", client=factories.ClientFactory())
    many = asked("700")
    assert len(many) == len(few)
