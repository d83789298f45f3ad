"""Who brought whom, the tree of a client, the leaderboard and the report: what stands there, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, Staff
from loyalty.registration import register
from referrals.models import Code, Referral
from tests.admin.conftest import ANNA, Gym, SignIn
from tests.till import cents

MOST = 34


@pytest.fixture
def gym(gym: Gym) -> Gym:
    """Boris, brought by Alice, has also been elsewhere: 200.00 at the main hall, 60.00 at Riverside."""
    gym.till.sell("personal", client=gym.boris, location="riverside")
    return gym


def page(name: str, *args: int) -> str:
    since = (timezone.localdate() - timedelta(days=40)).isoformat()
    return f"{reverse(f'admin:referrals_referral_{name}', args=args)}?from={since}"


def asked(browser: Browser, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_the_report_is_of_the_locations_that_somebody_sees(gym: Gym, anna: Staff, mike: Staff, sign_in: SignIn) -> None:
    whole = sign_in(anna).get(page("report")).context["whole"].figures
    assert (whole.joined, whole.came, whole.paid, whole.bonuses) == (1, 1, cents("260"), cents("110.50"))
    of_main = sign_in(mike).get(page("report")).context["whole"].figures
    assert (of_main.joined, of_main.came, of_main.paid, of_main.bonuses) == (0, 1, cents("200"), cents("7.50"))
    chosen = sign_in(anna).get(f"{page('report')}&location={gym.riverside.pk}").context["whole"].figures
    assert (chosen.came, chosen.paid) == (0, cents("60"))
    elsewhere = sign_in(mike).get(f"{page('report')}&location={gym.riverside.pk}").context["whole"].figures
    assert elsewhere == of_main


def test_the_board_is_of_the_locations_that_somebody_sees(gym: Gym, anna: Staff, mike: Staff, sign_in: SignIn) -> None:
    found = [
        [(place.client, place.paid, place.earned) for place in sign_in(who).get(page("leaderboard")).context["board"]]
        for who in (anna, mike)
    ]
    assert found == [[(gym.alice, cents("260"), cents("10.50"))], [(gym.alice, cents("200"), cents("7.50"))]]


def test_a_clients_page_has_the_tree(gym: Gym, anna: Staff, mike: Staff, sign_in: SignIn) -> None:
    for who, paid in ((anna, cents("260")), (mike, cents("200"))):
        for url in (reverse("admin:clients_client_change", args=[gym.alice.pk]), page("tree", gym.alice.pk)):
            context = sign_in(who).get(url).context
            tree = context["page"].tree if "page" in context else context["tree"]
            (row,) = tree.rows
            assert (row.friend.client, row.friend.paid, row.friend.earned) == (gym.boris, paid, cents("10.50"))
            assert tree.is_partial == (who == mike)


def test_the_list_is_searched_by_either_of_a_pair(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    carl = register(details={"first_name": "Carl", "phone": "+12125550199"}, by=ANNA, now=timezone.now())
    Referral.objects.create(friend=carl, referrer=gym.boris, named_at=timezone.now(), by="staff:anna")
    url = reverse("admin:referrals_referral_changelist")
    for term, friends in (("212 555 0199", {carl}), ("petrov", {carl, gym.boris}), ("alice", {gym.boris})):
        found = sign_in(anna).get(url, {"q": term}).context["cl"].result_list
        assert {row.friend for row in found} == friends, term


def test_a_manager_does_not_see_pairs_of_other_locations(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    carl = register(details={"first_name": "Carl", "home": gym.riverside}, by=ANNA, now=timezone.now())
    Referral.objects.create(friend=carl, referrer=gym.boris, named_at=timezone.now(), by="staff:anna")
    browser = sign_in(mike)
    shown = browser.get(reverse("admin:referrals_referral_changelist")).context["cl"].result_list
    assert [row.friend for row in shown] == [gym.boris]
    assert browser.get(reverse("admin:referrals_referral_change", args=[carl.pk])).status_code == 302
    gym.till.sell("towel", client=carl)
    assert browser.get(reverse("admin:referrals_referral_change", args=[carl.pk])).status_code == 200


def test_the_file_is_for_the_owner(gym: Gym, anna: Staff, mike: Staff, olga: Staff, sign_in: SignIn) -> None:
    url = page("report_file")
    assert [sign_in(who).get(url).status_code for who in (mike, olga)] == [403, 403]
    answer = sign_in(anna).get(url)
    head, *rows = answer.content.decode().splitlines()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert head.startswith("month,joined,came,came_again,return_percent,paid,bonuses")
    month = next(row for row in rows if row.startswith(f"{timezone.localdate(gym.visit.at):%Y-%m},"))
    assert month.split(",")[5:] == ["260.00", "110.50", "0.00", "0.00", "0.00", "110.50", "42.50"]


def test_odd_addresses_are_read_as_the_usual_ones(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    odd = "?from=2026-99-99&to=tomorrow&location=x&by=y&after=-1"
    for name in ("leaderboard", "report", "report_file"):
        assert browser.get(reverse(f"admin:referrals_referral_{name}") + odd).status_code == 200
        assert (
            browser.get(reverse(f"admin:referrals_referral_{name}") + "?from=2099-01-01&to=2000-01-01").status_code
            == 200
        )
    assert browser.get(reverse("admin:referrals_referral_tree", args=[gym.alice.pk]) + odd).status_code == 200
    assert browser.get(reverse("admin:referrals_referral_tree", args=[10**30])).status_code == 404


def test_whoever_sees_no_referrals_sees_no_page_of_them(gym: Gym, sign_in: SignIn) -> None:
    stranger = Staff.objects.create(username="ivan", is_staff=True)
    for url in (page("leaderboard"), page("report"), page("report_file"), page("tree", gym.alice.pk)):
        assert sign_in(stranger).get(url).status_code == 403


def test_pages_ask_little_however_many_friends(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    urls = [page("leaderboard"), page("report"), page("tree", gym.alice.pk)]
    urls.append(reverse("admin:referrals_referral_changelist"))
    few = [asked(browser, url) for url in urls]
    code = Code.objects.get(client=gym.alice).code
    for number in range(4):
        friend = register(
            details={"first_name": f"Friend {number}"}, extras={"referrer": code}, by=ANNA, now=timezone.now()
        )
        gym.till.sell("personal", client=friend)
    assert Client.objects.filter(first_name__startswith="Friend").count() == 4
    assert [asked(browser, url) for url in urls] == few
    assert max(few) <= MOST, few
