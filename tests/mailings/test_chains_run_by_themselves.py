"""Chains begin on their occasions, once each, and go on by themselves: in batches, late, side by side, after a kill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from clients.actors import Actor
from clients.models import Client, Message
from config.tasks import catch_up
from loyalty import chains, ledger, mailings
from loyalty.chains import go_on, going
from loyalty.chains.going import EndedAlready
from loyalty.expiry import expire_lots
from loyalty.house import load_house
from loyalty.ledger import Move
from loyalty.models import (
    BonusProgram,
    Budget,
    Chain,
    ChainEvent,
    ChainRun,
    Lot,
    Mailing,
    Standing,
)
from loyalty.money import Money
from loyalty.night import run_daily
from tests import factories
from tests.conftest import Together
from tests.mailings.chaining import LETTER, MONDAY, SMS, Made, begun, came, days, give, made, midnight, runs
from tests.mailings.conftest import Template, agreed, crowd
from tests.night.value import NEW_YORK, TASK, account_of
from tests.till import VERA, statements

__all__ = ["made"]

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


# --- the example: the lot ends in 7 days → letter; not spent in 4 days → SMS; visited → stop -------------------------


def test_the_lot_ends_letter_sms_stop_figure_by_figure(made: Made, boris: Client, alice: Client) -> None:
    chain = made(LETTER, SMS, days=7, stop_when_spent=True)
    carol = factories.ClientFactory(first_name="Carol")
    for client, amount in ((boris, 5000), (alice, 3000), (carol, 2000)):
        give(agreed(client), amount, until=date(2026, 3, 9))

    assert days(chain, date(2026, 2, 27), 4) == [  # Friday to Monday, seven days before the last
        "2026-03-02 Boris 1 letter",
        "2026-03-02 Alice 1 letter",
        "2026-03-02 Carol 1 letter",
    ]
    letters = Message.objects.order_by("pk")
    assert [letter.facts["amount"] for letter in letters] == ["50.00", "30.00", "20.00"]
    assert {(letter.channel, letter.occasion, letter.facts["last_day"]) for letter in letters} == {
        ("email", "chain:back", "9 March 2026")
    }

    came(boris, midnight(date(2026, 3, 4)))
    came(carol, midnight(date(2026, 3, 4)), back=True)  # came back wholly: counts for nothing
    assert days(chain, date(2026, 3, 3), 10) == [
        "2026-03-06 Boris 2 stop",
        "2026-03-06 Alice 2 letter",
        "2026-03-06 Carol 2 letter",
    ]
    assert runs() == [
        (f"chain:back:ends:2026-03-09:client:{boris.pk}", "stopped", "visited"),
        (f"chain:back:ends:2026-03-09:client:{alice.pk}", "done", ""),
        (f"chain:back:ends:2026-03-09:client:{carol.pk}", "done", ""),
    ]
    last = Message.objects.order_by("-pk")[:2]
    assert {(letter.client_id, letter.channel) for letter in last} == {(alice.pk, "sms"), (carol.pk, "sms")}
    assert {letter.useless_at for letter in Message.objects.all()} == {midnight(date(2026, 3, 10))}


def test_whoever_spent_them_is_left_in_peace(made: Made, boris: Client) -> None:
    chain = made(LETTER, SMS, days=7, stop_when_spent=True)
    lot = give(boris, 5000, until=date(2026, 3, 9))
    assert days(chain, MONDAY, 1) == ["2026-03-02 Boris 1 letter"]
    spent = Move("test:spend", lot.pk, lot.account_id, "spend", Money(-5000))  # type: ignore[arg-type]
    ledger.post([spent], at=midnight(date(2026, 3, 4)), by=VERA)

    assert days(chain, date(2026, 3, 3), 5) == ["2026-03-06 Boris 2 stop"]
    assert [reason for _operation, _state, reason in runs()] == ["spent"]


def test_what_ended_was_not_spent(made: Made, boris: Client) -> None:
    give(boris, 5000, until=date(2026, 3, 4))
    chain = made(LETTER, {**SMS, "condition": "always"}, {"action": "wait", "condition": "not_spent"}, days=7)
    days(chain, MONDAY, 1)
    expire_lots(today=date(2026, 3, 5), zone=NEW_YORK, by=TASK)

    assert days(chain, date(2026, 3, 3), 5) == ["2026-03-06 Boris 2 skipped", "2026-03-06 Boris 3 wait"]


# --- what steps do ---------------------------------------------------------------------------------------------------


@pytest.fixture
def thanks(business: object) -> BonusProgram:
    """30.00 for an action, for ten days."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="thanks", name="Thanks", trigger="action", amount=Money(3000), lifetime_days=10
    )
    return program


