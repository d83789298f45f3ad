"""What is kept of the settings is all of them, equal to what it was, or it is refused at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.actors import Actor
from clients.models import Client, Location
from loyalty.house import Place
from loyalty.models import (
    BonusProgram,
    CashbackMultiplier,
    CashbackProgram,
    Discount,
    DiscountStep,
    PromisedRules,
    PromoCode,
    RfmScale,
    Segment,
    Service,
)
from loyalty.money import Currency, Money
from loyalty.periods import Week
from loyalty.promises import HELD, Outdated, Promise, forget_old, keep, pack, read_token, rules_of, token_of, unpack
from loyalty.rulebook import Rulebook, rulebook
from loyalty.setup import load, presets, read_yaml
from loyalty.terms import Terms
from tests import factories
from tests.presents import factories as presents
from tests.promises.conftest import another_process
from tests.till import Till

PROMISE = Promise("ab" * 20, UUID(int=7), datetime(2026, 3, 2, 17, 0, 5, tzinfo=UTC))


def test_a_token_says_what_was_put_into_it_to_the_second() -> None:
    token = token_of(PROMISE)
    assert read_token(token) == replace(PROMISE, at=PROMISE.at + timedelta(microseconds=999_999))
    assert len(token) < 120
    assert token_of(replace(PROMISE, at=PROMISE.at + timedelta(milliseconds=900))) == token
    assert PROMISE.is_held(PROMISE.at + HELD)
    assert not PROMISE.is_held(PROMISE.at + HELD + timedelta(microseconds=1))


def test_a_new_secret_key_still_holds_what_the_old_one_promised(settings: Any) -> None:
    token = token_of(PROMISE)
    promise = read_token(token)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 60
    assert read_token(token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert read_token(token) == promise is not None


# --- the settings of a whole house -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.code)
def test_every_preset_comes_back(preset: Any) -> None:
    load(read_yaml(preset.text), by=Actor.command("test"))
    book = rulebook()
    assert unpack(pack(book)) == book


@pytest.mark.django_db
def test_a_house_with_every_kind_of_program_comes_back(till: Till, boris: Client) -> None:
    every_kind_of_program(boris)
    book = rulebook()
    assert unpack(pack(book)) == book
    assert all(
        book.rules[code]
        for code in (
            *("memberships", "trials", "discounts", "giftcards", "cashback", "occasions"),
            *("stamps", "gifts", "privileges"),
        )
    )
    keep(book, now=till.now)
    another_process()
    assert rules_of(Promise("00" * 20, book.revision, till.now)) == book


def every_kind_of_program(boris: Client) -> None:
    regulars = Segment.objects.create(code="regulars", name="Regulars", visits_min=5, tag="vip", birthday_month=3)
    further = {"membership": "five", "referrals_min": 2}
    limits = {"visits_max": 9, "spent_max": Money(9), "balance_min": Money(1)}
    Segment.objects.create(code="loyal", name="Loyal", rfm="loyal", service="session", further=further, **limits)
    Segment.objects.create(code="guests", name="Guests", is_static=True)
    RfmScale.objects.create(visits=[9, 7, 5, 3])
    factories.LocationFactory(code="tokyo", timezone="Asia/Tokyo")
    here = Segment.objects.create(code="here", name="Here", location=Location.objects.get(code="tokyo"))
    hours: dict[str, Any] = {"weekdays": "mon,sun", "from_time": time(9), "to_time": time(12, 30)}
    cashback = factories.CashbackFactory(from_day=date(2026, 1, 1), window_days=30, limit_percent="33.333")
    factories.CashbackTierFactory(program=cashback, min_days=60, grace_days=30, privileges="A towel", early_access=True)
    CashbackProgram.objects.update(falls="one_step")
    CashbackMultiplier.objects.create(program=cashback, factor=2, to_day=date(2026, 12, 31), **hours)
    CashbackProgram.objects.update(segment=here)
    for trigger in BonusProgram.Trigger.values:
        share: dict[str, Any] = {"locations": ["main"], "once": trigger == "action"}
        share |= {"amount": None, "percent": "7.5"} if trigger in ("nth_visit", "campaign", "first_check") else {}
        share |= {"reaches": Money(5000), "date_name": "child", "segment": regulars, "budget": Money(100000)}
        factories.BonusProgramFactory(code=trigger, trigger=trigger, nth=1, days=60, lifetime_months=6, **share)
    factories.ReferralProgramFactory(max_per_month=Money(5000), months=6)
    factories.TrialFactory()
    factories.DenominationFactory()
    factories.PlanFactory(discount_percent=10, cashback_percent="2.5", lifetime_days=90, renews=True)
    collecting: dict[str, Any] = {"segment": regulars, "locations": ["main"], "exclude": ["towel"], "free": ["session"]}
    presents.StampProgramFactory(stamp_days=90, free_days=30, to_day=date(2026, 12, 31), **collecting)
    presents.StampProgramFactory(code="miles", kind="miles", per_amount=Money(1000), **collecting)
    presents.GiftProgramFactory(segment=regulars, lifetime_days=30)
    presents.GiftProgramFactory(code="card", when="total", service=None, good="gift", amount=Money(1500))
    rule = {"segment": regulars, "services": ["session", "shop"], "exclude": ["towel"], "locations": ["main"], **hours}
    for kind in Discount.Kind.values:
        given = {"percent": None if kind == "cumulative" else 10, "days": 30, "buy": 3, "client": boris, "tier": "Gold"}
        row = Discount.objects.create(code=kind, name=kind, kind=kind, card_kind="plastic", **given, **rule)
        if kind == "cumulative":
            DiscountStep.objects.create(discount=row, from_spent=Money(100000), percent=3)
    gives: dict[str, Any] = {"P": {"percent": 5}, "A": {"amount": Money(500)}, "B": {"bonus_amount": Money(500)}}
    for code, what in gives.items():
        PromoCode.objects.create(code=code, name=code, max_uses=5, client=boris, **what, **rule)
    PromoCode.objects.create(code="UNIQUE", name="Batch", percent=5, is_batch=True, valid_hours=24)


# --- values ----------------------------------------------------------------------------------------------------------

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.integers().map(Money),
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.sampled_from([ZoneInfo("America/New_York"), ZoneInfo("UTC"), Currency("USD", 2), *Discount.Kind]),
    st.builds(Terms, lifetime_days=st.none() | st.integers(), min_check=st.integers().map(Money)),
    st.builds(Week, weekdays=st.frozensets(st.integers(0, 6)), from_time=st.none() | st.times()),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner).map(tuple), st.frozensets(LEAVES), st.dictionaries(LEAVES, inner), st.tuples(inner, inner)
    ),
)


def typed(value: Any) -> Any:
    """The value with the type of each part: 1, True and `Money(1)` are equal, and are not the same."""
    if isinstance(value, tuple):
        return (tuple, [typed(item) for item in value])
    if isinstance(value, dict):
        return (dict, [(typed(key), typed(item)) for key, item in value.items()])
    return (type(value), value)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert typed(unpack(pack(value))) == typed(value)


def test_any_mapping_comes_back_as_a_mapping() -> None:
    assert unpack(pack(MappingProxyType({1: "one", "1": Money(1), date(2026, 1, 1): ()}))) == {
        1: "one",
        "1": Money(1),
        date(2026, 1, 1): (),
    }
    assert unpack(pack(defaultdict(tuple, {True: (None,)}))) == {True: (None,)}


class Loose:
    """A class of nobody's room."""


