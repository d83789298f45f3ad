"""Time lowers a tier, and the night writes it down: at the till, over nights, refunds, windows and clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.models import Business, Client
from loyalty import falling, night
from loyalty.models import CashbackProgram, CashbackTier, TierStanding
from loyalty.money import Money
from loyalty.review import review_tiers
from loyalty.rulebook import rulebook
from tests import factories
from tests.till import Till, statements

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
SUNDAY, MONDAY = date(2026, 3, 1), date(2026, 3, 2)


@pytest.fixture
def club(business: object) -> CashbackProgram:
    """Start 3 %, Silver 5 % from 500.00, Gold 7 % from 1,500.00."""
    program = factories.CashbackFactory()
    for name, begins, percent in (("Start", 0, 3), ("Silver", 50000, 5), ("Gold", 150000, 7)):
        factories.CashbackTierFactory(program=program, name=name, from_spent=Money(begins), percent=percent)
    seen_by_a_night()
    return program


def seen_by_a_night() -> None:
    """A night has seen the program before."""
    review_tiers(day=SUNDAY, now=factories.NOW - timedelta(days=1))


def terms(name: str, min_days: int = 0, grace_days: int = 0) -> None:
    for tier in CashbackTier.objects.filter(name=name):
        tier.min_days, tier.grace_days = min_days, grace_days
        tier.save()


def on(till: Till, day: date, hour: int = 12) -> Till:
    return Till(
        now=datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC), operations=till.operations
    )


def tier_at(till: Till, client: Client) -> str:
    tier = till.quote("session", client=client).bill.tier
    return tier.name if tier is not None else ""


def row(client: Client) -> tuple[str, date]:
    one = TierStanding.objects.select_related("tier").get(client=client)
    return one.tier.name, one.since


def test_the_tier_falls_by_time_if_no_night_ever_runs(till: Till, club: CashbackProgram, boris: Client) -> None:
    terms("Silver", 60, 30)
    sold = till.sell("9 x personal", client=boris)
    on(till, date(2026, 3, 10)).refund(sold)
    last = MONDAY + timedelta(days=89)
    assert tier_at(on(till, last, 23), boris) == "Silver"
    assert tier_at(on(till, last + timedelta(days=1), 0), boris) == "Start"
    assert row(boris) == ("Silver", MONDAY)
    assert review_tiers(day=last + timedelta(days=9), now=till.now) == 1
    assert row(boris) == ("Start", last + timedelta(days=1))
    assert review_tiers(day=last + timedelta(days=9), now=till.now) == 0


def test_a_refund_and_a_night_by_hand_on_the_same_day(till: Till, club: CashbackProgram, boris: Client) -> None:
    till.refund(till.sell("9 x personal", client=boris))
    assert tier_at(till, boris) == "Silver"
    night.run_daily(now=till.now)
    assert row(boris) == ("Start", MONDAY)
    night.run_daily(now=till.now)
    assert row(boris) == ("Start", MONDAY)


def test_the_nightly_task_that_is_late_leaves_the_refunds_of_its_day(
    till: Till, club: CashbackProgram, boris: Client
) -> None:
    till.refund(till.sell("9 x personal", client=boris))
    night.catch_up(now=till.now)
    assert tier_at(till, boris) == "Silver"
    night.catch_up(now=till.now + timedelta(days=1))
    assert row(boris) == ("Start", MONDAY + timedelta(days=1))


def test_a_night_by_hand_does_not_shorten_a_term(till: Till, club: CashbackProgram, boris: Client) -> None:
    terms("Silver", 1, 0)
    till.refund(till.sell("9 x personal", client=boris))
    night.run_daily(now=till.now)
    assert row(boris) == ("Silver", MONDAY)


def test_a_fall_that_spending_overtakes_is_forgotten(till: Till, club: CashbackProgram, boris: Client) -> None:
    terms("Silver", 0, 30)
    sold = till.sell("9 x personal", client=boris)
    till.refund(sold, (1, 2))
    assert TierStanding.objects.get(client=boris).falls_on == MONDAY + timedelta(days=31)
    till.later(days=5).sell("personal", client=boris)
    assert TierStanding.objects.get(client=boris).falls_on == MONDAY + timedelta(days=31)
    till.later(days=30).sell("personal", client=boris)
    assert TierStanding.objects.get(client=boris).falls_on is None
    assert tier_at(till.later(days=400), boris) == "Silver"


def test_a_window_counts_days_of_the_calendar(till: Till, club: CashbackProgram, boris: Client) -> None:
    """The clocks are put forward on 8 March; a check at 23:30 and one at 0:30 are of two days."""
    club.window_days = 30
    club.save()
    late = Till(now=datetime(2026, 3, 3, 4, 30, tzinfo=UTC), operations=till.operations)  # 2 March, 23:30
    late.sell("9 x personal", client=boris)
    assert tier_at(on(till, date(2026, 4, 1), 23), boris) == "Silver"
    assert tier_at(on(till, date(2026, 4, 2), 0), boris) == "Start"
    early = Till(now=datetime(2026, 4, 2, 4, 30, tzinfo=UTC), operations=till.operations)  # 2 April, 0:30
    early.sell("9 x personal", client=boris)
    assert row(boris) == ("Silver", date(2026, 4, 2))
    assert TierStanding.objects.get(client=boris).falls_on == date(2026, 5, 3)


def test_a_refund_of_an_old_check_moves_the_fall_of_a_window(till: Till, club: CashbackProgram, boris: Client) -> None:
    club.window_days = 60
    club.save()
    first = till.sell("5 x personal", client=boris)
    till.later(days=20).sell("5 x personal", client=boris)
    assert TierStanding.objects.get(client=boris).falls_on == MONDAY + timedelta(days=61)
    till.later(days=30).refund(first)
    assert TierStanding.objects.get(client=boris).falls_on == MONDAY + timedelta(days=31)


def test_one_step_at_a_time(till: Till, club: CashbackProgram, boris: Client) -> None:
    club.falls = CashbackProgram.Falls.ONE_STEP
    club.save()
    terms("Silver", 20, 0)
    till.refund(till.sell("30 x personal", client=boris))
    assert tier_at(till.later(days=1), boris) == "Silver"
    assert tier_at(till.later(days=20), boris) == "Silver"
    assert tier_at(till.later(days=21), boris) == "Start"
    review_tiers(day=MONDAY + timedelta(days=5), now=till.now)
    assert row(boris) == ("Silver", MONDAY + timedelta(days=1))
    assert tier_at(till.later(days=21), boris) == "Start"


def test_nights_in_any_pattern_come_to_the_same(
    till: Till, club: CashbackProgram, boris: Client, alice: Client
) -> None:
    club.falls, club.window_days = CashbackProgram.Falls.ONE_STEP, 45
    club.save()
    terms("Gold", 10, 5)
    for client in (boris, alice):
        sold = till.sell("27 x personal", client=client)
        till.later(days=12).refund(sold, (1, 4))
        if client == boris:
            for days in range(13, 80):
                review_tiers(day=MONDAY + timedelta(days=days), now=till.now + timedelta(days=days))
        till.later(days=80).sell("2 x personal", client=client)
    found = TierStanding.objects.order_by("client").values_list("tier", "since", "falls", "falls_on")
    assert len(set(map(str, found))) == 1


def test_the_first_tier_that_is_not_reached_any_more_leaves_none(
    till: Till, club: CashbackProgram, boris: Client
) -> None:
    CashbackTier.objects.filter(name="Start").delete()
    till.refund(till.sell("9 x personal", client=boris))
    assert tier_at(till, boris) == "Silver"
    assert tier_at(till.later(days=1), boris) == ""
    review_tiers(day=MONDAY + timedelta(days=1), now=till.now)
    assert not TierStanding.objects.exists()


def test_a_closure_gives_days(till: Till, club: CashbackProgram, boris: Client) -> None:
    terms("Silver", 30, 0)
    till.refund(till.sell("9 x personal", client=boris))
    TierStanding.objects.update(extension_days=7)
    falling.reschedule(club.pk, [boris.pk], today=MONDAY, zone=ZONE)
    assert TierStanding.objects.get().falls_on == MONDAY + timedelta(days=37)
    TierStanding.objects.update(extension_days=0)
    falling.reschedule(club.pk, [boris.pk], today=MONDAY, zone=ZONE)
    assert TierStanding.objects.get().falls_on == MONDAY + timedelta(days=30)


def test_rescheduling_many_asks_no_more_than_few(till: Till, club: CashbackProgram) -> None:
    def asked(clients: list[Client]) -> list[str]:
        for client in clients:
            till.refund(till.sell("9 x personal", client=client))
        TierStanding.objects.update(extension_days=3)
        ids = [client.pk for client in clients]
        return statements(lambda: falling.reschedule(club.pk, ids, today=MONDAY, zone=ZONE))

    few, many = asked([factories.ClientFactory()]), asked([factories.ClientFactory() for _ in range(12)])
    assert len(few) == len(many) <= 6, many


def test_a_night_reads_only_who_falls(till: Till, club: CashbackProgram, boris: Client, alice: Client) -> None:
    till.refund(till.sell("9 x personal", client=boris))
    till.sell("9 x personal", client=alice)
    review_tiers(day=MONDAY, now=till.now)
    asked = statements(lambda: review_tiers(day=MONDAY + timedelta(days=1), now=till.now))
    assert len([sql for sql in asked if "loyalty_standing" in sql or "loyalty_visit" in sql]) == 0
    assert len(asked) <= 14, asked


def test_a_check_of_a_client_on_no_row_writes_none(till: Till, club: CashbackProgram, boris: Client) -> None:
    till.sell("session", client=boris)
    assert not TierStanding.objects.exists()


def test_a_warning_says_what_keeps_the_tier(till: Till, club: CashbackProgram, boris: Client) -> None:
    terms("Silver", 61, 0)
    sold = till.sell("9 x personal", client=boris)
    till.refund(sold, (1, 2))
    house = rulebook().house
    assert list(falling.warnings(date(2026, 4, 1), house)) == []
    (warned,) = falling.warnings(date(2026, 4, 2), house)
    assert (warned.client, warned.program, warned.tier, warned.lower) == (boris.pk, club.name, "Silver", "Start")
    assert (warned.falls_on, warned.keeps_by, warned.missing) == (date(2026, 5, 2), date(2026, 5, 1), 8000)
    falling.mark_warned([warned])
    assert list(falling.warnings(date(2026, 4, 3), house)) == []
    TierStanding.objects.update(extension_days=5)
    falling.reschedule(club.pk, [boris.pk], today=date(2026, 4, 3), zone=ZONE)
    assert [one.falls_on for one in falling.warnings(date(2026, 4, 8), house)] == [date(2026, 5, 7)]


def test_the_business_may_live_anywhere(till: Till, club: CashbackProgram, boris: Client) -> None:
    for business in Business.objects.all():
        business.timezone = "Pacific/Auckland"
        business.save()
    club.window_days = 10
    club.save()
    till.sell("9 x personal", client=boris)  # Tuesday, 6:00
    assert row(boris) == ("Silver", date(2026, 3, 3))
    assert TierStanding.objects.get().falls_on == date(2026, 3, 14)
