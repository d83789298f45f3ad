"""`tier.changed`: up at the till, down in the night, and by hand; once each, with the names of both tiers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clients.models import Client
from loyalty import night
from loyalty.models import CashbackProgram, CashbackTier, Event, TierChange
from loyalty.review import review_tiers
from loyalty.tiers_by_hand import release
from tests.events.test_events_are_written_where_somebody_listens import listen
from tests.loyalty.conftest import till
from tests.loyalty.test_tiers_by_hand import give
from tests.loyalty.test_tiers_fall_in_time import club
from tests.till import VERA, Till

__all__ = ["club", "till"]
pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str | None, str | None]]:
    facts = Event.objects.filter(name="tier.changed").order_by("pk").values_list("facts", flat=True)
    return [(one["program"], one["before"], one["tier"]) for one in facts]


def test_up_at_the_till_and_down_in_the_night(till: Till, club: CashbackProgram, boris: Client) -> None:
    listen("tier.changed")
    sold = till.sell("9 x personal", client=boris)
    assert told() == [("cumulative", "Start", "Silver")]
    assert Event.objects.get().facts["client"] == str(boris.pk)
    till.sell("session", client=boris)
    assert len(told()) == 1

    till.later(days=1).refund(sold)
    assert len(told()) == 1  # nobody falls at a refund
    for _time in range(2):
        night.run_daily(now=till.later(days=2).now)
    assert told()[1:] == [("cumulative", "Silver", "Start")]
    assert Event.objects.latest("pk").at.isoformat() == "2026-03-04T05:00:00+00:00"  # midnight in New York


def test_what_the_owner_changes_is_told_once(till: Till, club: CashbackProgram, boris: Client) -> None:
    till.sell("9 x personal", client=boris)
    listen("tier.changed")
    silver = CashbackTier.objects.get(name="Silver")
    silver.from_spent = 60000
    silver.save()
    TierChange.objects.create(program=club, made_at=till.now, by="staff:anna")
    for days in (1, 2):
        review_tiers(day=till.today + timedelta(days=days), now=till.later(days=days).now)
    assert told() == [("cumulative", "Silver", "Start")]


def test_by_hand_and_let_go_of(till: Till, club: CashbackProgram, boris: Client) -> None:
    listen("tier.changed")
    give(till, boris, "Gold")
    give(till, boris, "Gold", reason="for longer", until=None)
    assert told() == [("cumulative", "Start", "Gold")]
    release(client=boris, program=club, by=VERA, now=till.now)
    assert told()[1:] == [("cumulative", "Gold", "Start")]


def test_nobody_listens_nothing_is_written(till: Till, club: CashbackProgram, boris: Client) -> None:
    till.refund(till.sell("9 x personal", client=boris))
    night.run_daily(now=till.later(days=1).now)
    assert not Event.objects.exists()
