"""A family's ten sessions, from the sale to the refund by each formula: shared, frozen, missed, passed on."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from loyalty.checkout import Settled
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships import calculation, people
from memberships.formulas import NothingLeftOfMembership
from memberships.models import Change, Membership, Plan
from tests import factories
from tests.memberships.conftest import buy, ten, till
from tests.memberships.life import ends, freeze, miss, pass_on, remaining
from tests.till import VERA, Till, cents

__all__ = ["ten", "till"]
pytestmark = pytest.mark.django_db


def family(till: Till, ten: Plan, boris: Client, alice: Client, formula: str) -> tuple[Settled, Membership, Till]:
    """Boris buys ten sessions for two on 2 March, until 29 August. He comes, Alice comes with two, he freezes for two
    weeks and is back after nine days, misses a Tuesday, and passes three sessions on to his aunt.
    """
    ten.refund, ten.freeze_days, ten.people = formula, 14, 2
    ten.save()
    sold, held = buy(till, boris, ten)
    people.add(membership=held.pk, client=alice, by=VERA, now=till.now, key="alice")
    till.sell("session", client=boris)
    till.later(days=1).sell("2 x session", client=alice)
    assert (remaining(held), ends(held)) == (7, date(2026, 8, 29))
    freeze(till.later(days=2), held, days=14)  # from 5 March
    assert ends(held) == date(2026, 9, 12)
    assert till.later(days=12).sell("session", client=boris).visit.to_pay == 0  # on 14 March
    assert (remaining(held), ends(held)) == (6, date(2026, 9, 7))
    miss(till.later(days=15), held)
    assert remaining(held) == 5
    aunt = factories.ClientFactory(first_name="Olga", last_name="Petrova")
    passed = pass_on(till.later(days=20), held, aunt, sessions=3)
    held.refresh_from_db()
    assert (held.sessions, remaining(held), held.paid) == (7, 2, cents("112"))
    assert (passed.sessions, passed.paid, ends(passed)) == (3, cents("48"), date(2026, 9, 7))
    assert till.later(days=21).sell("session", client=aunt).visit.to_pay == 0
    return sold, held, till.later(days=25)


@pytest.mark.parametrize(
    ("formula", "comes_back"),
    [
        ("proportional", "32"),  # 2 of the 7 sessions that 112.00 stands for
        ("used", "12"),  # 112.00 less four visits and a missed appointment at 20.00
        ("none", None),
    ],
)
def test_a_family_uses_ten_sessions_and_returns_the_rest(
    till: Till, ten: Plan, boris: Client, alice: Client, formula: str, comes_back: str | None
) -> None:
    sold, held, late = family(till, ten, boris, alice, formula)
    sheet = calculation.calculation(Membership.objects.get(pk=held.pk), rulebook().house, now=late.now)
    assert (sheet.bought, sheet.price, sheet.used, len(sheet.missed), sheet.left) == (10, cents("160"), 4, 1, 2)
    assert (sheet.used_at_list, sheet.missed_at_list) == (cents("80"), cents("20"))
    assert [one.text for one in sheet.passed_on] == [
        "3 sessions go to Olga Petrova, with 48.00 that was paid for them."
    ]
    by_formula = {one.formula: (one.comes_back, one.is_own) for one in sheet.outcomes}
    assert sheet.outcomes[0].formula == formula
    assert [one.formula for one in sheet.outcomes if one.why_not] == (["none"] if formula == "none" else [])
    assert by_formula == {
        "proportional": (cents("32"), formula == "proportional"),
        "used": (cents("12"), formula == "used"),
        "none": (0, formula == "none"),
    }
    if comes_back is None:
        with pytest.raises(NothingLeftOfMembership):
            late.refund(sold)
        return
    assert late.refund(sold).money == cents(comes_back)
    after = calculation.calculation(Membership.objects.get(pk=held.pk), rulebook().house, now=late.now)
    assert (after.refunded, after.outcomes, after.left) == (cents(comes_back), [], 0)
    assert "112.00" in after.reasons[0]
    kinds = Change.objects.filter(membership=held).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["person_added", "frozen", "unfrozen", "no_show", "transferred"]
    assert prove() == []
