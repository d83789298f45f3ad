"""A mailing goes to everybody of its segment once; it is paused, gone on with, called off; it tells what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Client, Message
from loyalty import letters, mailings
from loyalty.house import House
from loyalty.mailings import AT_ONCE, HELD, NotNow, Report
from loyalty.models import Mailing, Refund, Segment, Standing, TierStanding
from loyalty.money import Money
from loyalty.rulebook import rulebook
from tests import factories
from tests.conftest import Together
from tests.factories import NOW
from tests.mailings.conftest import Template, agreed, crowd, told
from tests.till import statements

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")
LATER = NOW + timedelta(hours=1)
Made = Callable[..., Mailing]


@pytest.fixture
def made(template: Template, house: House) -> Made:
    """A draft of a mailing to everybody by e-mail."""

    def make(**facts: Any) -> Mailing:
        letter = facts.pop("template", None) or template(facts.pop("code", "offer"))
        one: Mailing = Mailing.objects.create(name="Spring", template=letter, by="staff:anna", **facts)
        return one

    return make


def begun(mailing: Mailing) -> Mailing:
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    mailings.write_due(now=NOW)
    mailing.refresh_from_db()
    return mailing


def send_all(at: datetime = LATER, **where: Any) -> None:
    """As the sender does it."""
    waiting = Message.objects.filter(state="waiting", due_at__lte=at, **where)
    waiting.update(state="sent", sent_at=at)


# --- to whom ---------------------------------------------------------------------------------------------------------


def test_everybody_is_written_to_once_in_the_order_of_their_numbers(made: Made, boris: Client, alice: Client) -> None:
    mailing = begun(made())

    assert told() == [(f"mailing:{mailing.pk}:client:{client.pk}", client.pk) for client in (boris, alice)]
    assert (mailing.wanted, mailing.written, mailing.state) == (2, 2, "running")
    assert mailings.write_due(now=LATER) == 0
    assert len(told()) == 2


def test_only_the_segment_is_written_to(made: Made, boris: Client, alice: Client) -> None:
    Standing.objects.create(client=boris, visits=5)
    Standing.objects.create(client=alice, visits=4)
    mailing = begun(made(segment=factories.SegmentFactory()))

    assert [client for _operation, client in told()] == [boris.pk]
    assert mailing.wanted == 1


def test_whoever_joined_after_the_start_or_was_erased_is_not_written_to(made: Made, boris: Client) -> None:
    factories.ClientFactory(erased_at=NOW)
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    factories.ClientFactory(created_at=LATER)

    assert mailings.write_due(now=LATER + timedelta(hours=1)) == 1
    assert [client for _operation, client in told()] == [boris.pk]


def test_the_letter_goes_by_the_channel(made: Made, boris: Client) -> None:
    begun(made(channel="sms"))

    letter = Message.objects.get()
    assert (letter.channel, letter.occasion.split(":")[0]) == ("sms", "mailing")


def test_the_tier_is_told_where_the_letter_has_a_place_for_it(
    made: Made, template: Template, boris: Client, alice: Client
) -> None:
    silver = factories.CashbackTierFactory(name="Silver", from_spent=Money(50000))
    start = factories.CashbackTierFactory(name="Start")
    falls = [["2026-03-02", start.pk, "2026-03-01"]]
    TierStanding.objects.create(client=boris, program=silver.program, tier=silver, since=NOW, falls=falls)
    Standing.objects.create(client=alice, total_spent=Money(50000))
    carol = factories.ClientFactory()
    begun(made(template=template("club", body_en="You are {tier}")))

    letters = Message.objects.values_list("client", "facts__tier")
    assert dict(letters) == {boris.pk: "Start", alice.pk: "Silver", carol.pk: "Start"}


def test_nothing_is_written_before_the_hour_it_begins(made: Made, boris: Client) -> None:
    mailing = made(begins_at=LATER)
    mailings.start(mailing.pk, by=ANNA, now=NOW)

    assert mailings.write_due(now=NOW) == 0
    assert mailings.write_due(now=LATER) == 1


def test_it_is_done_when_the_last_letter_is_out(made: Made, boris: Client) -> None:
    mailing = begun(made())
    assert mailing.done_at is None
    send_all()
    mailings.write_due(now=LATER)

    mailing.refresh_from_db()
    assert str(mailing.state) == "done"
    assert mailing.done_at == LATER


# --- what people do with it ------------------------------------------------------------------------------------------


def test_starting_says_why_it_cannot(made: Made, template: Template) -> None:
    with pytest.raises(NotNow, match="Nobody belongs to the segment now"):
        mailings.start(made().pk, by=ANNA, now=NOW)
    with pytest.raises(NotNow, match="The letter “Idle” is switched off"):
        mailings.start(made(template=template("idle", enabled=False)).pk, by=ANNA, now=NOW)
    off: Segment = factories.SegmentFactory(enabled=False)
    with pytest.raises(NotNow, match="The segment “Regulars” is switched off"):
        mailings.start(made(code="third", segment=off).pk, by=ANNA, now=NOW)
    assert set(Mailing.objects.values_list("state", flat=True)) == {"draft"}


def test_it_is_started_once(made: Made, boris: Client) -> None:
    mailing = begun(made())

    with pytest.raises(NotNow, match="This mailing was started before"):
        mailings.start(mailing.pk, by=ANNA, now=LATER)


def test_pausing_holds_what_waits_and_going_on_sends_it(made: Made, boris: Client) -> None:
    mailing = begun(made())
    mailings.pause(mailing.pk, by=ANNA, now=NOW)
    send_all()
    held = Message.objects.get()
    assert (held.state, held.due_at) == ("waiting", HELD)
    assert held.useless_at > HELD

    mailings.go_on(mailing.pk, by=ANNA, now=LATER)
    released = Message.objects.get()
    assert (released.due_at, released.useless_at) == (LATER, LATER + timedelta(days=3))


def test_a_paused_mailing_writes_nothing_more(made: Made, boris: Client) -> None:
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    mailings.pause(mailing.pk, by=ANNA, now=NOW)
    assert mailings.write_due(now=NOW) == 0

    mailings.go_on(mailing.pk, by=ANNA, now=NOW)
    assert mailings.write_due(now=NOW) == 1


def test_calling_off_sends_nothing_more(made: Made, boris: Client, alice: Client) -> None:
    mailing = begun(made())
    send_all(client=boris)
    mailings.cancel(mailing.pk, by=ANNA, now=LATER)

    assert dict(Message.objects.values_list("client", "state")) == {boris.pk: "sent", alice.pk: "refused"}
    assert mailings.report(mailing).refused == (("called_off", 1),)
    mailings.write_due(now=LATER)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.done_at) == ("cancelled", LATER)


@pytest.mark.parametrize(
    ("state", "verb", "words"),
    [
        ("draft", mailings.pause, "has not been started"),
        ("draft", mailings.go_on, "has not been started"),
        ("running", mailings.go_on, "is running already"),
        ("paused", mailings.pause, "is paused already"),
        ("done", mailings.cancel, "all its letters have gone out"),
        ("cancelled", mailings.go_on, "was called off"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(made: Made, state: str, verb: Any, words: str) -> None:
    mailing = made(state=state)

    with pytest.raises(NotNow, match=words):
        verb(mailing.pk, by=ANNA, now=NOW)
    mailing.refresh_from_db()
    assert mailing.state == state


def test_a_pause_that_was_killed_halfway_is_finished_by_the_worker(made: Made, boris: Client) -> None:
    """The state is there, the letters do not follow it yet."""
    mailing = begun(made())
    Mailing.objects.update(state="paused")
    mailings.write_due(now=LATER)
    assert Message.objects.get().due_at == HELD

    Mailing.objects.update(state="cancelled")
    mailings.write_due(now=LATER)
    assert Message.objects.get().state == "refused"
    assert mailing.pk


# --- size, kills, company --------------------------------------------------------------------------------------------


def test_five_thousand_letters_cost_a_few_queries_a_thousand(made: Made) -> None:
    crowd(5000)
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    asked = [sql for sql in statements(lambda: mailings.write_due(now=NOW)) if not sql.startswith("INSERT")]

    mailing.refresh_from_db()
    assert (mailing.wanted, mailing.written, Message.objects.count()) == (5000, 5000, 5000)
    assert len(asked) < 15 * (5000 // AT_ONCE + 1)


def test_a_killed_worker_goes_on_where_the_last_batch_ended(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = crowd(7)
    monkeypatch.setattr(mailings, "AT_ONCE", 3)
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    book = rulebook()
    assert mailings._write_some(mailing.pk, NOW, book) == 3
    mailing.refresh_from_db()
    assert mailing.last_client == clients[2].pk

    assert mailings.write_due(now=NOW) == 4
    assert [client for _operation, client in told()] == [client.pk for client in clients]


def test_one_that_fails_stops_no_other(made: Made, boris: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = made(code="one"), made(code="two")
    for mailing in (broken, sound):
        mailings.start(mailing.pk, by=ANNA, now=NOW)
    write = letters.write

    def failing(notices: Any, **how: Any) -> int:
        notices = list(notices)
        if notices and notices[0].occasion == broken.occasion:
            raise RuntimeError("no")
        return int(write(notices, **how))

    monkeypatch.setattr(letters, "write", failing)
    assert mailings.write_due(now=NOW) == 1


def test_what_is_being_handed_over_is_left_to_the_sender(made: Made, boris: Client, alice: Client) -> None:
    mailing = begun(made())
    Message.objects.filter(client=boris).update(sent_at=NOW, due_at=LATER, reason="sending")
    Message.objects.filter(client=alice).update(due_at=LATER, reason="sending")
    mailings.pause(mailing.pk, by=ANNA, now=NOW)

    assert dict(Message.objects.values_list("client", "due_at")) == {boris.pk: LATER, alice.pk: HELD}
    assert Message.objects.get(client=alice).reason == ""


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_write_each_letter_once(made: Made, together: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(60)
    monkeypatch.setattr(mailings, "AT_ONCE", 7)
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    counts = together(*[lambda: mailings.write_due(now=NOW)] * 3)
    counts.append(mailings.write_due(now=NOW))

    mailing.refresh_from_db()
    assert sum(counts) == mailing.written == Message.objects.count() == 60


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_pause_while_it_is_written_holds_every_letter(
    made: Made, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(60)
    monkeypatch.setattr(mailings, "AT_ONCE", 5)
    mailing = made()
    mailings.start(mailing.pk, by=ANNA, now=NOW)
    together(lambda: mailings.write_due(now=NOW), lambda: mailings.pause(mailing.pk, by=ANNA, now=NOW))
    mailings.write_due(now=NOW)

    mailing.refresh_from_db()
    assert mailing.state == "paused"
    assert mailing.written == Message.objects.count() == Message.objects.filter(due_at=HELD).count()


# --- what came of it -------------------------------------------------------------------------------------------------


def visited(client: Client, at: datetime, cents: int = 2000, back: int = 0, *, whole: bool = False) -> None:
    amount = Money(cents)
    visit = factories.VisitFactory(
        client=client, at=at, list_total=amount, check_total=amount, to_pay=amount, line=None
    )
    if back or whole:
        Refund.objects.create(
            operation=f"refund:{visit.pk}", visit=visit, at=at, by="staff:vera", money=Money(back), is_whole=whole
        )


def test_the_report_counts_who_came_back_and_what_they_spent(made: Made, boris: Client, alice: Client) -> None:
    sent = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    clients: list[Client] = [boris, alice, *(factories.ClientFactory() for _n in range(5))]
    mailing = begun(made())
    send_all(sent, client__in=[client.pk for client in clients[:5]])
    Message.objects.filter(client=clients[5]).update(state="refused", reason="no_consent")
    Message.objects.filter(client=clients[6]).update(state="failed", reason="gone")
    visited(boris, sent + timedelta(days=2))
    visited(boris, sent + timedelta(days=14), 1500, back=500)  # to the minute the last that counts
    visited(alice, sent + timedelta(days=14, minutes=1))
    visited(clients[2], sent - timedelta(minutes=1))
    visited(clients[3], sent + timedelta(days=1), back=2000, whole=True)
    visited(clients[4], sent + timedelta(days=1), 100)
    visited(clients[5], sent + timedelta(days=1), 9900)  # was not written to
    agreed(boris)

    assert mailings.report(mailing) == Report(
        waiting=0, sent=5, refused=(("no_consent", 1),), failed=1, came_back=2, spent=Money(3100)
    )


def test_the_report_costs_the_same_few_queries(made: Made, boris: Client) -> None:
    mailing = begun(made())
    send_all()

    assert len(statements(lambda: mailings.report(mailing))) == 3
