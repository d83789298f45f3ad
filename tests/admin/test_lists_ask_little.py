"""Queries of a list do not grow with its rows; a client's page does not grow with the history."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.letters import Letter, write
from clients.models import Gateway, LetterTemplate, Location, Staff
from giftcards.models import Denomination, GiftCardType
from loyalty.models import (
    ApiKey,
    BonusProgram,
    CashbackProgram,
    CashbackTier,
    Chain,
    ChainRun,
    ChainStep,
    Closure,
    CodeBatch,
    Discount,
    DiscountStep,
    GiftProgram,
    IssuedCode,
    Mailing,
    NightRun,
    Prize,
    PrizeClaim,
    PromoCode,
    PromoUse,
    Segment,
    Service,
    StampProgram,
    TrialProgram,
    TrialService,
)
from loyalty.registration import register
from memberships.models import Plan, PlanService
from tests.admin.conftest import ANNA, Gym, SignIn, person

LABELS = sorted(model._meta.label_lower for model in admin.site._registry)
SOLE = {"clients.business", "clients.letterrules", "referrals.referralprogram", "loyalty.rfmscale"}
MOST = 20


def asked(browser: Browser, url: str) -> int:
    browser.get(url)  # content types and the like are remembered after the first time
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def more_of_everything(gym: Gym) -> None:
    """A few more rows of each kind."""
    session = Service.objects.get(code="session")
    for n in range(4):
        client = register(details={"first_name": f"Client {n}"}, by=ANNA, now=timezone.now())
        gym.till.sell("2 x personal", "towel", client=client)
        gym.till.sell({"gift_card_type": "gift", "amount": "20.00"}, client=client)
        gym.till.sell({"membership_plan": "ten"}, client=client)
        gym.till.refund(gym.till.sell("personal", client=client), (1, 1))
        code = f"more-{n}"
        place = Location.objects.create(code=code, name=code)
        person(code, "manager", locations=[place])
        ApiKey.objects.create(name=code, key_hash=code).locations.add(place)
        letter = LetterTemplate.objects.create(code=code, name=code, subject_en="A", body_en="B")
        Gateway.objects.create(name=code, url="json://example.com/{phone}")
        write([Letter(f"test:{n}", client.pk, letter.pk, "test", "email")], now=timezone.now())
        Service.objects.create(code=code, name=code, price=100)
        BonusProgram.objects.create(code=code, name=code, trigger="registration", amount=100)
        Segment.objects.create(code=code, name=code, visits_min=5, location=place)
        ladder = Discount.objects.create(code=code, name=code, kind="cumulative", client=client, services=["session"])
        DiscountStep.objects.create(discount=ladder, from_spent=100, percent=3)
        promo_code_in_use(gym, code)
        what_came_with_time(gym, code, place, letter)
        CashbackTier.objects.create(
            program=CashbackProgram.objects.create(code=code, name=code), name=code, from_spent=0, percent=3
        )
        TrialService.objects.create(trial=TrialProgram.objects.create(code=code, name=code), service=session)
        Denomination.objects.create(type=GiftCardType.objects.create(code=code, name=code), amount=100)
        PlanService.objects.create(plan=Plan.objects.create(code=code, name=code, sessions=1, price=1), service=session)


def what_came_with_time(gym: Gym, code: str, place: Location, letter: LetterTemplate) -> None:
    """Stamps, gifts, prizes, mailings, chains, closures, nights."""
    now, segment = timezone.now(), Segment.objects.get(code=code)
    service = Service.objects.get(code=code)
    StampProgram.objects.create(code=code, name=code, needed=3, services=[code], segment=segment, locations=[code])
    GiftProgram.objects.create(code=f"gift-{code}", name=code, when="check", from_sum=1, service=service)
    GiftProgram.objects.create(code=f"card-{code}", name=code, when="total", from_sum=1, good="gift", amount=100)
    prize = Prize.objects.create(code=code, name=code, price=100, stock=5, service=service, segment=segment)
    PrizeClaim.objects.create(operation=code, prize=prize, client=gym.boris, price=100, location=place, by="staff:anna")
    Mailing.objects.create(name=code, template=letter, segment=segment, by="staff:anna")
    chain = Chain.objects.create(code=code, name=code, begins="visited", segment=segment)
    ChainStep.objects.create(chain=chain, number=1, action="letter", template=letter)
    ChainRun.objects.create(operation=code, chain=chain, client=gym.boris, step=1, next_at=now, begun_at=now)
    Closure.objects.create(operation=code, location=place, from_day=now.date(), days=1, reason=code, by="staff:anna")
    NightRun.objects.create(task="loyalty.expire_lots", day=now.date(), started_at=now, took_ms=1)


def promo_code_in_use(gym: Gym, code: str) -> PromoCode:
    """Unique codes, one of them for Boris and used."""
    promo: PromoCode = PromoCode.objects.create(code=code, name=code, percent=5, is_batch=True, client=gym.boris)
    batch = CodeBatch.objects.create(promo=promo, wanted=1, made=1, by="staff:anna")
    issued = IssuedCode.objects.create(promo=promo, batch=batch, code=f"{code}-1", limit=1, used=1)
    PromoUse.objects.create(promo=promo, issued=issued, visit=gym.visit, client=gym.boris)
    return promo


@pytest.mark.parametrize("label", [label for label in LABELS if label not in SOLE])
def test_a_list(gym: Gym, anna: Staff, sign_in: SignIn, label: str) -> None:
    browser, url = sign_in(anna), reverse(f"admin:{label.replace('.', '_')}_changelist")
    BonusProgram.objects.create(code="one", name="One", trigger="registration", amount=100)
    promo_code_in_use(gym, "one")
    Segment.objects.create(code="towel", name="One", visits_min=5)
    letter = LetterTemplate.objects.create(code="one", name="One", subject_en="A", body_en="B")
    what_came_with_time(gym, "towel", gym.main, letter)
    few = asked(browser, url)
    more_of_everything(gym)
    assert asked(browser, url) == few <= MOST


def test_a_search_for_clients(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, url = sign_in(anna), reverse("admin:clients_client_changelist")
    card = gym.boris.cards.get().number
    for term in ("212 555 0102", "+12125550102", "petr", "BORIS", card):
        page = browser.get(url, {"q": term})
        assert [client.pk for client in page.context["cl"].result_list] == [gym.boris.pk], term
    more_of_everything(gym)
    assert asked(browser, f"{url}?q=client") <= MOST


def test_a_clients_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, url = sign_in(anna), reverse("admin:clients_client_change", args=[gym.boris.pk])
    few = asked(browser, url)
    for _time in range(8):
        gym.till.sell("personal", client=gym.boris)
    gym.till.sell({"gift_card_type": "gift", "amount": "20.00"}, client=gym.boris)
    gym.till.sell({"membership_plan": "ten"}, client=gym.boris)
    assert asked(browser, url) == few <= 60


def test_a_visits_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    few = asked(browser, reverse("admin:loyalty_visit_change", args=[gym.visit.pk]))
    visit = gym.till.sell(*["personal", "session", "towel"] * 5, client=gym.boris).visit
    assert asked(browser, reverse("admin:loyalty_visit_change", args=[visit.pk])) <= few + 1
