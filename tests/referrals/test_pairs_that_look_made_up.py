"""What makes a pair look made up (`referrals.suspicion`): found at naming and by the night, kept with its figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients import devices
from clients.models import Client, Device
from clients.registration import update
from loyalty.models import Standing
from loyalty.night import run_daily
from referrals.evidence import told
from referrals.models import Referral, ReferralProgram
from referrals.suspicion import look_again
from tests import factories
from tests.referrals.conftest import Join
from tests.till import VERA, Till, statements

pytestmark = pytest.mark.django_db
PHONE, TABLET = devices.hidden("a" * 32), devices.hidden("b" * 32)
DAY = "2026-03-02"


def seen(client: Client, mark: str, till: Till) -> None:
    devices.seen(client=client.pk, mark=mark, at=till.now)


def found(friend: Client) -> list[dict[str, Any]]:
    evidence: list[dict[str, Any]] = Referral.objects.get(friend=friend).evidence
    return evidence


def night(till: Till, *, days: int = 0) -> int:
    later = till.later(days=days)
    return look_again(since=till.now, today=later.today, now=later.now)


# --- devices ----------------------------------------------------------------------------------------------------------


def test_a_friend_who_joins_with_the_referrers_device_is_flagged(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    ann = join("Ann", phone="+12125550100")
    seen(ann, PHONE, till)
    bob = join("Bob", "+12125550100", device=PHONE)
    row = Referral.objects.get(friend=bob)
    assert row.evidence == [{"code": "same_device", "whose": "referrer", "clients": 2, "day": DAY}]
    assert (row.flagged_at, row.decision) == (till.now, "")
    assert till.balance(bob) == 10000  # until somebody decides it counts


def test_a_friend_who_joins_with_the_device_of_another_friend_is_flagged(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    join("Ann", phone="+12125550100")
    bob = join("Bob", "+12125550100", device=PHONE)
    carl = join("Carl", "+12125550100", device=PHONE)
    assert found(bob) == []
    expected = {"code": "same_device", "whose": "friend", "friend": bob.pk, "clients": 2, "day": DAY}
    assert found(carl) == [expected]
    assert told(expected, {bob.pk: "Bob"}) == (
        "The friend joined with the same device as Bob, whom the same client brought. 2 clients are known from it. "
        "Found on 2 March 2026."
    )


def test_devices_of_strangers_and_of_a_later_look_say_nothing(till: Till, program: ReferralProgram, join: Join) -> None:
    """A tablet at the desk knows many; and a friend who shows their page on the referrer's phone joined elsewhere."""
    ann = join("Ann", phone="+12125550100")
    join("Somebody", device=TABLET)
    bob = join("Bob", "+12125550100", device=TABLET)
    seen(bob, PHONE, till.later(days=1))
    seen(ann, PHONE, till.later(days=1))
    assert night(till, days=2) == 0
    assert found(bob) == []


