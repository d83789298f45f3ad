"""How old a check may be for whoever refunds it: the front desk hours, managers and tills days, the owner any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from clients.models import Client
from loyalty.checkout import Ask, Reach, RefundTooOld, refund, refundable_since
from loyalty.house import House
from loyalty.models import Refund
from loyalty.rulebook import rulebook
from tests.factories import NOW
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
OWNER = {"is_owner": True, "may_refund": True, "may_recent": True}
MANAGER = {"is_owner": False, "may_refund": True, "may_recent": True}
DESK = {"is_owner": False, "may_refund": False, "may_recent": True}
NOBODY = {"is_owner": False, "may_refund": False, "may_recent": False}


@pytest.fixture
def house(till: Till) -> House:
    return rulebook().house


def reach(house: House, who: dict[str, bool], hours: int, days: int | None) -> Reach:
    return refundable_since(replace(house, desk_refund_hours=hours, manager_refund_days=days), NOW, **who)


def ago(**delta: float) -> datetime:
    return NOW - timedelta(**delta)


@pytest.mark.parametrize(
    ("who", "hours", "days", "at", "asks"),
    [
        (OWNER, 0, 1, ago(days=4000), None),
        (MANAGER, 0, None, ago(days=4000), None),
        (MANAGER, 0, 30, ago(days=30), None),
        (MANAGER, 0, 30, ago(days=30, seconds=1), Ask.OWNER),
        (DESK, 0, None, NOW, Ask.MANAGER),
        (DESK, 24, None, ago(hours=24), None),
        (DESK, 24, None, ago(hours=24, seconds=1), Ask.MANAGER),
        (DESK, 24, 30, ago(days=31), Ask.OWNER),
        (DESK, 48, 1, ago(hours=30), Ask.OWNER),
        (NOBODY, 24, 30, NOW, Ask.MANAGER),
    ],
)
def test_whom_to_ask(
    house: House, who: dict[str, bool], hours: int, days: int | None, at: datetime, asks: Ask | None
) -> None:
    assert reach(house, who, hours, days).asks(at) is asks


def refunded(till: Till, sold: Any, reach: Reach, key: str = "one") -> Refund:
    return refund(visit_id=sold.visit.pk, lines=None, reason="was ill", key=key, by=VERA, now=till.now, reach=reach)


@pytest.mark.parametrize(("days", "said"), [(None, "ask a manager"), (30, "ask the owner")])
def test_a_check_that_is_too_old_is_refused_and_nothing_is_written(
    till: Till, house: House, boris: Client, days: int | None, said: str
) -> None:
    sold = till.later(days=-40).sell("session", client=boris)
    with pytest.raises(RefundTooOld, match=said) as refused:
        refunded(till, sold, reach(house, DESK, 24, days))
    assert refused.value.code == "permission_denied"
    assert not Refund.objects.exists()


def test_a_refund_that_was_made_in_time_is_answered_again_later(till: Till, house: House, boris: Client) -> None:
    sold = till.later(hours=-23).sell("session", client=boris)
    first = refunded(till, sold, reach(house, DESK, 24, None))
    later = till.later(hours=5)
    too_late = Reach(later.now - timedelta(hours=24))
    assert refunded(later, sold, too_late) == first
    with pytest.raises(RefundTooOld):
        refunded(later, sold, too_late, key="two")
