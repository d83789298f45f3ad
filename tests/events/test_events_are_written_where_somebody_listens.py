"""What happens leaves an event in the same transaction, if a webhook listens to its name; else nothing is written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Client
from loyalty import events, wallet
from loyalty.expiry import expire_lots
from loyalty.models import Event
from loyalty.registration import register
from loyalty.rulebook import rulebook
from tests.till import VERA, Till, cents

OWNER = Actor.staff("anna")


def listen(*names: str) -> None:
    events.add(url="https://till.example/hook", events=names or events.NAMES, by=OWNER)


def told(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("facts", flat=True))


def test_nothing_is_written_while_nobody_listens(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    till.refund(till.sell("session", client=boris))
    assert not Event.objects.exists()


def test_a_check_and_its_refund(till: Till, boris: Client) -> None:
    listen()
    sold = till.sell("session", client=boris)
    (settled,) = told("visit.settled")
    assert settled == {
        "visit": str(sold.visit.pk),
        "client": str(boris.pk),
        "location": "main",
        "check_total": "20.00",
        "to_pay": "20.00",
    }
    refund = till.refund(sold)
    (back,) = told("visit.refunded")
    assert back == {
        "visit": str(sold.visit.pk),
        "refund": str(refund.pk),
        "client": str(boris.pk),
        "is_whole": True,
        "money": "20.00",
    }


def test_bonuses_that_pay_and_return(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    listen()
    basket = till.basket("session", client=boris, redeem="15")
    till.refund(till.settle(basket, cash=cents("5")))
    assert [(one["kind"], one["amount"], one["client"]) for one in told("bonus.spent")] == [
        ("spend", "15.00", str(boris.pk))
    ]
    assert [(one["kind"], one["amount"]) for one in told("bonus.granted")] == [("return", "15.00")]


def test_a_balance_that_is_changed_by_hand(till: Till, boris: Client, now: datetime) -> None:
    listen()
    till.account(boris)
    wallet.adjust(client=boris, amount=cents("7"), reason="sorry", by=VERA, now=now, key="one")
    wallet.adjust(client=boris, amount=cents("-2"), reason="oops", by=VERA, now=now, key="two")
    assert [one["amount"] for one in told("bonus.granted")] == ["7.00"]
    assert [(one["kind"], one["amount"]) for one in told("bonus.spent")] == [("adjust", "2.00")]


def test_bonuses_that_end(till: Till, boris: Client) -> None:
    listen("bonus.expired")
    till.give(boris, "30", last_day=till.today)
    till.give(boris, "40", last_day=till.today + timedelta(days=1))
    later = till.later(days=1)
    house = rulebook().house
    for _time in range(2):
        expire_lots(today=later.today, zone=house.zone, by=VERA, listens=house.listens)
    assert [(one["client"], one["amount"]) for one in told("bonus.expired")] == [(str(boris.pk), "30.00")]
    assert Event.objects.count() == 1


def test_a_client_who_joins(till: Till, now: datetime) -> None:
    listen("client.created")
    client = register(details={"first_name": "Alice"}, by=VERA, now=now)
    assert told("client.created") == [{"client": str(client.pk), "location": None}]


def test_a_check_that_is_refused_leaves_no_event(till: Till, boris: Client) -> None:
    listen()
    till.account(boris)
    with pytest.raises(Exception, match="payments come to"):
        till.settle(till.basket("session", client=boris), cash=1)
    assert not Event.objects.exists()
