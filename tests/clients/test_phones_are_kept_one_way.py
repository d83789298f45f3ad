"""A phone has one spelling, E.164; letters and extensions, which the library would keep or translate, are refused."""

from __future__ import annotations

import pytest

from clients.phones import parse_phone, region_of
from clients.refusals import Invalid


@pytest.mark.parametrize(
    ("typed", "timezone", "kept"),
    [
        ("+1 212 555 0101", "Europe/Moscow", "+12125550101"),
        ("(212) 555-0101", "America/New_York", "+12125550101"),
        ("  212.555.0101 ", "America/New_York", "+12125550101"),
        ("8 (916) 123-45-67", "Europe/Moscow", "+79161234567"),
        ("+7 916 123-45-67", "America/New_York", "+79161234567"),
        ("020 7946 0018", "Europe/London", "+442079460018"),
        ("050 123 4567", "Europe/Kiev", "+380501234567"),
        ("+4915112345678", "UTC", "+4915112345678"),
    ],
)
def test_every_way_of_typing_it_is_kept_as_one(typed: str, timezone: str, kept: str) -> None:
    assert parse_phone(typed, timezone=timezone) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "12",
        "1-800-FLOWERS",
        "+1 212 555 0101 ext. 5",
        "+1 212 555 0101 x5",
        "+1 212 555 0101;ext=5",
        "+1 212 555 0101#5",
        "+1 212 555 0101,5",
        "+1 212 555 01011",
        "٢١٢٥٥٥٠١٠١",
        "+1 212\x00555 0101",
        "++12125550101",
        "tel:+12125550101",
        "2" * 300,
    ],
)
def test_what_is_no_phone_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_phone(typed, timezone="America/New_York")
    assert refused.value.field == "phone"


def test_a_national_number_needs_a_country(now: object) -> None:
    with pytest.raises(Invalid):
        parse_phone("212 555 0101", timezone="UTC")
    assert (region_of("UTC"), region_of("Asia/Calcutta")) == (None, "IN")
