"""What is done to a membership between its sale and its end, one thing at a time and in any order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clients.actors import Actor
from clients.models import Client, LetterRules, LetterTemplate, Message
from clients.refusals import Invalid, NotFound, Refusal
from loyalty.house import load_house
from loyalty.models import Event, Webhook
from loyalty.night import Night
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships import extending, freezing, last_session, no_shows, people
from memberships.models import Change, Plan
from memberships.no_shows import NoShowNotCounted
from memberships.people import TooManyPeople
from tests import factories
from tests.memberships.conftest import buy
from tests.memberships.life import ends, extend, freeze, miss, remaining, unfreeze
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


# --- missed appointments ---------------------------------------------------------------------------------------------


def test_a_missed_appointment_takes_a_session_and_gives_it_back(till: Till, five: Plan, boris: Client) -> None:
    _sold, held = buy(till, boris, five)
    miss(till, held, key="tuesday")
    miss(till, held, key="tuesday")
    assert remaining(held) == 4
    (one,) = no_shows.no_shows_of(held)
    assert (one.number, one.service, one.price, one.reason) == (1, "Training session", 2000, "did not come")
    for _turn in range(2):
        no_shows.give_back(membership=held.pk, number=1, reason="was ill", by=VERA, now=till.now, key="back")
    assert remaining(held) == 5
    with pytest.raises(NotFound):
        no_shows.give_back(membership=held.pk, number=1, reason="again", by=VERA, now=till.now, key="again")
    assert prove() == []


def test_where_it_takes_none(till: Till, five: Plan, boris: Client) -> None:
    _sold, held = buy(till, boris, five)
    with pytest.raises(Invalid) as refused:
        miss(till, held, service="towel")
    assert refused.value.field == "service"
    five.no_show = False
    five.save()
    with pytest.raises(NoShowNotCounted):
        miss(till, held)
    assert (remaining(held), Change.objects.count()) == (5, 0)


# --- people ----------------------------------------------------------------------------------------------------------


def test_as_many_people_as_the_plan_is_for(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    five.people = 2
    five.save()
    _sold, held = buy(till, boris, five)
    with pytest.raises(Invalid, match="their own"):
        people.add(membership=held.pk, client=boris, by=VERA, now=till.now, key="boris")
    people.add(membership=held.pk, client=alice, by=VERA, now=till.now, key="alice")
    assert till.sell("session", client=alice).visit.to_pay == 0
    olga = factories.ClientFactory(first_name="Olga")
    with pytest.raises(TooManyPeople, match="is for 2 people"):
        people.add(membership=held.pk, client=olga, by=VERA, now=till.now, key="olga")
    people.remove(membership=held.pk, client=alice.pk, by=VERA, now=till.now, key="off")
    assert till.quote("session", client=alice).bill.to_pay == 2000
    with pytest.raises(NotFound):
        people.remove(membership=held.pk, client=alice.pk, by=VERA, now=till.now, key="off again")


# --- extensions, reminders -------------------------------------------------------------------------------------------


def test_an_extension_says_why(till: Till, five: Plan, boris: Client) -> None:
    _sold, held = buy(till, boris, five)
    for days, reason in ((0, "x"), (367, "x"), (5, " ")):
        with pytest.raises(Invalid):
            extending.extend(membership=held.pk, days=days, reason=reason, by=VERA, now=till.now, key="no")
    extend(till, held, days=10)
    extend(till, held, days=5)
    assert ends(held) == date(2026, 6, 15)
    assert Change.objects.latest("pk").facts == {"days": 5, "before": "2026-06-10", "after": "2026-06-15"}
    assert prove() == []


def test_the_last_session_is_told_of_once(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    texts = {"subject_en": "{amount}", "body_en": "{amount} of {program} until {last_day}"}
    template = LetterTemplate.objects.create(code="ending", name="Ending", topic="reminders", **texts)
    LetterRules.objects.update_or_create(business_id=1, defaults={"ending": template})
    (_sold, held), (_sold, _other) = buy(till, boris, five), buy(till, alice, five)
    night = Night(till.today, rulebook().house, till.now, Actor.task("memberships.expire"))
    till.sell("3 x session", client=boris)
    assert last_session.remind(night) == 0
    till.sell("session", client=boris)
    assert [last_session.remind(night) for _turn in range(2)] == [1, 0]
    letter = Message.objects.get()
    assert (letter.operation, letter.client) == (f"reminder:last_session:{held.pk}", boris)
    assert (letter.facts["amount"], letter.facts["program"]) == ("1 session", "5 sessions")


def test_whoever_listens_hears_of_the_last_session_without_a_letter_and_once(
    till: Till, five: Plan, boris: Client
) -> None:
    Webhook.objects.create(url="https://till.example/", events=["membership.ending"], by="staff:anna")
    _sold, held = buy(till, boris, five)
    till.sell("4 x session", client=boris)
    night = Night(till.today, load_house(), till.now, Actor.task("memberships.expire"))
    assert [last_session.remind(night) for _turn in range(2)] == [0, 0]
    assert Event.objects.count() == 1
    template = LetterTemplate.objects.create(code="ending", name="Ending", topic="reminders", subject_en="{amount}")
    LetterRules.objects.update_or_create(business_id=1, defaults={"ending": template})
    assert last_session.remind(night) == 1
    assert Event.objects.get().facts == {
        "membership": str(held.pk),
        "client": str(boris.pk),
        "name": "5 sessions",
        "sessions": 1,
        "last_day": "2026-05-31",
    }


# --- in any order ----------------------------------------------------------------------------------------------------

STEP = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 9)),
    st.tuples(st.just("freeze"), st.integers(1, 12)),
    st.tuples(st.just("unfreeze"), st.just(0)),
    st.tuples(st.just("extend"), st.integers(1, 9)),
    st.tuples(st.just("come"), st.just(1)),
)


class AnyOrder(TestCase):
    """Whatever is done in whatever order, the end has moved by the days frozen and the days given, and no others."""

    @settings(max_examples=25)
    @given(st.lists(STEP, max_size=10))
    def test_the_end_moves_by_the_days_frozen_and_given(self, steps: list[tuple[str, int]]) -> None:
        business = factories.BusinessFactory()
        factories.HouseRulesFactory(business=business)
        factories.LocationFactory()
        boris = factories.ClientFactory()
        plan = factories.PlanFactory(sessions=50, valid_days=200, freeze_days=30)
        till = Till(now=factories.NOW)
        _sold, held = buy(till, boris, plan)
        end, given_days = ends(held), 0
        for what, days in steps:
            try:
                if what == "wait":
                    till = till.later(days=days)
                elif what == "freeze":
                    freeze(till, held, days=days, start=1 + days % 3)
                elif what == "unfreeze":
                    unfreeze(till, held)
                elif what == "extend":
                    extend(till, held, days=days)
                    given_days += days
                else:
                    till.sell("session", client=boris)
            except Refusal:
                continue
        rests = freezing.rests_of(held)
        assert end is not None
        assert ends(held) == end + timedelta(days=given_days + sum(rest.days for rest in rests))
        assert sum(rest.days for rest in rests) <= 30
        assert prove() == []
