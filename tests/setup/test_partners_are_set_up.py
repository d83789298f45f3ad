"""The section `partners` of the setup document."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from loyalty.setup import SetupRefused, dump
from referrals.models import Code, Partner
from tests import factories

pytestmark = pytest.mark.django_db
YOGA = (
    "partners: [{code: City-Yoga, name: City Yoga, percent: '10', months: 12, email: city@example.com,"
    " note: 'IBAN 1', enabled: true}]"
)


def test_a_partner_comes_back_as_it_was_loaded(load_text: Callable[..., list[str]], flexgym: str) -> None:
    assert load_text(YOGA) == ["create partner City-Yoga"]
    row = Partner.objects.get()
    assert (row.name, row.percent, row.months, row.email, row.note) == (
        *("City Yoga", Decimal(10), 12, "city@example.com", "IBAN 1"),
    )
    assert dump()["partners"] == [
        {
            "code": "City-Yoga",
            "name": "City Yoga",
            "percent": "10",
            "months": 12,
            "email": "city@example.com",
            "note": "IBAN 1",
        }
    ]
    assert load_text(YOGA) == []


def test_codes_are_the_same_in_any_case_and_one_that_is_left_out_is_switched_off(
    load_text: Callable[..., list[str]], flexgym: str
) -> None:
    load_text(YOGA)
    changed = load_text("partners: [{code: CITY-YOGA, name: City Yoga, percent: 12}]")
    assert changed == [
        "change partner City-Yoga: percent 10 → 12; months 12 → none; email city@example.com → none; note IBAN 1 → none"
    ]
    assert load_text("partners: []") == ["switch off partner City-Yoga"]
    assert not Partner.objects.get().enabled


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("code: a, name: A", "partners[0].percent: is missing"),
        ("code: a, name: A, percent: 101", "partners[0].percent: must be between 0 and 100"),
        ("code: a, name: A, percent: 5, months: 0", "partners[0].months: must be between 1 and 900"),
        (
            "code: a, name: A, percent: 5, email: nobody",
            "partners[0].email: must be an e-mail address like name@example.com",
        ),
        (
            "code: '123', name: A, percent: 5",
            "partners[0].code: must have a letter, else it could be a card or a phone",
        ),
        ("code: abcd-efgh, name: A, percent: 5", "partners[0].code: is the code of a client"),
        ("code: a, name: A, percent: 5, iban: x", "partners[0].iban: unknown key"),
    ],
)
def test_mistakes_are_named(load_text: Callable[..., list[str]], flexgym: str, row: str, error: str) -> None:
    Code.objects.create(client=factories.ClientFactory(), code="ABCDEFGH")
    with pytest.raises(SetupRefused) as refused:
        load_text(f"partners: [{{{row}}}]")
    assert error in str(refused.value)
    assert not Partner.objects.exists()


def test_two_with_one_code_are_an_error(load_text: Callable[..., list[str]], flexgym: str) -> None:
    with pytest.raises(SetupRefused, match="already used"):
        load_text("partners: [{code: a, name: A, percent: 5}, {code: A, name: B, percent: 5}]")