@pytest.mark.parametrize(
    "value",
    [
        [1],
        {1},
        1.5,
        datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")),
        b"x",
        object(),
        Loose(),
        Decimal,
        timedelta(1),
        lambda: 1,
        Service(),
        PROMISE.is_held,
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_of_no_known_type_is_refused_at_once_wherever_it_stands(value: Any) -> None:
    for place in (value, (value,), {"rules": {1: value}}, Week(weekdays=value)):
        with pytest.raises(TypeError):
            pack(place)


# --- another release -------------------------------------------------------------------------------------------------


def changed(data: bytes, old: str, new: str) -> bytes:
    import zlib

    text = zlib.decompress(data).decode()
    assert old in text
    return zlib.compress(text.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loyalty.house:Place", "loyalty.house:Branch"),
        ("loyalty.house:Place", "loyalty.houses:Place"),
        ("loyalty.house:Place", "loyalty.models:Service"),
        ("loyalty.house:Place", "subprocess:Popen"),
        ("loyalty.house:Place", "loyalty.house:load_house"),
        ('"name":', '"title":'),
        ('"name":"Main hall",', ""),
        ('["zone","UTC"]', '["zone","Mars/Olympus"]'),
        ('["zone","UTC"]', '["pickle","UTC"]'),
        ('["zone","UTC"]', "[]"),
        ('"id":1', '"id":'),
    ],
)
def test_what_another_release_kept_is_outdated(old: str, new: str) -> None:
    data = pack(Place(id=1, code="main", name="Main hall", zone=ZoneInfo("UTC")))
    with pytest.raises(Outdated):
        unpack(changed(data, old, new))


def test_a_field_with_a_default_that_is_new_since_makes_it_outdated_too() -> None:
    data = changed(pack(Terms()), '"pending_days":0,', "")
    with pytest.raises(Outdated):
        unpack(data)


def test_what_is_no_such_thing_at_all_is_outdated() -> None:
    for data in (b"", b"\x00", pack(1)[:-4]):
        with pytest.raises(Outdated):
            unpack(data)


@pytest.mark.django_db
def test_outdated_settings_make_a_promise_void(till: Till) -> None:
    book = rulebook()
    promise = Promise("00" * 20, book.revision, till.now)
    less = {code: rules for code, rules in book.rules.items() if code != "trials"}
    for stored in (b"nothing", pack("settings"), pack(Rulebook(book.revision, book.house, less, asks_traits=False))):
        PromisedRules.objects.update_or_create(revision=book.revision, defaults={"rules": stored})
        another_process()
        assert rules_of(promise) is None


@pytest.mark.django_db
def test_settings_that_were_never_kept_make_a_promise_void(till: Till) -> None:
    assert rules_of(PROMISE) is None


# --- forgetting ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_settings_are_forgotten_a_day_after_others_came(till: Till) -> None:
    def kept() -> list[UUID]:
        return list(PromisedRules.objects.order_by("kept_at").values_list("revision", flat=True))

    books = []
    for hour in (0, 1, 2):
        Service.objects.filter(code="towel").update(price=Money(300 + hour))
        books.append(rulebook().revision)
        keep(rulebook(), now=till.later(hours=hour).now)
    assert forget_old(till.later(hours=24).now) == 0  # the first was in force until an hour later
    assert forget_old(till.later(hours=25).now) == 1
    assert kept() == books[1:]
    assert forget_old(till.later(days=30).now) == 1
    assert (kept(), forget_old(till.later(days=30).now)) == (books[2:], 0)


@pytest.mark.django_db
def test_the_present_settings_are_never_forgotten(till: Till) -> None:
    present = rulebook()
    keep(present, now=till.now)
    slow = Rulebook(UUID(int=1), present.house, present.rules, asks_traits=False)
    keep(slow, now=till.later(seconds=1).now)  # of a till that had read the settings before the present ones
    assert forget_old(till.later(days=2).now) == 0
    assert PromisedRules.objects.filter(pk=present.revision).exists()


@pytest.mark.django_db
def test_the_night_forgets_them(till: Till) -> None:
    from loyalty.tasks import forget_replies

    for number in (1, 2):
        PromisedRules.objects.create(
            revision=UUID(int=number), rules=b"", kept_at=datetime(2020, 1, number, tzinfo=UTC)
        )
    assert forget_replies() == 1
    assert PromisedRules.objects.get().revision == UUID(int=2)
