"""Unique promo codes: as many as were asked for, none twice, however often the maker is interrupted."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from auditlog.models import LogEntry

from clients.actors import Actor
from clients.models import Business
from clients.refusals import Invalid, Refusal
from config.tasks import catch_up
from loyalty import promo_batches
from loyalty.discounts import PromoCodeNotApplicable
from loyalty.models import CodeBatch, IssuedCode, PromoCode
from loyalty.promo_batches import LimitBelowUse, StillBeingMade, ask, follow_limit, make_codes, make_unfinished
from loyalty.tasks import make_promo_codes
from tests.conftest import Together

ANNA = Actor.staff("anna")
CODE = re.compile(r"WINTER[ABCDFGHJKMNPQRSTUVWXYZ][2-9ABCDEFGHJKMNPQRSTUVWXYZ]{9}")


@pytest.fixture
def winter(business: Business) -> PromoCode:
    promo: PromoCode = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    return promo


def codes(batch: CodeBatch) -> list[str]:
    return list(IssuedCode.objects.filter(batch=batch).values_list("code", flat=True))


def test_asking_makes_nothing_yet(winter: PromoCode, now: datetime) -> None:
    batch = ask(promo=winter, count=7, prefix=" winter ", by=ANNA, now=now)
    assert (batch.prefix, batch.wanted, batch.made, batch.by) == ("WINTER", 7, 0, "staff:anna")
    assert codes(batch) == []


def test_as_many_are_made_as_were_asked_for(winter: PromoCode, now: datetime) -> None:
    batch = ask(promo=winter, count=12_345, prefix="winter", by=ANNA, now=now)
    assert make_promo_codes() == 12_345
    batch.refresh_from_db()
    made = codes(batch)
    assert (batch.made, len(set(made))) == (12_345, 12_345)
    assert all(CODE.fullmatch(code) for code in made)
    assert make_promo_codes() == 0


def test_each_code_is_used_once_if_nothing_else_is_said(winter: PromoCode, now: datetime) -> None:
    once = ask(promo=winter, count=1, by=ANNA, now=now)
    make_unfinished()
    winter.max_uses = 3
    winter.save()
    thrice = ask(promo=winter, count=1, by=ANNA, now=now)
    make_unfinished()
    facts = IssuedCode.objects.order_by("pk").values_list("batch", "limit", "used", "handed_out_at")
    assert list(facts) == [(once.pk, 1, 0, None), (thrice.pk, 3, 0, None)]


def test_catching_up_makes_what_nobody_was_woken_for(winter: PromoCode, now: datetime) -> None:
    batch = ask(promo=winter, count=3, by=ANNA, now=now)
    catch_up()
    assert len(codes(batch)) == 3


def test_a_batch_that_stopped_halfway_goes_on(
    winter: PromoCode, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promo_batches, "AT_ONCE", 10)
    batch = ask(promo=winter, count=25, by=ANNA, now=now)
    promo_batches._make_some(batch.pk)
    batch.refresh_from_db()
    assert (batch.made, len(codes(batch))) == (10, 10)
    assert make_codes(batch.pk) == 15
    assert len(set(codes(batch))) == 25


def test_codes_that_are_there_already_do_not_count(
    winter: PromoCode, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With four possible codes, three are found however often the dice fall alike."""
    monkeypatch.setattr(promo_batches, "ALPHABET", "AB")
    monkeypatch.setattr(promo_batches, "FIRST", "AB")
    monkeypatch.setattr(promo_batches, "RANDOM_SYMBOLS", 2)
    PromoCode.objects.create(code="AA", name="Another", percent=5)
    batch = ask(promo=winter, count=2, by=ANNA, now=now)
    for _time in range(100):  # a chunk that finds none says so, and is tried again
        make_unfinished()
    batch.refresh_from_db()
    assert (batch.made, len(codes(batch))) == (2, 2)
    assert set(codes(batch)) <= {"AB", "BA", "BB"}


@pytest.mark.parametrize(
    ("count", "prefix", "field"),
    [(0, "", "count"), (100_001, "", "count"), (5, "SUMMER 26", "prefix"), (5, "=SUM", "prefix"), (5, "Ш", "prefix")],
)
def test_what_makes_no_sense_is_refused_at_its_place(
    winter: PromoCode, now: datetime, count: int, prefix: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(promo=winter, count=count, prefix=prefix, by=ANNA, now=now)
    assert refused.value.field == field
    assert not CodeBatch.objects.exists()


def test_a_form_sent_twice_counts_once(winter: PromoCode, now: datetime) -> None:
    ask(promo=winter, count=5, by=ANNA, now=now)
    with pytest.raises(StillBeingMade, match="0 of 5 codes are made"):
        ask(promo=winter, count=5, by=ANNA, now=now)
    assert CodeBatch.objects.count() == 1


def test_a_code_for_everybody_has_no_unique_ones(business: Business, now: datetime) -> None:
    spring = PromoCode.objects.create(code="SPRING", name="Spring", percent=10)
    with pytest.raises(PromoCodeNotApplicable, match="SPRING is typed as it is by everybody"):
        ask(promo=spring, count=5, by=ANNA, now=now)


def test_who_asked_stands_in_the_record_of_changes(winter: PromoCode, now: datetime) -> None:
    batch = ask(promo=winter, count=5, by=ANNA, now=now)
    entry = LogEntry.objects.get(object_id=batch.pk, content_type__model="codebatch")
    assert (entry.additional_data, entry.changes) == ({"by": "staff:anna"}, {"wanted": ["None", "5"]})


# --- the limit of each code ------------------------------------------------------------------------------------------


def test_codes_follow_a_new_limit(winter: PromoCode, now: datetime) -> None:
    batch = ask(promo=winter, count=4, by=ANNA, now=now)
    make_unfinished()
    winter.max_uses = 5
    winter.save()
    follow_limit(winter)
    assert set(IssuedCode.objects.filter(batch=batch).values_list("limit", flat=True)) == {5}


def test_no_limit_is_below_what_is_used(winter: PromoCode, now: datetime) -> None:
    winter.max_uses = 3
    winter.save()
    ask(promo=winter, count=2, by=ANNA, now=now)
    make_unfinished()
    IssuedCode.objects.filter(pk=IssuedCode.objects.latest("pk").pk).update(used=2)
    winter.max_uses = 1
    with pytest.raises(LimitBelowUse, match="It was used 2 times already") as refused:
        follow_limit(winter)
    assert refused.value.field == "max_uses"
    assert set(IssuedCode.objects.values_list("limit", flat=True)) == {3}


# --- several at once -------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_makers_at_the_same_time_make_no_code_too_many(
    winter: PromoCode, now: datetime, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promo_batches, "AT_ONCE", 100)
    batch = ask(promo=winter, count=2_050, by=ANNA, now=now)
    made = together(*[make_unfinished] * 4)
    make_unfinished()  # whoever found the batch locked has gone away
    batch.refresh_from_db()
    assert all(isinstance(count, int) for count in made), made
    assert (batch.made, len(set(codes(batch)))) == (2_050, 2_050)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_one_is_told_to_wait(winter: PromoCode, now: datetime, together: Together) -> None:
    answers = together(*[lambda: ask(promo=winter, count=5, by=ANNA, now=now)] * 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["CodeBatch", "StillBeingMade"]
    assert isinstance(next(a for a in answers if not isinstance(a, CodeBatch)), Refusal)
    assert CodeBatch.objects.count() == 1