def test_bonuses_are_given_once_on_the_terms_of_their_program(made: Made, boris: Client, thanks: BonusProgram) -> None:
    chain = made({"action": "bonus", "program": thanks, "after_days": 1}, LETTER, begins="absent", days=10)
    account_of(boris)
    came(boris, midnight(date(2026, 2, 20)))

    assert days(chain, MONDAY, 5) == ["2026-03-03 Boris 1 bonus", "2026-03-03 Boris 2 letter"]
    lot = Lot.objects.get()
    assert (lot.amount, lot.program, lot.first_day, lot.last_day) == (
        3000,
        "thanks",
        date(2026, 3, 3),
        date(2026, 3, 13),
    )
    assert Message.objects.get().facts["amount"] == "30.00"
    run = ChainRun.objects.get()
    ChainRun.objects.update(state="waiting", step=1, next_at=run.begun_at)
    go_on(now=midnight(date(2026, 3, 9)))
    assert Lot.objects.count() == 1


def test_bonuses_that_come_late_live_no_longer(made: Made, boris: Client, thanks: BonusProgram) -> None:
    made({"action": "bonus", "program": thanks, "after_days": 1}, begins="absent", days=10)
    account_of(boris)
    came(boris, midnight(date(2026, 2, 20)))
    begun(MONDAY)
    go_on(now=midnight(date(2026, 3, 8)))

    assert Lot.objects.get().last_day == date(2026, 3, 13)


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"from_day": date(2026, 3, 4)}, {"to_day": date(2026, 3, 2)}],
    ids=["off", "not begun", "over"],
)
def test_a_program_that_does_not_run_gives_nothing(
    made: Made, boris: Client, thanks: BonusProgram, change: dict[str, Any]
) -> None:
    BonusProgram.objects.update(**change)
    chain = made({"action": "bonus", "program": thanks, "after_days": 1}, begins="absent", days=10)
    account_of(boris)
    came(boris, midnight(date(2026, 2, 20)))

    assert days(chain, MONDAY, 2) == ["2026-03-03 Boris 1 skipped"]
    assert Lot.objects.count() == 0


def test_a_budget_is_kept(made: Made, boris: Client, alice: Client, thanks: BonusProgram) -> None:
    BonusProgram.objects.update(budget=5000)
    Budget.objects.create(program=thanks, limit=Money(5000))
    chain = made({"action": "bonus", "program": thanks}, begins="absent", days=10)
    for client in (boris, alice):
        account_of(client)
        came(client, midnight(date(2026, 2, 20)))

    assert sorted(line[-7:] for line in days(chain, MONDAY, 1)) == ["1 bonus", "skipped"]
    assert Budget.objects.get().given == 3000


def test_conditions_are_asked_of_everybody_at_once(made: Made, boris: Client, alice: Client) -> None:
    regulars = factories.SegmentFactory()
    chain = made(
        {"action": "wait", "condition": "in_segment", "segment": regulars, "otherwise": 3},
        {"action": "wait", "condition": "has_email"},
        LETTER,
        begins="absent",
        days=10,
    )
    for client in (boris, alice):
        came(client, midnight(date(2026, 2, 20)))
    Standing.objects.filter(client=boris).update(visits=5)
    agreed(boris, "email")

    assert sorted(days(chain, MONDAY, 1)) == [
        "2026-03-02 Alice 1 skipped",
        "2026-03-02 Alice 3 letter",
        "2026-03-02 Boris 1 wait",
        "2026-03-02 Boris 2 wait",
        "2026-03-02 Boris 3 letter",
    ]


def test_a_chain_that_is_off_waits(made: Made, boris: Client) -> None:
    chain = made(LETTER, days=7)
    give(boris, 5000, until=date(2026, 3, 9))
    begun(MONDAY)
    Chain.objects.update(enabled=False)
    assert days(chain, MONDAY, 2) == []

    Chain.objects.update(enabled=True)
    assert days(chain, date(2026, 3, 4), 1) == ["2026-03-04 Boris 1 letter"]


def test_whoever_was_erased_stops(made: Made, boris: Client) -> None:
    made(LETTER, days=7)
    give(boris, 5000, until=date(2026, 3, 9))
    begun(MONDAY)
    Client.objects.update(erased_at=factories.NOW)
    go_on(now=midnight(MONDAY))

    assert [(state, reason) for _operation, state, reason in runs()] == [("stopped", "erased")]
    assert Message.objects.count() == 0


