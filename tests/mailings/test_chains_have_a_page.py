"""The page of a chain: what its steps do in words, where people are, what happened to each, one stopped by hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.models import LetterTemplate, Staff
from loyalty.chains import begin_due, go_on
from loyalty.models import BonusProgram, Chain, ChainRun, ChainStep
from loyalty.money import Money
from tests import factories
from tests.admin.conftest import Gym, SignIn, anna, gym, mike, olga, sign_in, vera
from tests.mailings.conftest import Template
from tests.till import statements

__all__ = ["anna", "gym", "mike", "olga", "sign_in", "vera"]

ADD = "/admin/loyalty/chain/add/"
SUBMIT = {"_form_submitted": "True"}


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


@pytest.fixture
def letter(template: Template) -> LetterTemplate:
    return template("ending")


@pytest.fixture
def thanks(gym: Gym) -> BonusProgram:
    program: BonusProgram = factories.BonusProgramFactory(code="thanks", name="Thanks", trigger="action")
    return program


def form(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": "Bonuses end",
        "enabled": "on",
        "begins": "lot_ends",
        "days": "7",
        "stop_when_visited": "on",
        "stop_when_spent": "on",
        "code": "",
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": sum("id" in step for step in steps),
    }
    for index, step in enumerate(steps):
        plain = {"after_days": 0, "after_hours": 0, "condition": "always", "channel": "email"}
        said |= {f"steps-{index}-{key}": value for key, value in {**plain, **step}.items()}
    return {**said, **more}


def page(chain: Chain) -> str:
    return reverse("admin:loyalty_chain_change", args=[chain.pk])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def errors(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    (formset,) = answer.context["inline_admin_formsets"]
    return [dict(one) for one in formset.formset.errors]


def saved(browser: Browser, *steps: dict[str, Any], **more: Any) -> Chain:
    answer = browser.post(ADD, form(*steps, **more))
    assert answer.status_code == 302, (errors(answer), answer.context["adminform"].form.errors)
    return Chain.objects.latest("pk")


def numbers(chain: Chain) -> list[int]:
    return list(chain.steps.filter(enabled=True).order_by("number").values_list("number", flat=True))


def test_a_chain_is_made_and_says_what_it_does(browser: Browser, letter: LetterTemplate, thanks: BonusProgram) -> None:
    sms = {"action": "letter", "template": letter.pk, "channel": "sms", "after_days": 4, "condition": "not_spent"}
    bonus = {"action": "bonus", "program": thanks.pk, "after_days": 1, "after_hours": 12, "condition": "not_visited"}
    chain = saved(browser, {"action": "letter", "template": letter.pk}, {**sms, "otherwise": 3}, bonus, min_amount="10")

    assert (chain.code, chain.min_amount, numbers(chain)) == ("bonuses-end", Money(1000), [1, 2, 3])
    seen = text(browser.get(page(chain)))
    for sentence in (
        "It begins when at least 10.00 bonuses end in 7 days.",
        "1. At once: the letter “Ending” by e-mail.",
        "2. After 4 days, if the bonuses were not spent: the letter “Ending” by SMS. Else step 3.",
        "3. After 1 day and 12 hours, if the client has not been here since: the bonuses of “Thanks”.",
        "It stops as soon as the client has been here, or has spent the bonuses.",
        "Nobody yet.",
    ):
        assert sentence in seen


@pytest.mark.parametrize(
    ("step", "field", "words"),
    [
        ({"action": "wait", "then": 1}, "then", "Name a later step: a chain never goes back."),
        ({"action": "wait", "then": 2}, "then", "Name a later step: a chain never goes back."),
        ({"action": "wait", "then": 9}, "then", "There is no step 9."),
        ({"action": "wait", "condition": "visited", "otherwise": 1}, "otherwise", "Name a later step"),
        ({"action": "letter"}, "template", "Say which letter."),
        ({"action": "bonus"}, "program", "Say which bonuses."),
        ({"action": "wait", "condition": "in_segment"}, "segment", "Say which segment."),
        ({"action": "wait", "number": 1}, "number", "Another step has this number."),
        ({"action": "wait", "number": 0}, "number", "From 1 to 1000."),
    ],
)
def test_a_contradiction_is_said_where_it_stands(
    browser: Browser, step: dict[str, Any], field: str, words: str
) -> None:
    found = errors(browser.post(ADD, form({"action": "wait", "number": 1}, step)))

    assert found[1][field][0].startswith(words)
    assert not Chain.objects.exists()


def test_a_program_with_an_occasion_of_its_own_is_not_offered(browser: Browser) -> None:
    welcome = factories.BonusProgramFactory(code="hello", name="Hello")

    assert "program" in errors(browser.post(ADD, form({"action": "bonus", "program": welcome.pk})))[0]


def test_what_another_occasion_left_behind_is_let_go(browser: Browser) -> None:
    chain = saved(browser, {"action": "wait"}, begins="registered", min_amount="10")

    assert (chain.days, chain.min_amount, chain.stop_when_spent) == (0, None, False)
    answer: Any = browser.post(ADD, form({"action": "wait"}, begins="absent", days="0"))
    assert answer.context["adminform"].form.errors == {"days": ["At least 1: days without a visit."]}


def test_a_step_is_taken_away_and_two_swap_their_numbers(browser: Browser) -> None:
    chain = saved(browser, {"action": "wait"}, {"action": "wait", "after_days": 5}, {"action": "stop"})
    one, two, three = chain.steps.order_by("number")
    same = {"action": "wait", "chain": chain.pk}
    answer = browser.post(
        page(chain),
        form(
            {**same, "id": one.pk, "number": 2},
            {**same, "id": two.pk, "number": 1, "after_days": 5},
            {**same, "id": three.pk, "number": 3, "action": "stop", "DELETE": "on"},
        ),
    )
    assert answer.status_code == 302
    assert list(chain.steps.filter(enabled=True).values_list("number", "pk")) == [(1, two.pk), (2, one.pk)]
    assert ChainStep.objects.get(pk=three.pk).enabled is False


def test_each_step_shows_its_own_values(browser: Browser) -> None:
    """unfold's conditions go by the name of a field: bound to one, all steps would show those of the first."""
    chain = saved(browser, {"action": "wait"}, {"action": "wait", "after_days": 5})
    seen = text(browser.get(page(chain)))

    (box,) = re.findall(r'<input[^>]* name="steps-1-after_days"[^>]*>', seen)
    assert 'value="5"' in box
    assert "x-model" not in box


