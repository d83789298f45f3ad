"""`POST promo_codes/{code}/hand_out`: the next unique code, told once, to tills and owners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from clients.actors import Actor
from clients.models import Client
from loyalty.models import IssuedCode, PromoCode
from loyalty.promo_batches import ask, make_unfinished
from tests.api.conftest import Caller, basket


@pytest.fixture
def winter(flexgym: None) -> PromoCode:
    promo = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    ask(promo=promo, count=2, prefix="W", by=Actor.staff("anna"), now=timezone.now())
    make_unfinished()
    return promo


def test_a_till_hands_out_a_code_and_the_check_takes_it(winter: PromoCode, till: Caller) -> None:
    boris = till.register(first_name="Boris")
    given = till.post("promo_codes/winter/hand_out", {"client": boris["id"]}).made()
    code = IssuedCode.objects.order_by("pk")[0]
    assert given == {"code": code.code, "client": boris["id"], "valid_until": None}
    quote = till.post("visits/quote", basket("towel", client=boris, promo_codes=[given["code"]])).ok()
    assert quote["discount_total"] == "0.30"


def test_nobody_in_particular(winter: PromoCode, owner: Caller) -> None:
    assert owner.post("promo_codes/Winter/hand_out", {}).made()["client"] is None


def test_hours_end_with_an_offset(winter: PromoCode, till: Caller) -> None:
    winter.valid_hours = 24
    winter.save()
    until = till.post("promo_codes/WINTER/hand_out", {}).made()["valid_until"]
    assert until[-6:] in ("-05:00", "-04:00")


def test_the_same_key_gives_the_same_code(winter: PromoCode, till: Caller) -> None:
    first = till.post("promo_codes/Winter/hand_out", {}, idempotency="one").made()
    again = till.post("promo_codes/Winter/hand_out", {}, idempotency="one").made()
    assert first == again
    assert IssuedCode.objects.exclude(handed_out_at=None).count() == 1
    boris = till.register(first_name="Boris")
    other = till.post("promo_codes/Winter/hand_out", {"client": boris["id"]}, idempotency="one")
    other.refused(422, "idempotency_key_reused")


def test_the_key_that_handed_it_out_is_recorded(winter: PromoCode, till: Caller) -> None:
    till.post("promo_codes/Winter/hand_out", {}).made()
    assert LogEntry.objects.get(content_type__model="issuedcode").additional_data == {"by": "key:till-1"}


@pytest.mark.parametrize("code", ["NOTHING", "%D0%97%D0%98%D0%9C%D0%90", "a" * 41, "x%20y", "%27--"])
def test_an_unknown_code(winter: PromoCode, till: Caller, code: str) -> None:
    till.post(f"promo_codes/{code}/hand_out", {}).refused(404, "not_found")


def test_an_unknown_client(winter: PromoCode, till: Caller) -> None:
    till.post("promo_codes/Winter/hand_out", {"client": "999999"}).refused(404, "not_found")
    assert not IssuedCode.objects.exclude(handed_out_at=None).exists()


def test_a_client_who_was_forgotten(winter: PromoCode, till: Caller) -> None:
    boris = till.register(first_name="Boris")
    Client.objects.filter(pk=boris["id"]).update(erased_at=timezone.now())
    till.post("promo_codes/Winter/hand_out", {"client": boris["id"]}).refused(410, "client_erased")


def test_each_no_has_its_code(winter: PromoCode, till: Caller) -> None:
    PromoCode.objects.create(code="SPRING", name="Spring", percent=10)
    till.post("promo_codes/SPRING/hand_out", {}).refused(422, "promo_code_not_applicable")
    for _time in range(2):
        till.post("promo_codes/Winter/hand_out", {}).made()
    till.post("promo_codes/Winter/hand_out", {}).refused(422, "promo_code_used_up")
    winter.to_day = date(2026, 1, 1)
    winter.save()
    till.post("promo_codes/Winter/hand_out", {}).refused(422, "promo_code_expired")


def test_what_is_sent_is_read_strictly(winter: PromoCode, till: Caller) -> None:
    till.post("promo_codes/Winter/hand_out", {"clint": "1"}).refused(400, "invalid", "clint")
    till.post("promo_codes/Winter/hand_out", {"client": "x"}).refused(400, "invalid", "client")
    till.post("promo_codes/Winter/hand_out", []).refused(400, "invalid")
    assert till.get("promo_codes/Winter/hand_out").status == 405


def test_a_key_for_reading_hands_out_nothing(winter: PromoCode, make_caller: Callable[..., Caller]) -> None:
    make_caller("read").post("promo_codes/Winter/hand_out", {}).refused(403, "permission_denied")
    assert not IssuedCode.objects.exclude(handed_out_at=None).exists()