def test_one_is_stopped_by_hand(made: Made, boris: Client) -> None:
    made({**LETTER, "after_days": 1}, days=7)
    give(boris, 5000, until=date(2026, 3, 9))
    begun(MONDAY)
    run = ChainRun.objects.get()
    chains.stop(run.pk, by=ANNA, now=midnight(MONDAY))

    assert [(state, reason) for _operation, state, reason in runs()] == [("stopped", "hand:anna")]
    assert list(run.events.values_list("step", "did")) == [(1, "stop")]
    assert go_on(now=midnight(date(2026, 3, 5))) == 0
    with pytest.raises(EndedAlready):
        chains.stop(run.pk, by=ANNA, now=midnight(MONDAY))


def test_the_night_and_the_next_look_go_on_with_chains_and_mailings(
    made: Made, boris: Client, template: Template
) -> None:
    made(LETTER, days=7)
    give(boris, 5000, until=date(2026, 3, 9))
    run_daily(now=midnight(MONDAY))
    assert [letter.occasion for letter in Message.objects.all()] == ["chain:back"]

    mailing = Mailing.objects.create(name="Spring", template=template("spring"), by="staff:anna")
    with time_machine.travel(midnight(MONDAY) + timedelta(hours=2), tick=False):
        mailings.start(mailing.pk, by=ANNA, now=midnight(MONDAY))
        joined = factories.ClientFactory(created_at=midnight(MONDAY) + timedelta(hours=1))
        Chain.objects.create(code="hello", name="Hello", begins="registered").steps.create(number=1, action="wait")
        catch_up()
    assert Message.objects.filter(occasion=f"mailing:{mailing.pk}").count() == 1
    assert ChainRun.objects.get(chain__code="hello").client == joined


# --- size, kills, company --------------------------------------------------------------------------------------------


def many(count: int) -> None:
    rows = [(client.pk, account_of(client).pk) for client in crowd(count)]
    Lot.objects.bulk_create(
        Lot(
            account_id=account,
            operation=f"crowd:{client}",
            name="Cashback",
            amount=Money(1000),
            remaining=Money(1000),
            first_day=date(2026, 1, 1),
            last_day=date(2026, 3, 9),
            created_at=factories.NOW - timedelta(days=30),
        )
        for client, account in rows
    )


def reads(work: Callable[[], object]) -> int:
    return len([sql for sql in statements(work) if not sql.startswith(("INSERT", "UPDATE"))])


def test_a_batch_costs_the_queries_of_one(made: Made) -> None:
    made(LETTER, SMS, days=7)
    many(1)
    few = reads(lambda: chains.run(today=MONDAY, now=midnight(MONDAY)))
    Client.objects.update(email=None)
    many(150)
    more = reads(lambda: chains.night(day=MONDAY, house=load_house(), now=midnight(MONDAY)))

    assert Message.objects.count() == 151
    assert more <= few + 6
    assert few <= 45


def test_one_that_fails_stops_no_other(
    made: Made, boris: Client, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = made(LETTER, days=7)
    for client in (boris, alice):
        give(client, 5000, until=date(2026, 3, 9))
    begun(MONDAY)
    walk = going._way

    def failing(run: ChainRun, *more: Any) -> Any:
        if run.client_id == boris.pk:
            raise RuntimeError("no")
        return walk(run, *more)

    monkeypatch.setattr(going, "_way", failing)
    assert go_on(now=midnight(MONDAY)) == 1
    assert list(ChainRun.objects.filter(chain=chain, state="waiting").values_list("client", flat=True)) == [boris.pk]


def test_whatever_is_killed_leaves_all_of_a_batch_or_nothing(
    made: Made, boris: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(LETTER, days=7)
    give(boris, 5000, until=date(2026, 3, 9))
    begun(MONDAY)

    def killed(*_facts: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(going, "_remember", killed)
    with pytest.raises(KeyboardInterrupt):
        go_on(now=midnight(MONDAY))
    assert Message.objects.count() == 0

    monkeypatch.undo()
    assert go_on(now=midnight(MONDAY)) == 1
    assert Message.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_do_each_step_once(
    made: Made, together: Together, monkeypatch: pytest.MonkeyPatch, thanks: BonusProgram
) -> None:
    monkeypatch.setattr(going, "AT_ONCE", 5)
    made({"action": "bonus", "program": thanks}, LETTER, days=7)
    many(40)
    both: Callable[[], int] = lambda: chains.run(today=MONDAY, now=midnight(MONDAY))  # noqa: E731
    together(both, both, both)
    both()

    assert ChainRun.objects.filter(state="done").count() == 40
    assert Lot.objects.filter(program="thanks").count() == 40
    assert Message.objects.count() == 40
    assert ChainEvent.objects.count() == 80
