"""The personal dates of a client on the client's page: a line for each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from clients.dates import Dated, dates_of, set_dates
from clients.models import Client, Staff
from tests.admin.conftest import ANNA, Gym, SignIn

CHILD = Dated("child", date(2015, 5, 31))


def page(client: Client) -> str:
    return reverse("admin:clients_client_change", args=[client.pk])


def form(**said: str) -> dict[str, str]:
    return {"first_name": "Boris", "last_name": "Petrov", "phone": "212 555 0102", **said}


def refused(answer: Any) -> list[str]:
    return list(answer.context["adminform"].form.errors.get("dates", []))


def test_each_line_is_a_date(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.post(page(gym.boris), form(dates="child 2015-05-31\r\n\r\n the wedding: 01.08.2026 "))
    assert dates_of(gym.boris) == [CHILD, Dated("the wedding", date(2026, 8, 1))]
    assert "child 2015-05-31\nthe wedding 2026-08-01" in browser.get(page(gym.boris)).content.decode()


def test_an_empty_field_takes_them_all_away(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    set_dates(gym.boris, [CHILD], by=ANNA)
    sign_in(mike).post(page(gym.boris), form(dates=""))
    assert dates_of(gym.boris) == []


@pytest.mark.parametrize("line", ["child", "2015-05-31", "child 31 May", "child 2015-02-30", ": 2015-05-31"])
def test_a_line_without_name_or_day_is_said_at_the_field(gym: Gym, anna: Staff, sign_in: SignIn, line: str) -> None:
    answer = sign_in(anna).post(page(gym.boris), form(dates=line))
    assert refused(answer)[0].endswith("is no name with a date after it, like: child 2015-05-31.")
    assert dates_of(gym.boris) == []


def test_a_day_out_of_reach_is_said_at_the_field(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post(page(gym.boris), form(dates="child 1815-05-31"))
    assert refused(answer) == ["Must be from 1900 on, and at most 10 years ahead"]


def test_an_auditor_reads_them(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    set_dates(gym.boris, [CHILD], by=ANNA)
    assert "child 31 May 2015" in sign_in(olga).get(page(gym.boris)).content.decode()


def test_the_change_is_told_on_the_page_with_its_author(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.post(page(gym.boris), form(dates="child 2015-05-31"))
    newest = browser.get(page(gym.boris)).context["changes"][0]
    assert (newest.by, newest.told) == (str(anna), ["personal dates: — → child 2015-05-31"])
