"""The section `gift_cards`: it comes back as it was given, and mistakes are named by their path."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from clients.actors import Actor
from clients.refusals import Refusal
from giftcards.models import GiftCardType
from loyalty.setup import dump, load
from tests.till import Till

pytestmark = pytest.mark.django_db
BY = Actor.staff("anna")
TYPES: list[dict[str, Any]] = [
    {"code": "free", "name": "Any amount", "denominations": [], "min": "10.00", "max": "500.00", "valid": None}
    | {"single_use": False, "reloadable": True, "services": ["session", "training"], "locations": ["main"]}
    | {"design": "stars"},
    {"code": "gift", "name": "Gift card", "denominations": ["20.00", "50.00"], "valid": {"days": 180}}
    | {"single_use": True},
    {"code": "xmas", "name": "Christmas", "denominations": ["50.00"], "valid": {"until": "2026-12-31"}}
    | {"single_use": True},
]


def test_it_comes_back_as_it_was_given(till: Till) -> None:
    load({"gift_cards": TYPES}, by=BY)
    written = dump()
    assert written["gift_cards"] == TYPES
    assert load(written, by=BY) == []
    free = GiftCardType.objects.get(code="free")
    assert (free.min_amount, free.max_amount, free.reloadable, free.services) == (
        1000,
        50000,
        True,
        ["session", "training"],
    )


def test_what_changes_is_told(till: Till) -> None:
    load({"gift_cards": TYPES}, by=BY)
    changed = [TYPES[0], {**TYPES[1], "valid": {"until": "2027-01-01"}}, {**TYPES[2], "min": "5", "max": "9"}]
    told = [str(change) for change in load({"gift_cards": changed}, by=BY)]
    assert "valid 180 days → until 2027-01-01" in told[0]
    assert "min none → 5.00" in told[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min": "10"}, "gift_cards[0].max: is missing"),
        ({"min": "10", "max": "9"}, "gift_cards[0].max: must not be less than min"),
        ({"single_use": True, "reloadable": True}, "gift_cards[0].reloadable: goes with single_use: false only"),
        ({"valid": {"days": 1, "until": "2026-12-31"}}, "gift_cards[0].valid: must be {days: N} or {until: DATE}"),
        ({"valid": {"until": "31.12.2026"}}, "gift_cards[0].valid.until: must be a date like 2026-11-23"),
        ({"valid": 5}, "gift_cards[0].valid: must be {days: N} or {until: DATE}"),
        ({"services": ["sauna"]}, 'gift_cards[0].services[0]: there is no service or category "sauna"'),
        ({"locations": ["moon"]}, 'gift_cards[0].locations[0]: there is no location "moon"'),
        ({"design": "cat"}, "gift_cards[0].design: must be plain or ribbon or flowers or stars"),
    ],
)
def test_a_mistake_is_named(till: Till, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as refused:
        load({"gift_cards": [{"code": "gift", "name": "Gift card", "denominations": ["20"], **wrong}]}, by=BY)
    assert message in str(refused.value)
    assert not GiftCardType.objects.exists()


def test_a_type_needs_an_amount(till: Till) -> None:
    with pytest.raises(Refusal) as refused:
        load({"gift_cards": [{"code": "gift", "name": "Gift card"}]}, by=BY)
    assert "gift_cards[0].denominations: is missing" in str(refused.value)


def test_a_type_that_is_sold_for_nothing_is_refused(till: Till) -> None:
    never = {"code": "gift", "name": "Gift card", "denominations": []}
    with pytest.raises(Refusal) as refused:
        load({"gift_cards": [TYPES[0], never]}, by=BY)
    assert str(refused.value) == (
        "gift_cards[1].denominations: must list at least one amount,"
        " unless min and max say from what to what it is sold"
    )
    assert not GiftCardType.objects.exists()
    assert load({"gift_cards": [{**never, "enabled": False}]}, by=BY) != []
    with pytest.raises(Refusal):
        load({"gift_cards": [never]}, by=BY)


def test_one_that_was_set_up_so_before_comes_back_from_its_dump(till: Till) -> None:
    GiftCardType.objects.create(code="old", name="Old card")
    assert load(dump(), by=BY) == []
    with pytest.raises(Refusal):
        load({"gift_cards": [*dump()["gift_cards"], {"code": "new", "name": "New", "denominations": []}]}, by=BY)


@pytest.mark.parametrize(
    ("column", "least", "most", "beyond"),
    [
        ("valid_days", 1, 30_000, (0, 30_001)),
        ("valid_until", date(2000, 1, 1), date(2100, 12, 31), (date(1999, 12, 31), date(2101, 1, 1))),
    ],
)
def test_what_is_typed_in_the_office_comes_back_from_its_dump(
    till: Till, column: str, least: Any, most: Any, beyond: tuple[Any, Any]
) -> None:
    load({"gift_cards": TYPES[:1]}, by=BY)
    kind = GiftCardType.objects.get()
    for value in (least, most):
        setattr(kind, column, value)
        kind.full_clean()
        kind.save()
        assert load({"gift_cards": dump()["gift_cards"]}, by=BY) == []
    for value in beyond:
        setattr(kind, column, value)
        with pytest.raises(ValidationError) as refusal:
            kind.full_clean()
        assert set(refusal.value.message_dict) == {column}
