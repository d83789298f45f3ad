"""The page of bonus programs: for whom, where, how much in all, with which letter; what was given of the budget."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clients.models import LetterTemplate, Staff
from loyalty.models import BonusProgram, Budget, TrialProgram
from loyalty.money import Money
from tests import factories
from tests.admin.conftest import Gym, SignIn

BONUS = {"name": "Review", "enabled": "on", "limit_percent": "100", "min_check": "0", "pending_days": "0"}
BONUS |= {"days_before": "0", "registered_days": "0", "priority": "100", "trigger": "action", "amount": "5.00"}


@pytest.fixture
def letter(gym: Gym) -> LetterTemplate:
    return LetterTemplate.objects.create(code="thanks", name="Thanks", short_en="{amount} for you")


def page(program: BonusProgram) -> str:
    return reverse("admin:loyalty_bonusprogram_change", args=[program.pk])


def test_everything_is_asked_on_one_page(gym: Gym, anna: Staff, sign_in: SignIn, letter: LetterTemplate) -> None:
    segment = factories.SegmentFactory()
    more = {"segment": str(segment.pk), "locations": ["main"], "budget": "50.00", "letter": str(letter.pk)}
    browser = sign_in(anna)
    answer = browser.post(reverse("admin:loyalty_bonusprogram_add"), {**BONUS, **more, "repeat_days": "30"})
    assert answer.status_code == 302
    program = BonusProgram.objects.get(code="review")
    assert (program.segment, program.locations, program.letter) == (segment, ["main"], letter)
    assert (program.budget, program.repeat_days, Budget.objects.get().limit) == (5000, 30, 5000)
    said = browser.get(page(program)).context["effect"].sentences
    assert said[:4] == [
        "When staff or a till confirm “Review”, the client gets 5.00 bonuses.",
        "Again after 30 days at the earliest.",
        "Only clients of the segment “Regulars” get it.",
        "Only at “Main hall”.",
    ]
    assert "It gives at most 50.00 in all, then it stops." in said
    assert "Whoever gets it is written the letter “Thanks”." in said


def test_nothing_is_given_further_ahead_than_the_setup_takes(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    said = {**BONUS, "trigger": "birthday", "days_before": "181"}
    answer = sign_in(anna).post(reverse("admin:loyalty_bonusprogram_add"), said)
    errors = answer.context["adminform"].form.errors
    assert {name: list(found) for name, found in errors.items()} == {
        "days_before": ["Ensure this value is less than or equal to 180."]
    }


def test_the_page_says_what_was_given_of_the_budget(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    week = factories.BonusProgramFactory(
        code="week", name="Week", trigger="campaign", amount=Money(300), budget=Money(500000)
    )
    for _check in range(2):
        gym.till.sell("session", client=gym.boris, memberships=[])
    now = sign_in(anna).get(page(week)).context["effect"].now
    assert now == "Given 2 times so far: 6.00. Of its budget: 6.00 of 5,000.00."


def test_a_reader_sees_names_and_only_what_the_occasion_uses(
    gym: Gym, olga: Staff, sign_in: SignIn, letter: LetterTemplate
) -> None:
    program = factories.BonusProgramFactory(
        code="review", trigger="action", locations=["main"], budget=Money(500000), letter=letter
    )
    html = sign_in(olga).get(page(program)).content.decode()
    assert "Main hall" in html
    assert "5,000.00" in html
    assert "Thanks" in html
    assert "which personal date" not in html


def test_what_changed_is_told_by_name(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    segment = factories.SegmentFactory()
    program = factories.BonusProgramFactory(code="review", name="Review", trigger="action", amount=Money(500))
    browser = sign_in(anna)
    browser.post(page(program), {**BONUS, "segment": str(segment.pk), "locations": ["main"], "budget": "50"})
    told = ", ".join(browser.get(page(program)).context["changes"][0].told)
    assert "Regulars" in told
    assert "Main hall" in told
    assert "50.00" in told


def test_a_budget_below_a_single_gift_is_pointed_out(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post(reverse("admin:loyalty_bonusprogram_add"), {**BONUS, "budget": "4"}, follow=True)
    assert "it never acts. Raise the budget." in answer.content.decode()


def test_a_trial_may_be_for_a_segment(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    segment = factories.SegmentFactory()
    trial = TrialProgram.objects.first() or factories.TrialFactory()
    trial.segment = segment
    trial.save()
    address = reverse("admin:loyalty_trialprogram_change", args=[trial.pk])
    assert "Only newcomers of the segment “Regulars” get it." in sign_in(anna).get(address).context["effect"].sentences


def test_the_list_asks_the_same_for_many(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    from tests.till import statements

    browser = sign_in(anna)
    address = reverse("admin:loyalty_bonusprogram_changelist")
    factories.BonusProgramFactory(code="one", trigger="action", segment=factories.SegmentFactory())
    browser.get(address)
    one = len(statements(lambda: browser.get(address)))
    for n in range(5):
        factories.BonusProgramFactory(code=f"more{n}", trigger="action", segment=factories.SegmentFactory())
    assert len(statements(lambda: browser.get(address))) == one
