"""The main path of the desk, with the figures of `domain.md` section 4: register, quote, pay, receipt, refund."""

from __future__ import annotations

from clients.models import Client, Staff
from loyalty.models import Refund, Visit
from loyalty.money import Money
from loyalty.wallet import wallet
from tests import factories
from tests.desk.screen import Screen, signed_in


def balance(client: Client) -> Money:
    return wallet(client, now=factories.NOW).balance


def paid_training(desk: Screen, client: Client) -> Visit:
    desk.open(client)
    desk.add("service:personal")
    desk.press(redeem="30.00")
    desk.pay()
    return Visit.objects.get(client=client)


def test_the_whole_way_from_the_code_to_the_refund(desk: Screen, mara: Staff, alice: Client) -> None:
    desk.open()
    code = alice.referral_code.code
    desk.press("/desk/register/", register_key="k" * 32, first_name="Bob", phone="+12125550109", referrer=code)
    bob = Client.objects.get(phone="+12125550109")
    assert "100.00 bonuses" in desk.text
    assert "brought by A. Ivanova" in desk.text

    desk.add("service:personal")
    assert "at most 30.00 (50 %)" in desk.text
    desk.press(redeem="30.00")
    assert "To pay $30.00" in desk.text
    assert "Earns 0.90 Referrer 1.50" in desk.text

    answer = desk.pay("card")
    visit = Visit.objects.get()
    assert answer.headers["HX-Redirect"] == f"/desk/visits/{visit.pk}/"
    assert (visit.bonus_total, visit.to_pay, visit.earned_total) == (Money(3000), Money(3000), Money(90))
    assert [(p.method, p.amount) for p in visit.payments.all()] == [("card", Money(3000))]
    assert (visit.by, visit.client) == ("staff:vera", bob)
    assert (balance(bob), balance(alice)) == (Money(7090), Money(150))

    receipt = desk.read(f"/desk/visits/{visit.pk}/")
    assert "Bonuses −30.00 Paid $30.00 Bank card 30.00" in receipt
    assert "Earned: Cumulative cashback, 3 % 0.90" in receipt
    assert "To Alice Ivanova, who brought this client, 5 % 1.50" in receipt
    assert "Cumulative cashback, Start: 3 % of 30.00, 0.90 bonuses." in receipt
    assert "<svg" in desk.html

    manager = signed_in(mara)
    manager.browser.post(f"/desk/visits/{visit.pk}/refund/", REFUND | {"whole": "1", "confirm": "1"})
    assert (balance(bob), balance(alice)) == (Money(10000), Money(0))
    assert "Money back $30.00 Bank card 30.00 Bonuses returned to the client 30.00" in manager.read(
        f"/desk/visits/{visit.pk}/"
    )


REFUND = {"refund_key": "r" * 32, "reason": "The trainer fell ill"}


def test_a_refund_shows_its_figures_before_it_is_done(desk: Screen, manager: Screen, boris: Client) -> None:
    visit = paid_training(desk, boris)
    answer = manager.browser.post(f"/desk/visits/{visit.pk}/refund/", REFUND | {"whole": "1"})
    manager.shown(answer)
    assert "This refund comes to Money back $30.00" in manager.text
    assert "Bonuses returned to the client 30.00 Earned bonuses taken back −0.90" in manager.text
    assert not Refund.objects.exists()
    assert balance(boris) == Money(7090)


def test_a_refund_that_is_sent_twice_is_done_once(desk: Screen, manager: Screen, boris: Client) -> None:
    visit = paid_training(desk, boris)
    for _time in range(2):
        answer = manager.browser.post(f"/desk/visits/{visit.pk}/refund/", REFUND | {"units-1": "1", "confirm": "1"})
        assert answer.status_code == 302
    assert Refund.objects.count() == 1
    assert balance(boris) == Money(10000)


def test_units_come_back_one_by_one(desk: Screen, manager: Screen, alice: Client) -> None:
    desk.open(alice)
    desk.add("service:towel")
    desk.press(**{"quantity-0": "3"})
    desk.pay()
    visit = Visit.objects.get()
    path = f"/desk/visits/{visit.pk}/refund/"
    manager.browser.post(path, REFUND | {"units-1": "1", "confirm": "1"})
    assert Refund.objects.get().money == Money(300)
    manager.shown(manager.browser.post(path, REFUND | {"refund_key": "s" * 32, "units-1": "3", "confirm": "1"}))
    assert "2 of Towel are left to refund." in manager.text
    assert Refund.objects.count() == 1


def test_a_refund_without_a_reason_is_not_done(desk: Screen, manager: Screen, boris: Client) -> None:
    visit = paid_training(desk, boris)
    for reason in ("", "x" * 251, "two\x00words"):
        answer = manager.browser.post(
            f"/desk/visits/{visit.pk}/refund/", {"whole": "1", "confirm": "1", "reason": reason}
        )
        assert answer.status_code == 422
    assert not Refund.objects.exists()


def test_the_front_desk_is_told_who_refunds(desk: Screen, boris: Client) -> None:
    visit = paid_training(desk, boris)
    assert "A manager refunds it from this page." in desk.read(f"/desk/visits/{visit.pk}/")
    answer = desk.browser.post(f"/desk/visits/{visit.pk}/refund/", REFUND | {"whole": "1", "confirm": "1"})
    assert answer.status_code == 403
    assert not Refund.objects.exists()
