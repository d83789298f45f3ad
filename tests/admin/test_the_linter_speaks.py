"""What the linter finds is told when a program is saved, and on the first page, with links to the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.models import Business, Staff
from loyalty.models import BonusProgram, CashbackProgram, HouseRules, PromoCode, Segment, TrialProgram
from referrals.models import ReferralProgram
from tests.admin.conftest import Gym, SignIn
from tests.admin.test_a_program_is_changed_on_its_page import BONUS, business_form
from tests.admin.test_a_program_says_what_it_does import form_of

PAST = timezone.localdate() - timedelta(days=2)


def warnings(answer: Any) -> list[str]:
    assert answer.status_code == 302
    return [str(one) for one in get_messages(answer.wsgi_request) if one.level_tag == "warning"]


def notices(page: Any) -> list[tuple[str, str, bool]]:
    return [(notice.text, notice.link, notice.grave) for notice in page.context["notices"]]


# --- on saving --------------------------------------------------------------------------------------------------------


def test_a_new_program_is_told_what_is_wrong_with_it(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    form = BONUS | {"trigger": "registration", "amount": "10", "limit_percent": "0"}
    assert warnings(sign_in(anna).post(reverse("admin:loyalty_bonusprogram_add"), form)) == [
        "The bonuses of “Gift” pay at most 0\N{NO-BREAK SPACE}% of a check: nobody can ever use them. Raise the limit."
    ]
    assert BonusProgram.objects.filter(name="Gift").exists()


def test_a_program_without_fault_is_told_nothing(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    TrialProgram.objects.update(percent=0)  # another one's fault
    form = BONUS | {"trigger": "registration", "amount": "10"}
    assert warnings(sign_in(anna).post(reverse("admin:loyalty_bonusprogram_add"), form)) == []


def test_a_changed_program_is_told_whichever_button_saves_it(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = BonusProgram.objects.create(code="gift", name="Gift", trigger="registration", amount=100)
    page = reverse("admin:loyalty_bonusprogram_change", args=[program.pk])
    form = BONUS | {"trigger": "registration", "amount": "10", "to_day": PAST.isoformat()}
    for button in ({}, {"_continue": "1"}):
        (said,) = warnings(sign_in(anna).post(page, form | button))
        assert said.startswith("“Gift” ended on ")


def test_the_referral_program_tells_its_own(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = ReferralProgram.objects.get()
    page = reverse("admin:referrals_referralprogram_change", args=[program.pk])
    (said,) = warnings(sign_in(anna).post(page, form_of(program, to_day=PAST.isoformat())))
    assert said.startswith("“Referral program” ended on ")


def test_a_segment_and_the_house_are_told_too(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    tier = Segment.objects.create(code="gold", name="Gold", tier="Old Gold")
    page = reverse("admin:loyalty_segment_change", args=[tier.pk])
    (said,) = warnings(browser.post(page, {"name": "Gold", "enabled": "on", "tier": "Old Gold"}))
    assert said.startswith("The segment “Gold” asks for the tier “Old Gold”, but no cashback program")
    page = reverse("admin:clients_business_change", args=[Business.ONLY])
    (said,) = warnings(sign_in(anna).post(page, business_form(bonus_limit_percent="0")))
    assert said.startswith("Bonuses pay at most 0\N{NO-BREAK SPACE}% of a check, whatever the program")


# --- on the first page ------------------------------------------------------------------------------------------------


def test_the_first_page_leads_to_what_is_to_be_looked_at(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    ReferralProgram.objects.update(to_day=PAST)
    CashbackProgram.objects.update(limit_percent=0)
    HouseRules.objects.update(bonus_limit_percent=0)
    found = notices(sign_in(anna).get(reverse("admin:index")))
    cashback = reverse("admin:loyalty_cashbackprogram_change", args=[CashbackProgram.objects.get().pk])
    by_link = {link: (text, grave) for text, link, grave in found if link}
    assert by_link[reverse("admin:clients_business_changelist")][1]
    assert by_link[cashback] == (
        (
            "The bonuses of “Cumulative cashback” pay at most 0\N{NO-BREAK SPACE}% of a check: nobody can ever use "
            "them. Raise the limit."
        ),
        True,
    )
    text, grave = by_link[reverse("admin:referrals_referralprogram_changelist")]
    assert (text.startswith("“Referral program” ended on "), grave) == (True, False)
    assert [grave for _text, _link, grave in found] == sorted((grave for _t, _l, grave in found), reverse=True)


def test_at_most_ten_are_told_the_grave_ones_first(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    for n in range(12):
        BonusProgram.objects.create(code=f"past{n}", name="Past", trigger="registration", amount=1, to_day=PAST)
    for n in range(3):
        BonusProgram.objects.create(code=f"none{n}", name="None", trigger="registration", amount=1, limit_percent=0)
    found = [text for text, _link, _grave in notices(sign_in(anna).get(reverse("admin:index")))]
    assert sum("“None” pay at most" in text for text in found) == 3
    assert sum("“Past” ended on" in text for text in found) == 7


def test_settings_are_told_to_those_who_see_them(gym: Gym, mike: Staff, olga: Staff, sign_in: SignIn) -> None:
    CashbackProgram.objects.update(limit_percent=0)
    told = [
        any("pay at most 0" in text for text, _link, _grave in notices(sign_in(one).get(reverse("admin:index"))))
        for one in (mike, olga)
    ]
    assert told == [False, True]


def test_a_finding_without_a_page_is_told_without_a_link(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    PromoCode.objects.create(code="SPRING", name="Spring", percent=0)
    found = notices(sign_in(anna).get(reverse("admin:index")))
    assert any(text.startswith("SPRING gives 0") for text, _link, _grave in found)


def test_the_first_page_asks_no_more_for_more_programs(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.get(reverse("admin:index"))
    counts = []
    for n in range(2):
        for m in range(5 * n):
            PromoCode.objects.create(code=f"C{n}{m}", name="Code", percent=10, combinable=True)
            BonusProgram.objects.create(code=f"b{n}{m}", name="B", trigger="registration", amount=1, limit_percent=0)
        browser.get(reverse("admin:index"))  # the settings are read once
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("admin:index"))
        counts.append(len(queries))
    assert counts[1] == counts[0]
