"""The rules of the house on the page of the business: what earns, and who refunds which checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clients.models import Business, Staff
from loyalty.models import HouseRules
from tests.admin.conftest import Gym, SignIn
from tests.admin.test_a_program_is_changed_on_its_page import business_form, errors

PAGE = "admin:clients_business_change"


def page() -> str:
    return reverse(PAGE, args=[Business.ONLY])


def test_what_earns_and_who_refunds_is_chosen_here(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    said = business_form(
        earns_before_discounts="on", memberships_earn="on", desk_refund_hours="24", manager_refund_days="30"
    )
    assert sign_in(anna).post(page(), said).status_code == 302
    rules = HouseRules.objects.get()
    assert (rules.earns_before_discounts, rules.gift_cards_earn, rules.memberships_earn) == (True, False, True)
    assert (rules.desk_refund_hours, rules.manager_refund_days) == (24, 30)


def test_no_limit_of_age_is_an_empty_field(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(manager_refund_days=30)
    assert sign_in(anna).post(page(), business_form(manager_refund_days="")).status_code == 302
    assert HouseRules.objects.get().manager_refund_days is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"desk_refund_hours": ""}, "desk_refund_hours"),
        ({"desk_refund_hours": "-1"}, "desk_refund_hours"),
        ({"desk_refund_hours": "99999999999"}, "desk_refund_hours"),
        ({"manager_refund_days": "a week"}, "manager_refund_days"),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(
    gym: Gym, anna: Staff, sign_in: SignIn, said: dict[str, str], field: str
) -> None:
    before = HouseRules.objects.values().get()
    assert list(errors(sign_in(anna).post(page(), business_form(**said)))) == [field]
    assert HouseRules.objects.values().get() == before


def test_the_form_holds_what_is_stored_with_help_for_each(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(earns_before_discounts=True, gift_cards_earn=False, desk_refund_hours=12)
    form: Any = sign_in(anna).get(page()).context["adminform"].form
    names = (
        "earns_before_discounts",
        "gift_cards_earn",
        "memberships_earn",
        "desk_refund_hours",
        "manager_refund_days",
    )
    assert [form[name].value() for name in names] == [True, False, True, 12, None]
    assert all(form.fields[name].help_text for name in names)


def test_an_auditor_reads_them(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(desk_refund_hours=36)
    text = sign_in(olga).get(page()).content.decode()
    assert ">36<" in text.replace("\n", "").replace(" ", "")
    assert "desk_refund_hours" not in text


def test_a_change_is_told_on_the_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.post(page(), business_form(gift_cards_earn="on", memberships_earn="on", allow_debt="on"))
    browser.post(page(), business_form(gift_cards_earn="on", allow_debt="on"))
    assert browser.get(page()).context["changes"][0].told == ["selling a membership earns: yes → no"]
