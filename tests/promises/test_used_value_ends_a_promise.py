"""A promise holds no value back: what was really used elsewhere is gone, and then the present check is the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from giftcards.cards import block
from giftcards.models import GiftCardType
from loyalty.checkout import QuoteChanged, Settled
from loyalty.models import Entry, IssuedCode, Lot, PromoCode, PromoUse, Service, Visit
from loyalty.money import Money
from memberships.models import Plan
from tests import factories
from tests.conftest import Together
from tests.giftcards.conftest import Sold
from tests.memberships.conftest import buy
from tests.promises.conftest import Promised
from tests.till import Till, cents

ANNA = Actor.staff("anna")


def refusal_of(settle: Callable[[], Any]) -> Refusal:
    """Why it was refused; and nothing was written."""
    before = (Visit.objects.count(), Entry.objects.count())
    with pytest.raises(Refusal) as refused:
        settle()
    assert (Visit.objects.count(), Entry.objects.count()) == before
    return refused.value


@pytest.mark.django_db
def test_bonuses_that_were_spent_are_gone_also_when_the_price_has_changed(
    till: Till, boris: Client, promised: Promised
) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    till.sell("session", client=boris, redeem="15")
    Service.objects.update(price=Money(2500))
    refused = refusal_of(lambda: till.settle(basket, token=seen.token))
    assert isinstance(refused, QuoteChanged)
    assert refused.facts["quote"].bill.to_pay == cents("20")  # 25.00 less the 5.00 that are left


@pytest.mark.django_db
def test_an_amount_that_is_not_there_any_more_is_refused_as_such(till: Till, boris: Client, promised: Promised) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="20")
    seen = promised(basket)
    till.sell("session", client=boris, redeem="15")
    assert refusal_of(lambda: till.settle(basket, token=seen.token)).code == "insufficient_balance"


@pytest.mark.django_db
def test_bonuses_that_are_left_pay_as_promised(till: Till, boris: Client, promised: Promised) -> None:
    till.give(boris, "40")
    basket = till.basket("session", client=boris, redeem="20")
    seen = promised(basket)
    till.sell("session", client=boris, redeem="20")
    Service.objects.update(price=Money(2500))
    assert till.settle(basket, token=seen.token).visit.bonus_total == cents("20")


@pytest.mark.django_db
def test_a_gift_card_that_was_used_or_blocked_does_not_pay(till: Till, gift: GiftCardType, promised: Promised) -> None:
    used, blocked = Sold(till, "gift", "20"), Sold(till, "gift", "20")
    baskets = [till.basket("session", gift_cards=[card.code]) for card in (used, blocked)]
    tokens = [promised(basket).token for basket in baskets]
    till.sell("session", gift_cards=[used.code])
    block(blocked.card, reason="reported lost", by=ANNA, now=till.now)
    Service.objects.update(price=Money(2500))
    settles = [partial(till.settle, basket, token=token) for basket, token in zip(baskets, tokens, strict=True)]
    codes = [refusal_of(settle).code for settle in settles]
    assert codes == ["gift_card_empty", "gift_card_blocked"]


@pytest.mark.django_db
def test_a_card_that_was_used_in_part_shows_what_it_pays_now(
    till: Till, voucher: GiftCardType, promised: Promised
) -> None:
    card = Sold(till, "voucher", "50")
    basket = till.basket("personal", gift_cards=[card.code])
    seen = promised(basket)
    till.sell("session", gift_cards=[card.code])
    refused = refusal_of(lambda: till.settle(basket, cash=1000, token=seen.token))
    assert isinstance(refused, QuoteChanged)
    assert refused.facts["quote"].bill.gift_card_total == cents("30")


@pytest.mark.django_db
@pytest.mark.parametrize("named", [True, False])
def test_a_session_that_was_used_covers_nothing(
    till: Till, five: Plan, boris: Client, promised: Promised, *, named: bool
) -> None:
    _sold, membership = buy(till, boris, five)
    till.sell("4 x session", client=boris)
    basket = till.basket("session", client=boris, **({"memberships": [str(membership.pk)]} if named else {}))
    seen = promised(basket)
    till.sell("session", client=boris)
    code = refusal_of(lambda: till.settle(basket, token=seen.token)).code
    assert code == ("membership_not_applicable" if named else "quote_changed")


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["max_uses", "max_uses_per_client"])
def test_a_promo_code_that_was_used_up_counts_no_more(
    till: Till, boris: Client, promised: Promised, limit: str
) -> None:
    PromoCode.objects.create(code="ONCE", name="Once", percent=10, **{limit: 1})
    basket = till.basket("session", client=boris, promo_codes=["once"])
    seen = promised(basket)
    till.sell("session", client=boris, promo_codes=["once"])
    refused = refusal_of(lambda: till.settle(basket, cash=1800, token=seen.token))
    assert refused.code == "promo_code_used_up"
    assert (IssuedCode.objects.get().used, PromoUse.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_trial_that_was_taken_elsewhere_is_over(till: Till, boris: Client, promised: Promised) -> None:
    factories.TrialFactory()
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    till.sell("session", client=boris)
    refused = refusal_of(lambda: till.settle(basket, cash=1000, token=seen.token))
    assert isinstance(refused, QuoteChanged)
    assert refused.facts["quote"].bill.discount_total == 0


@pytest.mark.django_db
def test_who_asked_to_be_forgotten_since_buys_nothing(till: Till, boris: Client, promised: Promised) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    Client.objects.filter(pk=boris.pk).update(erased_at=till.now)
    assert refusal_of(lambda: till.settle(basket, cash=2000, token=seen.token)).code == "client_erased"


# --- at the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_were_promised_the_same_bonuses(
    till: Till, boris: Client, promised: Promised, together: Together
) -> None:
    """Both hold a promise, and the owner has raised the price: one is kept, and the bonuses are spent once."""
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="max")
    token = promised(basket).token
    Service.objects.update(price=Money(2500))
    answers = together(*[lambda n=n: till.settle(basket, key=f"till {n}", token=token) for n in range(2)])
    assert sorted(type(answer).__name__ for answer in answers) == ["QuoteChanged", "Settled"], answers
    assert (Visit.objects.count(), till.balance(boris)) == (1, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_were_promised_the_last_use_of_a_code(till: Till, promised: Promised, together: Together) -> None:
    spring = PromoCode.objects.create(code="SPRING", name="Spring", percent=10, max_uses=1)
    basket = till.basket("session", promo_codes=["spring"])
    token = promised(basket).token
    spring.enabled = False
    spring.save()
    answers = together(*[lambda n=n: till.settle(basket, cash=1800, key=f"till {n}", token=token) for n in range(2)])
    assert sorted(isinstance(answer, Settled) for answer in answers) == [False, True], answers
    assert (IssuedCode.objects.get().used, PromoUse.objects.count()) == (1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_while_one_keeps_its_promise_another_spends(
    till: Till, boris: Client, promised: Promised, together: Together
) -> None:
    """Without a promise, at the same moment: whoever comes second finds what the first has left."""
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="max")
    token = promised(basket).token
    answers = together(
        lambda: till.settle(basket, key="promised", token=token),
        lambda: till.settle(till.basket("session", client=boris, redeem="20"), key="spends"),
    )
    assert len([answer for answer in answers if isinstance(answer, Settled)]) == 1, answers
    assert (Visit.objects.count(), Lot.objects.get().remaining) == (1, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_tills_that_keep_the_same_settings_at_once_write_them_once(till: Till, together: Together) -> None:
    from loyalty.models import PromisedRules

    basket = till.basket("session")
    answers = together(*[lambda: till.promise(basket)] * 4)
    assert len({answer.token for answer in answers}) == 1, answers
    assert PromisedRules.objects.count() == 1
