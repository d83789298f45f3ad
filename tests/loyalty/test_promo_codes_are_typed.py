"""Promo codes as they are typed: in any case, with spaces around, twice; and each reason why one is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

import pytest

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.counter import read_basket
from loyalty.discounts import PromoCodeUnknown
from loyalty.models import Entry, IssuedCode, PromoCode, PromoUse, Standing, Visit
from loyalty.rulebook import rulebook
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def nothing_was_written() -> bool:
    counted = IssuedCode.objects.exclude(code="USED").exclude(used=0)
    return not (Visit.objects.exists() or PromoUse.objects.exists() or Entry.objects.exists() or counted.exists())


@pytest.mark.parametrize("text", ["SPRING", "spring", "SpRiNg", "  spring ", "\tSPRING\n"])
@pytest.mark.parametrize("stored", ["SPRING", "Spring", "spring"])
def test_any_case_and_spaces_around(till: Till, text: str, stored: str) -> None:
    factories.PromoCodeFactory(code=stored)
    assert till.quote("personal", promo_codes=[text]).bill.to_pay == cents("54.00")


def test_typed_twice_it_counts_once(till: Till) -> None:
    factories.PromoCodeFactory(combinable=True)
    sold = till.sell("personal", promo_codes=["spring", " SPRING", "Spring"])
    assert sold.visit.to_pay == cents("54.00")
    assert IssuedCode.objects.get().used == PromoUse.objects.count() == 1


def test_the_order_in_which_they_are_typed_changes_nothing(till: Till) -> None:
    factories.PromoCodeFactory(code="A", amount=cents("5"), combinable=True)
    factories.PromoCodeFactory(code="B", percent=50, combinable=True)
    factories.PromoCodeFactory(code="C", percent=10, combinable=True, priority=1)
    first = till.quote("personal", promo_codes=["A", "B", "C"])
    again = till.quote("personal", promo_codes=["C", "B", "A"])
    assert first.bill.to_pay == again.bill.to_pay == cents("22.00")  # 60.00, 54.00, 27.00, less 5.00
    assert first.bill.notes == again.bill.notes
    assert first.token == again.token


# --- refused ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A code with these terms, how the check is, and what it is refused with."""

    name: str
    code: str
    says: str
    terms: Callable[[Till], dict[str, Any]] = lambda _till: {}
    who: str = "boris"
    typed: str = "spring"
    facts: dict[str, Any] = field(default_factory=dict)
    offers: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("another code", "promo_code_unknown", "There is no such promo code.", typed="summer"),
    Case("no code at all", "promo_code_unknown", "There is no such promo code.", typed="   "),
    Case("a very long one", "promo_code_unknown", "There is no such promo code.", typed="S" * 61),
    Case("a null character", "promo_code_unknown", "There is no such promo code.", typed="SPRING\0"),
    Case(
        "switched off",
        "promo_code_unknown",
        "The promo code SPRING is switched off.",
        terms=lambda _till: {"enabled": False},
    ),
    Case(
        "the name of a batch",
        "promo_code_unknown",
        "There is no such promo code.",
        terms=lambda _till: {"is_batch": True},
    ),
    Case(
        "over",
        "promo_code_expired",
        "The promo code SPRING ended on 1 March 2026.",
        terms=lambda till: {"to_day": till.today - timedelta(days=1)},
    ),
    Case(
        "not yet",
        "promo_code_not_applicable",
        "The promo code SPRING begins on 3 March 2026.",
        terms=lambda till: {"from_day": till.today + timedelta(days=1)},
    ),
    Case(
        "of another client",
        "promo_code_not_applicable",
        "The promo code SPRING belongs to another client.",
        terms=lambda _till: {"client": factories.ClientFactory(first_name="Alice")},
    ),
    Case(
        "of a client, and nobody is named",
        "promo_code_not_applicable",
        "The promo code SPRING is for clients: say who it is.",
        terms=lambda _till: {"client": factories.ClientFactory(first_name="Alice")},
        who="nobody",
    ),
    Case(
        "so often a client, and nobody is named",
        "promo_code_not_applicable",
        "The promo code SPRING is for clients: say who it is.",
        terms=lambda _till: {"max_uses_per_client": 1},
        who="nobody",
    ),
    Case(
        "bonuses, and nobody is named",
        "promo_code_not_applicable",
        "The promo code SPRING is for clients: say who it is.",
        terms=lambda _till: {"bonus_amount": cents("50"), "percent": None},
        who="nobody",
    ),
    Case(
        "new clients, and nobody is named",
        "promo_code_not_applicable",
        "The promo code SPRING is for clients: say who it is.",
        terms=lambda _till: {"new_clients_only": True},
        who="nobody",
    ),
    Case(
        "new clients, and he has been here",
        "promo_code_not_applicable",
        "The promo code SPRING is for clients who have not been here before.",
        terms=lambda _till: {"new_clients_only": True},
        who="a regular",
    ),
    Case(
        "bonuses, and the check earns nothing",
        "promo_code_not_applicable",
        "This check earns nothing, so the promo code SPRING cannot give its bonuses.",
        terms=lambda _till: {"bonus_amount": cents("50"), "percent": None},
        offers={"earn": False},
    ),
    Case(
        "another location",
        "promo_code_not_applicable",
        "SPRING is not given at this location (Main hall).",
        terms=lambda _till: {"locations": ["riverside"]},
    ),
    Case(
        "another hour",
        "promo_code_not_applicable",
        "SPRING is for other days or hours.",
        terms=lambda _till: {"to_time": time(12)},
    ),
    Case(
        "another weekday",
        "promo_code_not_applicable",
        "SPRING is for other days or hours.",
        terms=lambda _till: {"weekdays": "sat,sun"},
    ),
    Case(
        "a segment he is not in",
        "promo_code_not_applicable",
        "SPRING is for “Regulars”; this client does not belong there.",
        terms=lambda _till: {"segment": factories.SegmentFactory()},
    ),
    Case(
        "a segment, and nobody is named",
        "promo_code_not_applicable",
        "SPRING is for clients: say who it is.",
        terms=lambda _till: {"segment": factories.SegmentFactory()},
        who="nobody",
    ),
    Case(
        "other services",
        "promo_code_not_applicable",
        "SPRING: nothing on this check is among what it is for.",
        terms=lambda _till: {"services": ["towel"]},
    ),
    Case(
        "a larger check",
        "promo_code_not_applicable",
        "SPRING is for checks from 60.01: 0.01 more is needed.",
        terms=lambda _till: {"min_check": cents("60.01")},
        facts={"missing": cents("0.01")},
    ),
    Case(
        "a larger check, for bonuses too",
        "promo_code_not_applicable",
        "SPRING is for checks from 72.00: 12.00 more is needed.",
        terms=lambda _till: {"bonus_amount": cents("50"), "percent": None, "min_check": cents("72")},
        facts={"missing": cents("12.00")},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_code_that_cannot_be_used_is_refused(till: Till, boris: Client, case: Case) -> None:
    factories.PromoCodeFactory(**case.terms(till))
    factories.PromoCodeFactory(code="OTHER", combinable=True)
    till.account(boris)
    Standing.objects.update(visits=1 if case.who == "a regular" else 0)
    client = None if case.who == "nobody" else boris
    with pytest.raises(Refusal) as refused:
        till.settle(till.basket("personal", client=client, promo_codes=["other", case.typed], **case.offers), cash=5400)
    assert (refused.value.code, str(refused.value)) == (case.code, case.says)
    assert (refused.value.field, refused.value.facts) == ("promo_codes[1]", case.facts)
    assert nothing_was_written()


def test_a_code_that_is_used_up_is_refused(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(code="USED", max_uses=2)
    IssuedCode.objects.update(used=2)
    with pytest.raises(Refusal) as refused:
        till.settle(till.basket("personal", client=boris, promo_codes=["used"]), cash=5400)
    assert (refused.value.code, refused.value.field) == ("promo_code_used_up", "promo_codes[0]")
    assert str(refused.value) == "The promo code USED has been used up."
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("typed", "field"),
    [("SPRING", "promo_codes"), ([7], "promo_codes[0]"), ([None], "promo_codes[0]"), ([["A"]], "promo_codes[0]")],
)
def test_what_is_no_list_of_texts_is_refused(till: Till, typed: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        till.basket("personal", promo_codes=typed)
    assert refused.value.field == field


def test_at_most_twenty_are_typed(till: Till) -> None:
    factories.PromoCodeFactory()
    assert till.quote("personal", promo_codes=["spring"] * 20).bill.to_pay == cents("54.00")
    with pytest.raises(Invalid) as refused:
        till.basket("personal", promo_codes=["spring"] * 21)
    assert refused.value.field == "promo_codes"


def test_a_code_for_staff_is_not_for_a_page_of_the_client(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(staff_only=True)
    assert till.quote("personal", client=boris, promo_codes=["spring"]).bill.to_pay == cents("54.00")
    raw = {"location": "main", "lines": [{"service": "personal"}], "promo_codes": ["spring"]}
    basket = read_basket(raw, rulebook().house, by_staff=False)
    with pytest.raises(Refusal) as refused:
        till.settle(basket, cash=5400)
    assert (refused.value.code, str(refused.value)) == (
        "promo_code_not_applicable",
        "The promo code SPRING is used by staff only.",
    )
    assert nothing_was_written()


def test_the_last_day_is_usable_to_its_end(till: Till) -> None:
    factories.PromoCodeFactory(to_day=till.today)
    assert till.later(hours=11, minutes=59).quote("personal", promo_codes=["spring"]).bill.to_pay == cents("54.00")
    with pytest.raises(Refusal) as refused:
        till.later(hours=12).quote("personal", promo_codes=["spring"])
    assert refused.value.code == "promo_code_expired"


def test_the_minimum_check_includes_its_limit(till: Till) -> None:
    factories.PromoCodeFactory(min_check=cents("60"))
    assert till.quote("personal", promo_codes=["spring"]).bill.to_pay == cents("54.00")


def test_a_newcomer_may_use_a_code_for_newcomers_again_once_the_visit_came_back(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(new_clients_only=True)
    sold = till.sell("personal", client=boris, promo_codes=["spring"])
    with pytest.raises(Refusal):
        till.quote("personal", client=boris, promo_codes=["spring"])
    till.refund(sold)
    assert till.quote("personal", client=boris, promo_codes=["spring"]).bill.to_pay == cents("54.00")


def test_a_code_that_was_switched_off_is_known_again_when_it_is_on(till: Till) -> None:
    factories.PromoCodeFactory(enabled=False)
    with pytest.raises(PromoCodeUnknown):
        till.quote("personal", promo_codes=["spring"])
    PromoCode.objects.update(enabled=True)
    assert till.quote("personal", promo_codes=["spring"]).bill.to_pay == cents("54.00")
