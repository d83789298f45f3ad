"""A letter the day after to whoever got something for friends: one a client and day, once, and never to the friend."""

from __future__ import annotations

from datetime import date

import pytest

from clients.actors import Actor
from clients.models import Client, LetterRules, LetterTemplate, Message
from loyalty.night import Night, run_task
from loyalty.rulebook import rulebook
from referrals.models import ReferralProgram
from referrals.telling import tell
from tests import factories
from tests.referrals.conftest import gives
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _thanks(business: object) -> None:
    texts = {"subject_en": "{amount}", "body_en": "{amount} by {program} until {last_day}"}
    template = LetterTemplate.objects.create(code="thanks", name="Thanks", topic="bonuses", **texts)
    LetterRules.objects.update_or_create(business_id=1, defaults={"rewarded": template})


def night(till: Till) -> Night:
    return Night(till.today, rulebook().house, till.now, Actor.task("referrals.give_due"))


def letters() -> list[tuple[Client, str, str]]:
    return [(one.client, one.operation, one.facts["amount"]) for one in Message.objects.order_by("pk")]


def test_all_of_a_day_is_one_sum_told_once(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_percent=5, friend_amount=cents("100"), lifetime_days=365)
    till.sell("personal", client=bob)
    till.sell("2 x personal", client=bob)
    tomorrow = till.later(days=1)

    assert tell(night(till)) == 0  # the day is not over
    for _time in range(2):
        assert tell(night(tomorrow)) == 1
    assert letters() == [(ann, f"referrals:rewarded:{ann.pk}:2026-03-02", "9.00")]
    assert Message.objects.get().facts["last_day"] == "2 March 2027"
    assert tell(night(till.later(days=2))) == 0


def test_what_was_taken_back_is_taken_off(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_percent=5)
    till.sell("personal", client=bob)
    till.refund(till.sell("personal", client=bob))
    till.refund(till.sell("towel", client=bob))

    assert tell(night(till.later(days=1))) == 1
    assert letters()[0][2] == "3.00"


def test_a_membership_has_a_letter_of_its_own(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    factories.PlanFactory()
    gives(program, referrer_membership="five")
    till.sell("personal", client=bob)

    assert tell(night(till.later(days=1))) == 1
    assert (letters()[0][0], letters()[0][2]) == (ann, "5 sessions")


def test_without_a_letter_nobody_is_written_to(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    LetterRules.objects.update(rewarded=None)
    gives(program, referrer_percent=5)
    till.sell("personal", client=bob)

    assert tell(night(till.later(days=1))) == 0


def test_the_night_does_it(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_percent=5)
    run_task("referrals.give_due", now=till.now)
    till.sell("personal", client=bob)
    run_task("referrals.give_due", now=till.later(days=1).now)

    assert letters() == [(ann, f"referrals:rewarded:{ann.pk}:{date(2026, 3, 2)}", "3.00")]
