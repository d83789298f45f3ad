"""Adjustments, refunds, blocks and revoked keys: a dialog asks, a GET writes nothing, a rule's refusal is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import Staff
from giftcards.models import GiftCard
from loyalty.models import Entry, Lot, Refund
from tests.admin.conftest import Gym, SignIn, one_of_each, some_row

ACTIONS = [
    (model._meta.label_lower, name)
    for model, page in sorted(admin.site._registry.items(), key=lambda known: known[0]._meta.label_lower)
    for name in getattr(page, "actions_detail", ())
]
LINK = "see_"
SUBMIT = {"_form_submitted": "True"}


def adjusting(gym: Gym) -> str:
    return reverse("admin:clients_client_adjust", args=[gym.boris.pk])


def said(amount: str, key: str = "one", **more: Any) -> dict[str, Any]:
    return SUBMIT | {"amount": amount, "reason": "waited too long", "key": key} | more


def test_looking_at_a_dialog_writes_nothing(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, entries = sign_in(anna), Entry.objects.count()
    dialogs = [
        adjusting(gym),
        reverse("admin:loyalty_visit_refund_visit", args=[gym.visit.pk]),
        reverse("admin:giftcards_giftcard_block", args=[gym.card.pk]),
        reverse("admin:loyalty_apikey_revoke", args=[gym.key.pk]),
    ]
    for url in dialogs:
        assert browser.get(url, said("5")).status_code == 200
    gym.card.refresh_from_db()
    gym.key.refresh_from_db()
    assert (Entry.objects.count(), Refund.objects.count()) == (entries, 0)
    assert (gym.card.blocked_at, gym.key.revoked_at) == (None, None)


@pytest.mark.parametrize(("label", "name"), ACTIONS)
def test_no_action_writes_before_it_is_confirmed(gym: Gym, anna: Staff, sign_in: SignIn, label: str, name: str) -> None:
    one_of_each(gym)
    url = reverse(f"admin:{label.replace('.', '_')}_{name}", args=[some_row(label)])
    browser = sign_in(anna)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(url, said("5", to="anna@example.com")).status_code in (200, 302, 403)
    assert [one["sql"] for one in asked if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


@pytest.mark.parametrize(("label", "name"), ACTIONS)
def test_an_auditor_confirms_nothing(gym: Gym, olga: Staff, sign_in: SignIn, label: str, name: str) -> None:
    one_of_each(gym)
    url = reverse(f"admin:{label.replace('.', '_')}_{name}", args=[some_row(label)])
    refusals = (302, 403) if name.startswith(LINK) else (403,)  # a link leads to a page, which has rights of its own
    with CaptureQueriesContext(connection) as asked:
        assert sign_in(olga).post(url, said("5", to="anna@example.com")).status_code in refusals
    written = [one["sql"] for one in asked if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in written if "django_session" not in sql and "clients_staff" not in sql] == []


def test_bonuses_are_added_with_name_and_reason(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    before = gym.till.balance(gym.boris)
    answer = sign_in(anna).post(adjusting(gym), said("12.50", lifetime_days="10"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("admin:clients_client_change", args=[gym.boris.pk])
    assert gym.till.balance(gym.boris) == before + 1250
    entry = Entry.objects.order_by("-pk")[0]
    assert (entry.kind, entry.amount, entry.by, entry.note) == ("adjust", 1250, "staff:anna", "waited too long")
    lot = Lot.objects.get(pk=entry.lot_id)
    assert lot.last_day is not None
    assert (lot.last_day - lot.first_day).days == 10


def test_bonuses_are_taken(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    before = gym.till.balance(gym.boris)
    sign_in(anna).post(adjusting(gym), said("-10"))
    assert gym.till.balance(gym.boris) == before - 1000


def test_a_form_sent_twice_counts_once(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    before, browser = gym.till.balance(gym.boris), sign_in(anna)
    for _time in range(2):
        browser.post(adjusting(gym), said("5"))
    assert gym.till.balance(gym.boris) == before + 500


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1_000", "Must be an amount like 12.50."),
        ("1e5", "Must be an amount like 12.50."),
        ("١٢", "Must be an amount like 12.50."),
        ("1.005", "USD has 2 digits after the point."),
        ("0", "Say how many bonuses."),
        ("-1000", "The client does not have that many bonuses."),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(
    gym: Gym, anna: Staff, sign_in: SignIn, amount: str, words: str
) -> None:
    entries = Entry.objects.count()
    answer = sign_in(anna).post(adjusting(gym), said(amount))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Entry.objects.count() == entries


def test_a_manager_adjusts_up_to_the_limit(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    before, browser = gym.till.balance(gym.boris), sign_in(mike)
    for amount in ("50.01", "-50.01"):
        answer = browser.post(adjusting(gym), said(amount, key=amount))
        assert "You may add or take at most 50.00 at once." in answer.content.decode()
        assert gym.till.balance(gym.boris) == before
    assert browser.post(adjusting(gym), said("50", key="half")).status_code == 302
    assert gym.till.balance(gym.boris) == before + 5000


def test_an_auditor_adjusts_and_refunds_nothing(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    browser, entries = sign_in(olga), Entry.objects.count()
    refunding = reverse("admin:loyalty_visit_refund_visit", args=[gym.visit.pk])
    blocking = reverse("admin:giftcards_giftcard_block", args=[gym.card.pk])
    revoking = reverse("admin:loyalty_apikey_revoke", args=[gym.key.pk])
    for url in (adjusting(gym), refunding, blocking, revoking):
        assert browser.post(url, said("5", line_1="1")).status_code == 403
    assert Entry.objects.count() == entries
    gym.card.refresh_from_db()
    assert gym.card.blocked_at is None


def test_a_visit_is_refunded_wholly_and_then_no_more(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    url = reverse("admin:loyalty_visit_refund_visit", args=[gym.visit.pk])
    browser = sign_in(mike)
    assert browser.post(url, SUBMIT | {"line_1": "1", "reason": "was ill", "key": "a"}).status_code == 302
    refund = Refund.objects.get()
    assert (refund.visit_id, refund.is_whole, refund.money, refund.by) == (gym.visit.pk, True, 6000, "staff:mike")
    answer = browser.post(url, SUBMIT | {"reason": "was ill", "key": "b"})
    assert "Nothing is left to refund" in answer.content.decode()
    assert Refund.objects.count() == 1
    page = browser.get(reverse("admin:loyalty_visit_change", args=[gym.visit.pk]))
    assert url not in page.content.decode()


def test_a_gift_card_is_blocked_and_unblocked_with_a_reason(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    block = reverse("admin:giftcards_giftcard_block", args=[gym.card.pk])
    assert browser.post(block, SUBMIT | {"reason": ""}).status_code == 200
    assert GiftCard.objects.filter(blocked_at=None).exists()
    assert browser.post(block, SUBMIT | {"reason": "lost"}).status_code == 302
    assert GiftCard.objects.exclude(blocked_at=None).filter(block_reason="lost").exists()
    browser.post(reverse("admin:giftcards_giftcard_unblock", args=[gym.card.pk]), SUBMIT | {"reason": "found"})
    assert GiftCard.objects.filter(blocked_at=None).exists()


def test_a_key_is_shown_once_and_revoked(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    from loyalty.api.keys import find_caller
    from loyalty.models import ApiKey

    browser = sign_in(anna)
    answer = browser.post(
        reverse("admin:loyalty_apikey_add"), {"name": "Till 2", "scope": "till", "locations": [gym.main.pk]}
    )
    secret = answer.context["key"]
    assert secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    caller = find_caller(secret)
    assert caller is not None
    assert (caller.name, caller.scope, caller.locations) == ("Till 2", "till", {"main": gym.main.pk})
    key = ApiKey.objects.get(name="Till 2")
    page = browser.get(reverse("admin:loyalty_apikey_change", args=[key.pk])).content.decode()
    assert secret not in page
    assert key.key_hash not in page
    browser.post(reverse("admin:loyalty_apikey_revoke", args=[key.pk]), SUBMIT)
    assert find_caller(secret) is None