def test_the_night_finds_a_device_that_came_to_light_later(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", phone="+12125550100")
    bob = join("Bob", "+12125550100", device=PHONE)
    seen(ann, PHONE, till.later(days=1))
    assert night(till, days=1) == 1
    assert night(till, days=2) == 0
    assert [(one["code"], one["day"]) for one in found(bob)] == [("same_device", "2026-03-03")]


def test_a_device_is_known_once_and_only_so_many_of_a_client(till: Till, join: Join) -> None:
    ann = join("Ann")
    for n in range(30):
        for _time in range(2):
            seen(ann, devices.hidden(f"{n:032}"), till)
    assert Device.objects.count() == devices.MOST
    assert not Device.objects.filter(mark__contains="0" * 20).exists()


# --- phones -----------------------------------------------------------------------------------------------------------


def test_a_friend_with_the_phone_that_the_referrer_had_is_flagged(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    ann = join("Ann", phone="+12125550100")
    update(ann, {"phone": "+12125550111"}, by=VERA, at=till.now)
    bob = join("Bob", "+12125550111", phone="+12125550100")
    assert found(bob) == [{"code": "same_phone", "how": "referrer_had", "day": DAY}]


def test_the_night_finds_phones_that_went_from_one_to_the_other(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    ann = join("Ann", phone="+12125550100")
    bob = join("Bob", "+12125550100", phone="+12125550111")
    update(bob, {"phone": None}, by=VERA, at=till.now)
    update(ann, {"phone": "+12125550111"}, by=VERA, at=till.now)
    assert night(till) == 1
    assert found(bob) == [{"code": "same_phone", "how": "friend_had", "day": DAY}]


def test_one_number_with_a_prefix_more_is_found(till: Till, program: ReferralProgram, join: Join) -> None:
    join("Ann", phone="+541123456789")
    bob = join("Bob", "+541123456789", phone="+5491123456789")
    carl = join("Carl", "+541123456789", phone="+541123456780")
    assert found(bob) == [{"code": "same_phone", "how": "alike", "day": DAY}]
    assert found(carl) == []


def test_what_is_kept_of_a_former_phone_does_not_show_it(till: Till, join: Join) -> None:
    from auditlog.models import LogEntry

    ann = join("Ann", phone="+12125550100")
    update(ann, {"phone": "+12125550111"}, by=VERA, at=till.now)
    entry = LogEntry.objects.get_for_object(ann).get()
    assert entry.changes == {"phone": ["… 0100", "… 0111"]}
    assert "12125550100" not in str(entry.additional_data)


# --- those who work here ----------------------------------------------------------------------------------------------


def test_a_referrer_with_the_e_mail_of_somebody_who_works_here(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    factories.StaffFactory(username="vera", email="Vera@Example.com")
    join("Veronika", phone="+12125550100", email="vera@example.com")
    bob = join("Bob", "+12125550100")
    assert found(bob) == [{"code": "staff", "how": "email", "who": "vera", "day": DAY}]


@pytest.mark.parametrize(
    ("first", "last", "username", "is_found"),
    [
        ("Vera", "Desk", "vera", True),
        ("VERA", " Desk ", "vera", True),
        ("Vera", "Desk", "other", False),  # a namesake who did not enter the pair
        ("Vera", "Other", "vera", False),
    ],
)
def test_a_name_alone_is_found_only_where_the_namesake_entered_the_pair(
    till: Till, program: ReferralProgram, join: Join, first: str, last: str, username: str, is_found: bool
) -> None:
    factories.StaffFactory(username=username, first_name="Vera", last_name="Desk")
    join(first, last_name=last, phone="+12125550100")
    bob = join("Bob", "+12125550100")  # entered by vera
    expected = [{"code": "staff", "how": "name", "who": "vera", "day": DAY}] if is_found else []
    assert found(bob) == expected


def test_the_night_finds_those_who_came_to_work_here_later(till: Till, program: ReferralProgram, join: Join) -> None:
    join("Veronika", phone="+12125550100", email="vera@example.com")
    bob = join("Bob", "+12125550100")
    staff = factories.StaffFactory(username="vera", email="vera@example.com", is_active=False)
    assert night(till) == 0
    staff.is_active = True
    staff.save()
    assert night(till) == 1
    assert [one["code"] for one in found(bob)] == ["staff"]


# --- many friends with one visit each ---------------------------------------------------------------------------------


def came(friends: list[Client], visits: int) -> None:
    Standing.objects.filter(client__in=friends).update(visits=visits)


def test_of_many_friends_most_came_once(till: Till, program: ReferralProgram, join: Join) -> None:
    join("Ann", phone="+12125550100")
    friends = [join(f"Friend {n}", "+12125550100") for n in range(5)]
    came(friends[:3], 1)
    came(friends[3:4], 2)
    assert night(till, days=29) == 0
    assert night(till, days=30) == 3
    facts = {"code": "one_visit_each", "friends": 5, "once": 3, "who": "vera", "named": 3, "day": "2026-04-01"}
    assert [found(friend) for friend in friends] == [[facts]] * 3 + [[], []]
    assert told(facts, {}) == (
        "3 of the 5 friends who were brought over 30 days ago came exactly once. vera entered 3 of them. "
        "Found on 1 April 2026."
    )
    came(friends[3:4], 1)
    assert night(till, days=31) == 1  # the fourth; what was said of the others stays
    assert found(friends[0]) == [facts]


@pytest.mark.parametrize(("friends", "once"), [(4, 4), (6, 3)])
def test_a_few_friends_or_half_of_them_say_nothing(
    till: Till, program: ReferralProgram, join: Join, friends: int, once: int
) -> None:
    join("Ann", phone="+12125550100")
    rows = [join(f"Friend {n}", "+12125550100") for n in range(friends)]
    came(rows[:once], 1)
    assert night(till, days=40) == 0


# --- what becomes of it -----------------------------------------------------------------------------------------------


def decide(friend: Client, decision: str) -> None:
    Referral.objects.filter(friend=friend).update(decision=decision, decision_reason="looked", flagged_at=None)


@pytest.mark.parametrize(("before", "after"), [("approved", ""), ("held", "held"), ("cancelled", "cancelled")])
def test_a_new_kind_of_evidence_reopens_only_what_was_approved(
    till: Till, program: ReferralProgram, join: Join, before: str, after: str
) -> None:
    ann = join("Ann", phone="+12125550100")
    bob = join("Bob", "+12125550100", device=PHONE)
    decide(bob, before)
    seen(ann, PHONE, till)
    assert night(till) == 1
    row = Referral.objects.get(friend=bob)
    assert (row.decision, row.flagged_at is not None, len(row.evidence)) == (after, True, 1)


def test_the_same_kind_again_leaves_a_decision_alone(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", phone="+12125550100")
    seen(ann, PHONE, till)
    bob = join("Bob", "+12125550100", device=PHONE)
    decide(bob, "approved")
    seen(ann, TABLET, till)
    assert night(till) == 0
    assert Referral.objects.get(friend=bob).decision == "approved"


def test_the_nights_task_looks_from_the_last_night_on(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", phone="+12125550100")
    bob = join("Bob", "+12125550100", device=PHONE)
    run_daily(now=till.now)
    seen(ann, PHONE, till)
    later = till.later(days=3)  # two nights were missed
    run_daily(now=later.now)
    run_daily(now=later.now)
    assert [one["code"] for one in found(bob)] == ["same_device"]


def test_looking_asks_no_more_for_more_pairs(till: Till, program: ReferralProgram, join: Join) -> None:
    def pairs(count: int) -> Callable[[], object]:
        ann = join("Ann", phone=f"+1212555{count:04}")
        rows = [join(f"Friend {n}", f"+1212555{count:04}", device=devices.hidden(f"{count}-{n}")) for n in range(count)]
        came(rows, 1)
        for row in Device.objects.filter(client__in=rows):
            Device.objects.create(client=ann, mark=row.mark, seen_at=till.now)
        return lambda: night(till, days=40)

    few = [sql for sql in statements(pairs(5)) if sql.startswith("SELECT")]
    more = [sql for sql in statements(pairs(10)) if sql.startswith("SELECT")]
    assert len(more) == len(few)
