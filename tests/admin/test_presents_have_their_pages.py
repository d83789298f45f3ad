"""The pages of stamps, gifts and prizes: what they store, say and refuse; what was taken is handed over in a dialog."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Staff
from loyalty import prizes
from loyalty.models import (
    BonusProgram,
    CashbackProgram,
    GiftProgram,
    Prize,
    PrizeClaim,
    PromoCode,
    Segment,
    Service,
    StampProgram,
)
from loyalty.money import Money
from tests.admin.conftest import Gym, SignIn
from tests.presents import factories as presents
from tests.till import VERA

STAMPS, GIFTS, PRIZES = (f"/admin/loyalty/{name}/" for name in ("stampprogram", "giftprogram", "prize"))
EMPTY: dict[str, dict[str, str]] = {
    STAMPS: {"name": "New", "enabled": "on", "kind": "stamps", "needed": "10", "priority": "100"},
    GIFTS: {
        "name": "New",
        "enabled": "on",
        "when": "check",
        "from_sum": "100",
        "pending_days": "0",
        "limit_percent": "100",
        "min_check": "0",
        "priority": "100",
    },
    PRIZES: {"name": "New", "enabled": "on", "price": "50", "priority": "100"},
}


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def saved(browser: Browser, page: str, **values: Any) -> None:
    answer = browser.post(f"{page}add/", {**EMPTY[page], **values})
    assert answer.status_code == 302, errors(answer)


def refused(browser: Browser, page: str, **values: Any) -> dict[str, list[str]]:
    return errors(browser.post(f"{page}add/", {**EMPTY[page], **values}))


def said(browser: Browser, page: str, **values: Any) -> list[str]:
    sentences: list[str] = browser.post(f"{page}effect/", {**EMPTY[page], **values}).json()["sentences"]
    return sentences


def test_stamps_are_stored_as_they_were_ticked(browser: Browser) -> None:
    segment = Segment.objects.create(code="regular", name="Regulars", visits_min=5)
    saved(
        browser,
        STAMPS,
        services=["session", "extras"],
        exclude=["towel"],
        free=["session"],
        locations=["riverside"],
        segment=segment.pk,
        stamp_days="365",
        free_days="90",
        per_amount="7",
    )
    row = StampProgram.objects.get()
    assert (row.services, row.exclude, row.free, row.locations) == (
        ["session", "extras"],
        ["towel"],
        ["session"],
        ["riverside"],
    )
    assert (row.code, row.needed, row.per_amount, row.segment) == ("new", 10, None, segment)
    page = browser.get(reverse("admin:loyalty_stampprogram_change", args=[row.pk])).content.decode()
    assert "Nobody has collected yet." in page


def test_stamps_say_what_they_do(browser: Browser) -> None:
    assert said(browser, STAMPS, services=["session"], free_days="90") == [
        "Each unit of “Training session” that is paid for gives a stamp.",
        "10 of them give a free one, at the next check.",
        "The free one can be used for 90 days.",
    ]
    assert said(browser, STAMPS, kind="miles", per_amount="10", free=["session"]) == [
        "Each 10.00 that a client pays gives a mile.",
        "10 of them give one unit of “Training session” for free, at the next check.",
        "Example: a check of 60.00 gives 6 of the 10.",
    ]


def test_what_contradicts_itself_is_said(browser: Browser) -> None:
    assert refused(browser, STAMPS, kind="miles") == {"per_amount": ["Say for which sum one is given."]}
    assert "needed" in refused(browser, STAMPS, needed="0")
    both = refused(browser, STAMPS, services=["session"], exclude=["session"])
    assert both == {"exclude": ["It is ticked above, too: “Training session”."]}
    session = str(Service.objects.get(code="session").pk)
    assert refused(browser, GIFTS) == {"service": ["Say what the gift is: a service, a gift card or bonuses."]}
    assert refused(browser, GIFTS, good="gift") == {"amount": ["Say how much is on the gift card."]}
    one = ["Only one gift: a service, a gift card or bonuses."]
    assert refused(browser, GIFTS, service=session, amount="5") == {"service": one}
    assert refused(browser, GIFTS, service=session, good="gift") == {"service": one}
    assert "good" in refused(browser, GIFTS, good="nothing", amount="5")
    assert "price" in refused(browser, PRIZES, price="0")
    assert not StampProgram.objects.exists()
    assert not GiftProgram.objects.exists()
    assert not Prize.objects.exists()


def test_gifts_are_stored_and_say_what_they_do(browser: Browser) -> None:
    session = Service.objects.get(code="session")
    saved(browser, GIFTS, service=session.pk, lifetime_days="30", once="on")
    saved(browser, GIFTS, name="Card", good="gift", amount="15", when="total", from_sum="500")
    first, second = GiftProgram.objects.order_by("pk")
    assert (first.service, first.amount, first.once, first.lifetime_days) == (session, None, True, 30)
    assert (second.service, second.good, second.amount) == (None, "gift", Money(1500))
    assert said(browser, GIFTS, service=session.pk, lifetime_days="30")[:3] == [
        "A client who pays 100.00 or more for the services of a check gets one unit of “Training session” for free.",
        "With every such check.",
        "It can be used for 30 days.",
    ]
    assert said(browser, GIFTS, good="gift", amount="15", when="total")[:2] == [
        "A client who has spent 100.00 in all gets a gift card “Gift card” with 15.00 on it.",
        "Once a client.",
    ]
    page = browser.get(reverse("admin:loyalty_giftprogram_change", args=[first.pk])).content.decode()
    assert "Not given to anybody yet." in page


def test_programs_that_give_bonuses_share_their_codes(browser: Browser) -> None:
    cashback = CashbackProgram.objects.get()
    said = {"code": [f"The program “{cashback.name}” has this code, and gives bonuses too."]}
    assert refused(browser, GIFTS, amount="5", code=cashback.code) == said
    saved(browser, GIFTS, amount="5", code="hundred")
    bonus = {"enabled": "on", "trigger": "registration", "amount": "5", "priority": "100", "repeat_days": ""}
    bonus |= {"pending_days": "0", "limit_percent": "100", "min_check": "0", "days_before": "0", "registered_days": "0"}
    answer = browser.post(reverse("admin:loyalty_bonusprogram_add"), {**bonus, "name": "B", "code": "hundred"})
    assert errors(answer) == {"code": ["The program “New” has this code, and gives bonuses too."]}
    answer = browser.post(reverse("admin:loyalty_bonusprogram_add"), {**bonus, "name": "Hundred"})
    assert answer.status_code == 302, errors(answer)
    assert BonusProgram.objects.latest("pk").code == "hundred-2"


def test_a_promo_code_with_bonuses_has_no_code_of_a_gift(browser: Browser) -> None:
    saved(browser, GIFTS, amount="5", code="hundred")
    PromoCode.objects.create(code="fifty", name="Fifty", bonus_amount=5000)
    PromoCode.objects.create(code="five", name="Five", percent=5)
    assert "code" in refused(browser, GIFTS, amount="5", code="fifty")
    saved(browser, GIFTS, amount="5", code="five")
    promo = {"code": "hundred", "name": "P", "bonus_amount": "5", "enabled": "on", "priority": "200", "min_check": "0"}
    promo |= {"bonus_limit_percent": "100", "bonus_min_check": "0", "bonus_pending_days": "0"}
    answer = browser.post(reverse("admin:loyalty_promocode_add"), promo)
    assert errors(answer) == {"code": ["The program “New” has this code, and gives bonuses too."]}


def test_prizes_are_stored_and_say_what_they_do(browser: Browser) -> None:
    saved(browser, PRIZES, stock="5", per_client="1", free_days="30", description="Blue.\nGreen.", by_client="on")
    row = Prize.objects.get()
    assert (row.price, row.stock, row.per_client, row.free_days, row.by_client) == (Money(5000), 5, 1, 30, True)
    assert said(browser, PRIZES, per_client="1", free_days="30", by_client="on") == [
        "For 50.00 bonuses a client gets “New”. It is handed over at the desk.",
        "It is kept for 30 days.",
        "At most 1 a client.",
        "Clients take it on their page, or at the desk.",
    ]
    page = browser.get(reverse("admin:loyalty_prize_change", args=[row.pk])).content.decode()
    assert "Taken so far: 0; to be handed over: 0; left: 5." in page
    assert "any number" not in browser.get(PRIZES).content.decode()


@pytest.mark.parametrize("page", [STAMPS, GIFTS, PRIZES])
def test_readers_read_and_the_desk_does_not(gym: Gym, page: str, olga: Staff, sign_in: SignIn) -> None:
    presents.StampProgramFactory(locations=["main"], free=["session"])
    presents.GiftProgramFactory(service=Service.objects.get(code="session"))
    presents.PrizeFactory()
    browser = sign_in(olga)
    assert browser.get(page).status_code == 200
    model = {STAMPS: StampProgram, GIFTS: GiftProgram, PRIZES: Prize}[page]
    row = model.objects.get()
    assert browser.get(f"{page}{row.pk}/change/").status_code == 200
    assert browser.get(f"{page}add/").status_code == 403


# --- what was taken ---


@pytest.fixture
def claim(gym: Gym) -> PrizeClaim:
    gym.till.give(gym.boris, "200")
    bottle = presents.PrizeFactory(stock=3)
    return prizes.claim(client=gym.boris, prize=bottle, by=VERA, now=gym.till.now, key="one")


def dialog(claim: PrizeClaim, name: str) -> str:
    return reverse(f"admin:loyalty_prizeclaim_{name}", args=[claim.pk])


def test_the_list_finds_it_by_number_and_by_client(browser: Browser, claim: PrizeClaim) -> None:
    for term in (f"P{claim.pk:05d}", "Petrov", "212 555 0102"):
        assert "Bottle" in browser.get("/admin/loyalty/prizeclaim/", {"q": term}).content.decode(), term
    assert browser.get("/admin/loyalty/prizeclaim/", {"q": "P99999"}).context["cl"].result_count == 0


def test_it_is_handed_over_in_a_dialog(browser: Browser, claim: PrizeClaim) -> None:
    assert browser.get(dialog(claim, "hand_over")).status_code == 200
    claim.refresh_from_db()
    assert claim.state == "waiting"
    browser.post(dialog(claim, "hand_over"), {"_form_submitted": "1"})
    claim.refresh_from_db()
    assert (claim.state, claim.closed_by) == ("handed_over", "staff:anna")
    again = browser.post(dialog(claim, "hand_over"), {"_form_submitted": "1"})
    assert "was handed over already." in again.content.decode()


def test_it_is_taken_back_with_a_reason(gym: Gym, browser: Browser, claim: PrizeClaim) -> None:
    before = gym.till.balance(gym.boris)
    browser.post(dialog(claim, "take_back"), {"_form_submitted": "1", "reason": ""})
    claim.refresh_from_db()
    assert claim.state == "waiting"
    browser.post(dialog(claim, "take_back"), {"_form_submitted": "1", "reason": "wrong colour"})
    claim.refresh_from_db()
    assert (claim.state, claim.reason) == ("cancelled", "wrong colour")
    assert gym.till.balance(gym.boris) == before + 5000


def test_only_who_may_hands_over(gym: Gym, claim: PrizeClaim, olga: Staff, sign_in: SignIn) -> None:
    browser = sign_in(olga)
    assert browser.get(f"/admin/loyalty/prizeclaim/{claim.pk}/change/").status_code == 200
    assert browser.post(dialog(claim, "hand_over"), {"_form_submitted": "1"}).status_code == 403
    claim.refresh_from_db()
    assert claim.state == "waiting"
