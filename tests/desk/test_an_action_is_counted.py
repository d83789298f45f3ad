"""An action is counted at the desk: once for each form, with what it brought said beside it, the check kept."""

from __future__ import annotations

import re

import pytest

from clients.dates import clean_dates, set_dates
from clients.models import Client
from loyalty.models import BonusProgram, Entry, Lot
from loyalty.money import Money
from tests import factories
from tests.desk.conftest import BY
from tests.desk.screen import Screen
from tests.till import statements


@pytest.fixture
def review(boris: Client) -> BonusProgram:
    program: BonusProgram = factories.BonusProgramFactory(
        code="review", name="Review", trigger="action", amount=Money(500)
    )
    return program


def sent(desk: Screen, client: Client) -> dict[str, str]:
    """The form beside the check, as it was shown."""
    key = re.search(r'name="action_key" value="([^"]+)"', desk.html)
    assert key is not None
    return {"action": "review", "action_client": str(client.pk), "action_key": key[1], "action_note": "five stars"}


def test_it_is_counted_once_and_the_check_stays(desk: Screen, review: BonusProgram, boris: Client) -> None:
    desk.open(boris)
    assert "Count “Review”" in desk.text
    form = sent(desk, boris)
    desk.add("service:personal")
    desk.press("/desk/actions/", **form)
    assert "Review is counted: 5.00 bonuses." in desk.text
    assert "105.00 bonuses" in desk.text
    assert "Personal training" in desk.text
    desk.press("/desk/actions/", **form)
    assert "Review is counted: 5.00 bonuses." in desk.text
    entry = Entry.objects.get(lot__program="review")
    assert (int(entry.amount), entry.by, entry.note) == (500, "staff:vera", "five stars")


def test_it_works_without_script(desk: Screen, review: BonusProgram, boris: Client) -> None:
    desk.open(boris)
    answer = desk.browser.post("/desk/actions/", sent(desk, boris), follow=True)
    assert answer.redirect_chain == [(f"/desk/?client={boris.pk}", 302)]
    assert "Review is counted: 5.00 bonuses." in answer.content.decode()


def test_what_does_not_count_is_said(desk: Screen, review: BonusProgram, boris: Client) -> None:
    review.once = True
    review.save()
    desk.open(boris)
    desk.press("/desk/actions/", **sent(desk, boris))
    desk.press("/desk/actions/", **sent(desk, boris))
    assert "Review was counted on 2 March 2026, and counts once a client." in desk.text
    desk.press("/desk/actions/", **{**sent(desk, boris), "action": "nothing"})
    assert "There is no such action." in desk.text
    desk.press("/desk/actions/", action="review", action_client="x", action_key="y")
    assert "There is no such client." in desk.text
    assert Lot.objects.filter(program="review").count() == 1


def test_only_what_counts_here_today_is_listed(desk: Screen, review: BonusProgram, boris: Client) -> None:
    review.locations = ["riverside"]
    review.save()
    assert "Actions" not in desk.read(f"/desk/?client={boris.pk}")
    review.locations, review.to_day = ["main"], factories.NOW.date().replace(day=1)
    review.save()
    assert "Actions" not in desk.read(f"/desk/?client={boris.pk}")
    review.to_day = None
    review.save()
    assert "Actions" in desk.read(f"/desk/?client={boris.pk}")


def test_actions_ask_the_database_nothing(desk: Screen, boris: Client) -> None:
    desk.open(boris)
    without = len(statements(lambda: desk.open(boris)))
    for n in range(5):
        factories.BonusProgramFactory(code=f"review{n}", trigger="action")
    desk.open(boris)
    assert len(statements(lambda: desk.open(boris))) == without


def test_personal_dates_stand_under_the_name(desk: Screen, boris: Client) -> None:
    said = [{"name": "child", "day": "2015-05-31"}]
    set_dates(boris, clean_dates(said, today=factories.NOW.date()), by=BY)
    assert "child 31 May 2015" in desk.read(f"/desk/?client={boris.pk}")