@pytest.fixture
def begun(gym: Gym, letter: LetterTemplate) -> Chain:
    """Everybody who joined is on the way, a day before the second step."""
    chain: Chain = Chain.objects.create(code="hello", name="Hello", begins="registered", stop_when_visited=False)
    chain.steps.create(number=1, action="letter", template=letter)
    chain.steps.create(number=2, action="stop", after_days=1)
    now = timezone.now()
    begin_due(day=gym.till.today, now=now)
    go_on(now=now)
    return chain


def test_the_page_tells_where_people_are(gym: Gym, browser: Browser, begun: Chain) -> None:
    seen = text(browser.get(page(begun)))
    assert f'chain__id__exact={begun.pk}&amp;state__exact=waiting&amp;step=2">2</a>' in seen

    go_on(now=timezone.now() + timedelta(days=2))
    assert "Stopped: a step said so" in text(browser.get(page(begun)))
    assert "Hello" in text(browser.get("/admin/loyalty/chain/"))


def test_a_list_of_people_says_where_they_are_and_when_they_go_on(gym: Gym, browser: Browser, begun: Chain) -> None:
    people = reverse("admin:loyalty_chainrun_changelist")
    seen = text(browser.get(people, {"chain__id__exact": str(begun.pk), "state__exact": "waiting", "step": "2"}))
    assert "Boris Petrov" in seen
    assert "waits for step 2" in seen
    assert "Boris Petrov" not in text(browser.get(people, {"step": "1"}))
    assert "Alice Ivanova" not in text(browser.get(people, {"q": "Petrov"}))


def test_what_happened_to_one_is_told_and_a_dialog_stops_it(gym: Gym, browser: Browser, begun: Chain) -> None:
    run = ChainRun.objects.get(client=gym.boris)
    own = reverse("admin:loyalty_chainrun_change", args=[run.pk])
    assert "a letter was written" in text(browser.get(own))

    stop = reverse("admin:loyalty_chainrun_stop", args=[run.pk])
    assert browser.get(stop).status_code == 200
    run.refresh_from_db()
    assert run.state == "waiting"
    assert browser.post(stop, SUBMIT).status_code == 302
    run.refresh_from_db()
    assert (run.state, run.reason) == ("stopped", "hand:anna")
    assert "It stopped: by hand: anna." in text(browser.get(own))


def test_who_may_not_change_chains_stops_nobody(
    gym: Gym, begun: Chain, mike: Staff, olga: Staff, sign_in: SignIn
) -> None:
    run = ChainRun.objects.get(client=gym.boris)
    for person in (mike, olga):
        stop = reverse("admin:loyalty_chainrun_stop", args=[run.pk])
        assert sign_in(person).post(stop, SUBMIT).status_code == 403
    run.refresh_from_db()
    assert run.state == "waiting"


def test_lists_ask_little(browser: Browser, begun: Chain, letter: LetterTemplate) -> None:
    def ask() -> int:
        return len(statements(lambda: browser.get("/admin/loyalty/chain/")))

    ask()
    few = ask()
    for number in range(10):
        more = Chain.objects.create(code=f"more-{number}", name=f"More {number}", begins="visited")
        more.steps.create(number=1, action="letter", template=letter)
    assert ask() == few
