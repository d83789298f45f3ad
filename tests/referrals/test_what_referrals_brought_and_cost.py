"""The report of what referrals brought and cost, and the leaderboard: every figure, by month and by location."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from clients.models import Client, Location
from loyalty.rulebook import rulebook
from referrals.leaderboard import By, leaderboard
from referrals.models import ReferralProgram, Reward
from referrals.report import Figures, Span, report, together
from tests import factories
from tests.referrals.conftest import Join, change, code_of
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def span(first: date = MARCH, last: date = date(2026, 4, 30), *places: Location) -> Span:
    return Span(first, last, rulebook().house, [place.pk for place in places] or None)


def by_month(*places: Location) -> dict[date, Figures]:
    return dict(report(span(MARCH, date(2026, 4, 30), *places), rulebook()))


@pytest.fixture
def riverside(till: Till) -> Location:
    place: Location = factories.LocationFactory(code="riverside", name="Riverside")
    return place


def test_two_months_of_one_friend(till: Till, ann: Client, bob: Client) -> None:
    """In March Bob gets 100.00 for joining and pays 60.00; in April 20.00 of it comes back and he pays 40.00."""
    sold = till.sell("3 x session", client=bob)
    april = till.later(days=35)
    april.refund(sold, (1, 1))
    april.sell("2 x session", client=bob)

    months = by_month()
    assert months[MARCH] == Figures(joined=1, came=1, came_again=1, paid=cents("60"), bonuses=cents("103"))
    assert months[APRIL] == Figures(paid=cents("20"), bonuses=cents("1"))  # 2.00 came, 1.00 went back
    whole = together(months.values())
    assert (whole.paid, whole.cost) == (cents("80"), cents("104"))
    assert (whole.cost_share, whole.return_share) == (Fraction(130), Fraction(100))


def test_a_visit_that_wholly_came_back_counts_for_nothing(till: Till, ann: Client, bob: Client) -> None:
    till.refund(till.sell("personal", client=bob))
    assert by_month()[MARCH] == Figures(joined=1, bonuses=cents("100"))


def test_what_is_no_bonuses_costs_too(till: Till, program: ReferralProgram, ann: Client, join: Join) -> None:
    """A gift card of 20.00 to Ann for each of two friends; 20 % off 60.00, and off 40.00 of which half came back."""
    factories.GiftCardTypeFactory()
    change(
        program,
        referrer_percent=None,
        referrer_gift_card="gift",
        referrer_gift_amount=cents("20"),
        friend_amount=None,
        friend_discount_percent=20,
    )
    bob, carl = join("Bob", code_of(ann)), join("Carl", code_of(ann))
    till.sell("personal", client=bob)
    till.refund(till.sell("2 x session", client=carl), (1, 1))
    figures = by_month()[MARCH]
    assert (figures.paid, figures.gift_cards, figures.discounts) == (cents("64"), cents("40"), cents("16"))
    assert (figures.cost, figures.bonuses) == (cents("56"), 0)


def test_a_membership_costs_what_its_plan_costs(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    factories.PlanFactory()
    change(program, referrer_percent=None, referrer_membership="five", friend_amount=None)
    sold = till.sell("personal", client=bob)
    assert by_month()[MARCH].memberships == cents("90")
    till.refund(sold)
    assert Reward.objects.get().state == Reward.State.TAKEN_BACK
    assert by_month()[MARCH].memberships == 0


def test_a_location_has_what_happened_there(till: Till, ann: Client, bob: Client, riverside: Location) -> None:
    Client.objects.filter(pk=bob.pk).update(home=riverside)
    till.sell("personal", client=bob)
    till.later(hours=1).sell("2 x session", client=bob, location="riverside")
    main = Location.objects.get(code="main")
    assert by_month(main)[MARCH] == Figures(came=1, came_again=1, paid=cents("60"), bonuses=cents("3"))
    assert by_month(riverside)[MARCH] == Figures(joined=1, paid=cents("40"), bonuses=cents("102"))


def test_the_night_of_a_month_is_the_businesss(till: Till, ann: Client, bob: Client) -> None:
    """At 3:00 UTC on 1 April it is still 31 March in New York."""
    late = till.later(days=29, hours=10)
    assert (late.now.month, late.today.month) == (4, 3)
    late.sell("personal", client=bob)
    assert (by_month()[MARCH].came, by_month()[APRIL].came) == (1, 0)


def test_the_number_of_queries_does_not_grow(till: Till, ann: Client, bob: Client, join: Join) -> None:
    till.sell("personal", client=bob)
    few = [len(statements(work)) for work in (by_month, lambda: leaderboard(span()))]
    for number in range(5):
        friend = join(f"Friend {number}", code_of(ann))
        further = join(f"Further {number}", code_of(friend))
        for day in range(3):
            till.later(days=20 * day).sell("personal", client=further)
        till.refund(till.sell("2 x session", client=friend), (1, 1))
    many = [len(statements(work)) for work in (by_month, lambda: leaderboard(span()))]
    assert many == few
    assert max(few) <= 10


def test_the_board_says_who_brought_most(till: Till, ann: Client, bob: Client, join: Join) -> None:
    carl = join("Carl", code_of(bob))
    dora, emil = join("Dora", code_of(carl)), join("Emil", code_of(carl))
    till.sell("personal", client=bob)  # for Ann
    till.sell("session", client=carl)  # for Bob
    sold = till.sell("2 x session", client=dora)  # for Carl, and half of it comes back
    till.refund(sold, (1, 1))

    def places(by: By) -> list[tuple[int, str]]:
        return [(place.number, place.client.first_name) for place in leaderboard(span(), by)]

    assert places(By.CAME) == [(1, "Ann"), (1, "Bob"), (1, "Carl")]
    assert places(By.JOINED) == [(1, "Carl"), (2, "Ann"), (2, "Bob")]
    assert places(By.PAID) == [(1, "Ann"), (2, "Bob"), (2, "Carl")]
    assert [(p.client.first_name, p.joined, p.came, p.paid, p.earned) for p in leaderboard(span(), By.EARNED)] == [
        ("Ann", 1, 1, cents("60"), cents("3")),
        ("Bob", 1, 1, cents("20"), cents("1")),
        ("Carl", 2, 1, cents("20"), cents("1")),
    ]
    assert leaderboard(span(APRIL)) == []
    assert emil.visits.count() == 0


def test_a_board_of_days_has_only_what_happened_in_them(till: Till, ann: Client, bob: Client) -> None:
    april = till.later(days=35)
    april.sell("personal", client=bob)
    (march,) = leaderboard(span(MARCH, APRIL - timedelta(days=1)), By.JOINED)
    (then,) = leaderboard(span(APRIL), By.CAME)
    assert (march.joined, march.came, march.paid, march.earned) == (1, 0, 0, 0)
    assert (then.joined, then.came, then.paid, then.earned) == (0, 1, cents("60"), cents("3"))
