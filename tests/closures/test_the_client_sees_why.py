"""A lot that lives longer stands in the history, in the admin and in the API, with the reason and no amount."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Client, Location, Staff
from loyalty.api.shapes import entry_shape
from loyalty.house import load_house
from loyalty.models import Entry
from loyalty.portal.history import history
from tests import factories
from tests.closures.conftest import Close
from tests.night.value import give

pytestmark = pytest.mark.django_db
MARCH_31 = date(2026, 3, 31)
NOTE = "5 days longer: Main hall is closed. Repairs."


def test_the_history_says_until_when_and_why(main: Location, boris: Client, close: Close) -> None:
    give(boris, 10000, until=MARCH_31)
    give(factories.AccountFactory(client=boris, unit="session"), 5, until=MARCH_31)

    close(main)

    told = [one for one in history(boris, load_house()).happenings if one.reason == NOTE]
    assert [(one.title, one.amount) for one in told] == [("Bonuses: now until 5 April 2026", None)] * 2


def test_the_api_says_it(main: Location, boris: Client, close: Close) -> None:
    give(boris, 10000, until=MARCH_31)
    close(main)

    shape: dict[str, Any] = entry_shape(Entry.objects.select_related("lot", "account").latest("pk"), load_house())

    assert (shape["kind"], shape["amount"], shape["note"], shape["visit"]) == ("adjust", "0.00", NOTE, None)


def test_the_ledger_in_the_admin_shows_no_sign(main: Location, boris: Client, anna: Staff, close: Close) -> None:
    give(boris, 10000, until=MARCH_31)
    close(main)
    anna.is_staff = True
    anna.save()
    browser = Browser()
    browser.force_login(anna)

    page = browser.get(reverse("admin:loyalty_entry_change", args=[Entry.objects.latest("pk").pk])).content.decode()

    assert NOTE in page
    assert "\N{MINUS SIGN}0.00" not in page
