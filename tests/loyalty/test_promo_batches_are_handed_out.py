"""The next free code of a batch goes to one person, and works for nobody else if it is theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from auditlog.models import LogEntry

from clients.actors import Actor
from clients.models import Business, Client, Location
from loyalty.discounts import PromoCodeExpired, PromoCodeNotApplicable, PromoCodeUnknown, PromoCodeUsedUp
from loyalty.models import IssuedCode, PromoCode, Service
from loyalty.promo_batches import ask, hand_out, make_unfinished
from tests.conftest import Together
from tests.till import Till

ANNA = Actor.staff("anna")


@pytest.fixture
def winter(business: Business, now: datetime) -> PromoCode:
    promo = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    ask(promo=promo, count=3, by=ANNA, now=now)
    make_unfinished()
    return promo


def test_codes_go_in_the_order_in_which_they_were_made(winter: PromoCode, now: datetime) -> None:
    made = list(IssuedCode.objects.order_by("pk").values_list("code", flat=True))
    given = [hand_out(promo=winter, by=ANNA, now=now).code for _time in range(3)]
    assert given == made
    assert set(IssuedCode.objects.values_list("handed_out_at", flat=True)) == {now}


def test_when_all_are_gone_it_says_so(winter: PromoCode, now: datetime) -> None:
    for _time in range(3):
        hand_out(promo=winter, by=ANNA, now=now)
    with pytest.raises(PromoCodeUsedUp, match="No code of Winter is left to hand out"):
        hand_out(promo=winter, by=ANNA, now=now)


def test_a_clients_code_works_for_that_client_only(
    winter: PromoCode, boris: Client, alice: Client, location: Location, session: Service, now: datetime
) -> None:
    given = hand_out(promo=winter, client=boris, by=ANNA, now=now)
    assert (given.client, given.valid_until) == (boris.pk, None)
    till = Till(now=now)
    with pytest.raises(PromoCodeNotApplicable, match="belongs to another client"):
        till.quote("session", client=alice, promo_codes=[given.code])
    assert till.sell("session", client=boris, promo_codes=[given.code.lower()]).visit.to_pay == 1800


def test_hours_count_from_the_moment_it_was_handed_out(
    winter: PromoCode, location: Location, session: Service, now: datetime
) -> None:
    winter.valid_hours = 48
    winter.save()
    given = hand_out(promo=winter, by=ANNA, now=now)
    assert given.valid_until == now + timedelta(hours=48)
    till = Till(now=now)
    assert till.later(hours=48).quote("session", promo_codes=[given.code]).bill.to_pay == 1800
    with pytest.raises(PromoCodeExpired):
        till.later(hours=48, seconds=1).quote("session", promo_codes=[given.code])


def test_it_ends_with_the_last_day_if_that_comes_first(winter: PromoCode, now: datetime) -> None:
    """2 March in New York ends at 05:00 UTC."""
    winter.valid_hours, winter.to_day = 48, date(2026, 3, 2)
    winter.save()
    assert hand_out(promo=winter, by=ANNA, now=now).valid_until == datetime(2026, 3, 3, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"enabled": False}, PromoCodeUnknown),
        ({"to_day": date(2026, 3, 1)}, PromoCodeExpired),
        ({"is_batch": False}, PromoCodeNotApplicable),
    ],
)
def test_a_code_that_would_not_work_is_not_handed_out(
    winter: PromoCode, now: datetime, changed: dict[str, object], refusal: type[Exception]
) -> None:
    for name, value in changed.items():
        setattr(winter, name, value)
    with pytest.raises(refusal):
        hand_out(promo=winter, by=ANNA, now=now)
    assert not IssuedCode.objects.exclude(handed_out_at=None).exists()


def test_a_promo_code_for_one_client_goes_to_no_other(
    winter: PromoCode, boris: Client, alice: Client, now: datetime
) -> None:
    winter.client = boris
    winter.save()
    with pytest.raises(PromoCodeNotApplicable) as refused:
        hand_out(promo=winter, client=alice, by=ANNA, now=now)
    assert refused.value.field == "client"
    assert hand_out(promo=winter, client=boris, by=ANNA, now=now).client == boris.pk


def test_who_handed_out_what_to_whom_is_recorded_without_the_code(
    winter: PromoCode, boris: Client, now: datetime
) -> None:
    given = hand_out(promo=winter, client=boris, by=Actor.key("till-1"), now=now)
    entry = LogEntry.objects.get(content_type__model="issuedcode")
    assert (entry.additional_data, entry.timestamp) == ({"by": "key:till-1"}, now)
    assert entry.changes == {"handed_out_at": ["None", "2026-03-02 17:00:00"], "client": ["None", str(boris.pk)]}
    assert entry.object_repr == f"…{given.code[-4:]}"
    assert given.code not in str(entry.__dict__)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_a_code_each(business: Business, now: datetime, together: Together) -> None:
    promo = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
    ask(promo=promo, count=20, by=ANNA, now=now)
    make_unfinished()
    hand_out(promo=promo, by=ANNA, now=now)  # the settings are in memory now
    given = together(*[lambda: hand_out(promo=promo, by=ANNA, now=now).code] * 7)
    assert len(set(given)) == 7
    assert IssuedCode.objects.exclude(handed_out_at=None).count() == 8
