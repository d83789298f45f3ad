"""The first paid check, passing a sum, a campaign: what each brings, how often, and what a refund takes back."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import HouseRules, Lot
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def lots(client: Client) -> list[tuple[str | None, int]]:
    return list(Lot.objects.filter(account__client=client).order_by("pk").values_list("program", "amount"))


# --- the first paid check --------------------------------------------------------------------------------------------


def test_the_first_paid_check_brings_a_share_once(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=None, percent=10)
    till.sell("personal", client=boris)
    till.sell("personal", client=boris)
    assert lots(boris) == [("first", 600)]


def test_a_visit_that_nobody_paid_for_is_not_the_first_check(till: Till, boris: Client) -> None:
    """Covered by a membership; and selling the membership is no visit, so the first check is the one after."""
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=Money(500))
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    till.sell("session", client=boris)
    assert "first" not in dict(lots(boris))
    till.sell("personal", client=boris)
    assert lots(boris)[-1] == ("first", 500)


def test_a_gift_card_pays_the_first_check_too(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=None, percent=10)
    factories.DenominationFactory(amount=cents("20"))
    code = till.sell({"gift_card_type": "gift", "amount": "20"}).revealed[1][0]["code"]
    till.sell("session", client=boris, gift_cards=[code])
    assert lots(boris) == [("first", 200)]


def test_bonuses_that_pay_it_all_leave_the_first_check_to_come(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=Money(500))
    till.give(boris, "20")
    till.sell("session", client=boris, redeem="max")
    till.sell("session", client=boris)
    assert lots(boris)[1:] == [("first", 500)]


def test_a_first_check_that_came_back_is_followed_by_another_first(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=Money(500))
    sold = till.sell("session", client=boris)
    till.refund(sold)
    assert till.balance(boris) == 0
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("5")
    assert prove() == []


def test_a_part_that_came_back_leaves_it_the_first(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=Money(500))
    till.refund(till.sell("2 x session", client=boris), (1, 1))
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("2.50")


# --- total spent passes a sum -----------------------------------------------------------------------------------------


def test_passing_a_sum_brings_bonuses_once(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="hundred", trigger="spent", amount=Money(1000), reaches=Money(10000))
    till.sell("personal", client=boris)
    assert lots(boris) == []
    till.sell("2 x session", client=boris)  # 100.00: at the sum
    assert lots(boris) == [("hundred", 1000)]
    till.sell("9 x personal", client=boris)
    assert lots(boris) == [("hundred", 1000)]


def test_several_sums_are_passed_at_once(till: Till, boris: Client) -> None:
    for sum_, code in ((5000, "fifty"), (10000, "hundred"), (50000, "more")):
        factories.BonusProgramFactory(code=code, trigger="spent", amount=Money(sum_ // 100), reaches=Money(sum_))
    till.sell("2 x personal", client=boris)
    assert sorted(lots(boris)) == [("fifty", 50), ("hundred", 100)]


def test_a_sum_passed_again_after_its_check_was_refunded_brings_it_again(till: Till, boris: Client) -> None:
    """What it brought went with the check, which counts for nothing (`domain.md` 6)."""
    factories.BonusProgramFactory(code="hundred", trigger="spent", amount=Money(1000), reaches=Money(10000))
    sold = till.sell("2 x personal", client=boris)
    till.refund(sold)
    assert till.balance(boris) == 0
    till.sell("2 x personal", client=boris)
    assert till.balance(boris) == Money(1000)
    assert prove() == []


def test_a_sum_passed_again_after_another_check_was_refunded_brings_nothing_more(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="hundred", trigger="spent", amount=Money(1000), reaches=Money(10000))
    first = till.sell("personal", client=boris)
    till.sell("personal", client=boris)
    till.refund(first)
    till.sell("personal", client=boris)
    assert lots(boris) == [("hundred", 1000)]
    assert prove() == []


def test_a_sold_membership_counts_and_a_sold_gift_card_does_not(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="sum", trigger="spent", amount=Money(1000), reaches=Money(9000))
    factories.PlanFactory()
    factories.DenominationFactory(amount=cents("100"))
    till.sell({"gift_card_type": "gift", "amount": "100"}, client=boris)
    assert "sum" not in dict(lots(boris))
    till.sell({"membership_plan": "five"}, client=boris)
    assert dict(lots(boris))["sum"] == 1000


# --- a campaign -------------------------------------------------------------------------------------------------------


def test_a_campaign_may_give_an_amount_for_every_check_that_was_paid(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="week", trigger="campaign", amount=Money(300))
    till.sell("session", client=boris)
    till.sell("session", client=boris)
    assert lots(boris) == [("week", 300), ("week", 300)]


def test_nothing_is_given_for_a_check_that_nobody_paid(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="week", trigger="campaign", amount=Money(300))
    till.give(boris, "20")
    till.sell("session", client=boris, redeem="max")
    assert "week" not in dict(lots(boris))


def test_whole_bonuses_are_given_where_the_house_keeps_no_cents(till: Till, boris: Client) -> None:
    HouseRules.objects.update(bonus_step=Money(100))
    factories.BonusProgramFactory(code="first", trigger="first_check", amount=None, percent="7.5")
    till.sell("session", client=boris)  # 1.50
    assert lots(boris) == [("first", 100)]
