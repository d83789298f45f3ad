"""Closing a location: looked at before it is confirmed, undone with a dialog, and only by those who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from clients.models import Staff
from loyalty.models import Closure, Entry, Lot
from loyalty.proof import prove
from tests.admin.conftest import Gym, SignIn

pytestmark = pytest.mark.django_db
ADD = "admin:loyalty_closure_add"


def filled(gym: Gym, **more: Any) -> dict[str, Any]:
    today = gym.till.today
    facts = {"location": gym.main.pk, "from_day": today.isoformat(), "days": 5, "reason": "A burst pipe"}
    return {**facts, "bonuses": "on", "sessions": "on", "money": "on", "tiers": "on", "key": "k1", "seen": "", **more}


@pytest.fixture
def lot(gym: Gym) -> Lot:
    gym.till.give(gym.boris, "12.34", last_day=gym.till.today + timedelta(days=3))
    return Lot.objects.latest("pk")


def test_it_is_looked_at_then_confirmed(gym: Gym, anna: Staff, sign_in: SignIn, lot: Lot) -> None:
    browser = sign_in(anna)
    before = lot.last_day
    assert before is not None
    gym.riverside.enabled = False
    gym.riverside.save()

    page = browser.post(reverse(ADD), filled(gym))
    text = page.content.decode()
    assert "It is the only open location, so it affects everybody." in text
    assert "Boris Petrov" in text
    assert 'value="A burst pipe"' in text
    assert f'value="{gym.till.today.isoformat()}"' in text
    assert (Closure.objects.count(), Entry.objects.filter(kind="adjust", amount=0).count()) == (0, 0)

    seen = page.context["form"].data["seen"]
    answer = browser.post(reverse(ADD), filled(gym, seen=seen), follow=True)
    closure = Closure.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("admin:loyalty_closure_change", args=[closure.pk])
    assert "A burst pipe" in answer.content.decode()
    lot.refresh_from_db()
    assert (lot.last_day, closure.by, prove()) == (before + timedelta(days=5), "staff:anna", [])


def test_what_was_changed_after_looking_is_looked_at_again(gym: Gym, anna: Staff, sign_in: SignIn, lot: Lot) -> None:
    browser = sign_in(anna)
    seen = browser.post(reverse(ADD), filled(gym)).context["form"].data["seen"]

    page = browser.post(reverse(ADD), filled(gym, seen=seen, days=50))

    assert (page.status_code, Closure.objects.count()) == (200, 0)
    assert "50 days longer" in page.content.decode()


def test_a_second_press_closes_once(gym: Gym, anna: Staff, sign_in: SignIn, lot: Lot) -> None:
    browser = sign_in(anna)
    seen = browser.post(reverse(ADD), filled(gym)).context["form"].data["seen"]

    for _press in range(2):
        browser.post(reverse(ADD), filled(gym, seen=seen))

    assert Closure.objects.count() == 1


def test_undo_asks_first(gym: Gym, anna: Staff, sign_in: SignIn, lot: Lot) -> None:
    browser, before = sign_in(anna), lot.last_day
    seen = browser.post(reverse(ADD), filled(gym)).context["form"].data["seen"]
    browser.post(reverse(ADD), filled(gym, seen=seen))
    closure = Closure.objects.get()
    url = reverse("admin:loyalty_closure_undo", args=[closure.pk])

    assert "Everything gets back the last day it had" in browser.get(url).content.decode()
    closure.refresh_from_db()
    assert closure.undone_at is None

    browser.post(url, {"_form_submitted": "1"})
    closure.refresh_from_db()
    lot.refresh_from_db()
    assert (closure.undone_by, lot.last_day, prove()) == ("staff:anna", before, [])
    assert browser.get(url).status_code == 403
    page = browser.get(reverse("admin:loyalty_closure_change", args=[closure.pk])).content.decode()
    assert "What lived longer until it was undone" in page


@pytest.mark.parametrize(("who", "expected"), [("mike", 403), ("vera", 302), ("olga", 403)])
def test_only_the_owner_closes(who: str, expected: int, gym: Gym, request: Any, sign_in: SignIn) -> None:
    browser = sign_in(request.getfixturevalue(who))

    assert browser.get(reverse(ADD)).status_code == expected
    assert browser.post(reverse(ADD), filled(gym, seen="x")).status_code == expected
    assert Closure.objects.count() == 0


def test_an_auditor_looks_and_does_not_undo(gym: Gym, anna: Staff, olga: Staff, sign_in: SignIn, lot: Lot) -> None:
    browser = sign_in(anna)
    seen = browser.post(reverse(ADD), filled(gym)).context["form"].data["seen"]
    browser.post(reverse(ADD), filled(gym, seen=seen))
    closure = Closure.objects.get()

    looks = sign_in(olga)
    assert looks.get(reverse("admin:loyalty_closure_changelist")).status_code == 200
    assert looks.get(reverse("admin:loyalty_closure_change", args=[closure.pk])).status_code == 200
    assert (
        looks.post(reverse("admin:loyalty_closure_undo", args=[closure.pk]), {"_form_submitted": "1"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"location": "9" * 40},
        {"location": "x"},
        {"from_day": "0001-01-01"},
        {"from_day": "9999-12-31"},
        {"from_day": "yesterday"},
        {"days": "0"},
        {"days": "9" * 40},
        {"reason": " "},
        {"bonuses": "", "sessions": "", "money": "", "tiers": ""},
        {"key": ""},
    ],
)
def test_odd_input_is_said_and_loses_nothing(
    odd: dict[str, str], gym: Gym, anna: Staff, sign_in: SignIn, lot: Lot
) -> None:
    browser = sign_in(anna)
    seen = browser.post(reverse(ADD), filled(gym)).context["form"].data["seen"]

    for signed in ("", seen):
        page = browser.post(reverse(ADD), filled(gym, seen=signed, **odd))
        assert (page.status_code, Closure.objects.count()) == (200, 0)


def test_a_location_leads_there(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)

    page = browser.get(reverse("admin:clients_location_change", args=[gym.main.pk])).content.decode()

    assert f'{reverse(ADD)}?location={gym.main.pk}"' in page
    chosen = browser.get(reverse(ADD) + f"?location={gym.main.pk}").content.decode()
    assert f'<option value="{gym.main.pk}" selected' in chosen
