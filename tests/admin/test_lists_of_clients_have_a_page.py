"""A list is filled by pasting, nothing that was pasted is lost, and who is on it can be taken off."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, LetterTemplate, Staff
from loyalty import lists
from loyalty.lists import MOST, Found, Line, TooMany, find
from loyalty.models import Discount, Mailing, Segment, SegmentMember
from loyalty.segment_users import users_of
from tests import factories
from tests.admin.conftest import ANNA, Gym, SignIn

ADD = "admin:loyalty_segment_add"
ZONE = "America/New_York"


@pytest.fixture
def guests(gym: Gym) -> Segment:
    segment: Segment = Segment.objects.create(code="guests", name="Guests", is_static=True)
    return segment


def page(segment: Segment, name: str = "change", *more: Any) -> str:
    return reverse(f"admin:loyalty_segment_{name}", args=[segment.pk, *more])


def on(segment: Segment) -> set[str]:
    return set(SegmentMember.objects.filter(segment=segment).values_list("client__first_name", flat=True))


# --- what a line means ------------------------------------------------------------------------------------------------


def test_a_line_is_a_phone_a_card_an_email_or_an_id(gym: Gym) -> None:
    clara, egor = factories.ClientFactory(email="clara@example.com", phone=None), factories.ClientFactory(phone=None)
    card = egor.cards.get().number
    text = f'(212) 555-0101\r\n\n {card[:4]} {card[4:]} \n"Clara@Example.com";\n{gym.boris.pk}\n+12125550199\nx@y.z\n'
    assert find(text, timezone=ZONE) == Found(
        (gym.alice.pk, egor.pk, clara.pk, gym.boris.pk), (Line(6, "+12125550199"), Line(7, "x@y.z"))
    )


def test_one_who_is_named_three_times_is_one(gym: Gym) -> None:
    text = f"+12125550102\n2125550102\n{gym.boris.pk}"
    assert find(text, timezone=ZONE) == Found((gym.boris.pk,), ())


def test_an_email_that_two_share_means_both(gym: Gym) -> None:
    two = [factories.ClientFactory(email="home@example.com", phone=None).pk for _n in range(2)]
    assert find("HOME@example.com", timezone=ZONE).clients == tuple(two)


def test_the_forgotten_are_not_found(gym: Gym) -> None:
    Client.objects.filter(pk=gym.boris.pk).update(erased_at=timezone.now())
    assert find(str(gym.boris.pk), timezone=ZONE) == Found((), (Line(1, str(gym.boris.pk)),))


def test_fifty_thousand_lines_are_enough(gym: Gym) -> None:
    with pytest.raises(TooMany, match="At most 50000 lines at once"):
        find("1\n" * (MOST + 1), timezone=ZONE)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_list_is_made_without_a_rule(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    said = {"name": "Guests", "enabled": "on", "is_static": "on", "visits_min": "5", "further_membership": "five"}
    said |= {"tag": "VIP", "spent_max": "10"}
    assert sign_in(anna).post(reverse(ADD), said).status_code == 302
    made = Segment.objects.get()
    assert (made.is_static, made.visits_min, made.tag, made.spent_max, made.further) == (True, None, "", None, {})
    shown = sign_in(anna).get(page(made))
    assert "Nobody is on it yet." in shown.content.decode()
    assert "visits_min" not in shown.context["adminform"].form.fields
    assert shown.context["effect"].sentences == [
        "A list: whoever is put on it belongs, and nobody else.",
        "Nobody belongs now.",
    ]


def test_clients_are_pasted_and_what_is_nobodys_comes_back(
    gym: Gym, guests: Segment, anna: Staff, sign_in: SignIn
) -> None:
    browser = sign_in(anna)
    lists.put_on(segment=guests, clients=[gym.alice.pk], by=ANNA, now=timezone.now())
    answer = browser.post(page(guests, "paste"), {"lines": "+12125550101\n+1 212 555 0102\nBoris\n<b>0</b>\n"})
    assert answer.status_code == 200
    assert on(guests) == {"Alice", "Boris"}
    text = answer.content.decode()
    assert "1 client was put on the list. 1 was on it already." in text
    assert "2 lines are nobody" in text
    assert answer.context["form"].initial["lines"] == "Boris\n<b>0</b>"
    assert "<b>0</b>" not in text
    shown = browser.get(page(guests)).content.decode()
    assert all(part in shown for part in ("Alice Ivanova", "Boris Petrov", "clients on the list: 1 → 2"))
    mended = browser.post(page(guests, "paste"), {"lines": "+12125550102"}, follow=True)
    assert "0 clients were put on the list. 1 was on it already." in mended.content.decode()


def test_too_many_lines_stay_in_the_box(gym: Gym, guests: Segment, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post(page(guests, "paste"), {"lines": "1\n" * (MOST + 1)})
    assert answer.context["form"].errors == {"lines": ["At most 50000 lines at once."]}
    assert answer.context["form"].data["lines"] == "1\n" * (MOST + 1)
    assert sign_in(anna).post(page(guests, "paste"), {"lines": " \n"}).context["form"].errors
    assert not SegmentMember.objects.exists()


def test_one_or_all_are_taken_off_after_a_question(gym: Gym, guests: Segment, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    lists.put_on(segment=guests, clients=[gym.alice.pk, gym.boris.pk], by=ANNA, now=timezone.now())
    off = page(guests, "take_off", gym.boris.pk)
    assert "Take Boris Petrov off the list" in browser.get(off).content.decode()
    assert on(guests) == {"Alice", "Boris"}
    assert browser.post(off).status_code == 302
    assert on(guests) == {"Alice"}
    assert browser.post(off).status_code == 404
    everybody = page(guests, "take_all_off")
    assert browser.get(everybody).status_code == 200
    assert on(guests) == {"Alice"}
    answer = browser.post(everybody, {"_form_submitted": "True"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == page(guests)
    assert on(guests) == set()


def test_a_long_list_is_paged(gym: Gym, guests: Segment, anna: Staff, sign_in: SignIn) -> None:
    people = [factories.ClientFactory(card=None, phone=None, last_name=f"Number {n}") for n in range(120)]
    lists.put_on(segment=guests, clients=[one.pk for one in people], by=ANNA, now=timezone.now())
    browser = sign_in(anna)
    assert "Page 1 of 3" in browser.get(page(guests)).content.decode()
    last = browser.get(page(guests) + "?page=3").context["rows"]
    assert len(last) == 20
    assert last[-1][0].client == people[0]
    assert len(browser.get(page(guests) + "?page=x").context["rows"]) == 50


def test_a_segment_with_a_rule_has_no_list(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    live = Segment.objects.create(code="live", name="Live", visits_min=1)
    browser = sign_in(anna)
    assert browser.get(page(live, "paste")).status_code == 404
    assert browser.post(page(live, "take_off", gym.boris.pk)).status_code == 404
    assert "Put clients on it" not in browser.get(page(live)).content.decode()


def test_who_may_only_look_changes_no_list(
    gym: Gym, guests: Segment, olga: Staff, mike: Staff, sign_in: SignIn
) -> None:
    lists.put_on(segment=guests, clients=[gym.boris.pk], by=ANNA, now=timezone.now())
    shown = sign_in(olga).get(page(guests)).content.decode()
    assert "Boris Petrov" in shown
    assert "Take off" not in shown
    for name, more in (("paste", ()), ("take_off", (gym.boris.pk,)), ("take_all_off", ())):
        for staff in (olga, mike):
            assert sign_in(staff).post(page(guests, name, *more), {"lines": "1"}).status_code in (302, 403, 404)
    assert on(guests) == {"Boris"}


# --- who uses a segment -----------------------------------------------------------------------------------------------


def test_a_segment_that_is_used_is_not_switched_off(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    live = Segment.objects.create(code="live", name="Live", visits_min=1)
    five = Discount.objects.create(code="five", name="Five off", kind="permanent", percent=5, segment=live)
    browser = sign_in(anna)
    answer = browser.post(page(live), {"name": "Live", "visits_min": "1"})
    assert answer.context["adminform"].form.errors == {
        "enabled": ["“Five off” would then be for nobody. Choose another segment there first, or switch them off."]
    }
    Discount.objects.filter(pk=five.pk).update(enabled=False)
    assert browser.post(page(live), {"name": "Live", "visits_min": "1"}).status_code == 302
    live.refresh_from_db()
    assert not live.enabled


def test_everything_that_is_for_a_segment_is_found(gym: Gym) -> None:
    live = Segment.objects.create(code="live", name="Live", visits_min=1)
    Discount.objects.create(code="five", name="Five off", kind="permanent", percent=5, segment=live, enabled=False)
    factories.PromoCodeFactory(code="SPRING", segment=live)
    template = LetterTemplate.objects.create(code="hello", name="Hello")
    for state in Mailing.State.values:
        Mailing.objects.create(name=state, template=template, segment=live, state=state, by="staff:anna")
    assert {(user.name, user.is_on) for user in users_of(live)} == {
        ("Five off", False),
        ("SPRING", True),
        ("draft", True),
        ("running", True),
        ("paused", True),
    }


# --- further conditions -----------------------------------------------------------------------------------------------


def test_the_rule_asks_for_what_mechanics_bring(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    said = {"name": "Friends", "enabled": "on", "further_membership": "five", "further_referrals_min": "1"}
    said |= {"service": "training", "rfm": "new", "visits_max": "9", "spent_max": "900", "balance_min": "1.50"}
    sentences = browser.post(reverse("admin:loyalty_segment_effect_of_new"), said).json()["sentences"]
    assert sentences[0] == (
        "A client belongs who has at most 9 visits, spent at most 900.00, at least 1.50 bonuses to spend, "
        "had something of “training”, the class “new”, a running membership “5 sessions” and brought at least 1 friend."
    )
    assert browser.post(reverse(ADD), said).status_code == 302
    made = Segment.objects.get()
    assert made.further == {"membership": "five", "referrals_min": 1}
    assert (made.service, made.rfm, made.balance_min, made.spent_max) == ("training", "new", 150, 90000)
    form = browser.get(page(made)).context["adminform"].form
    assert form.fields["further_membership"].initial == "five"
    assert browser.post(page(made), {**said, "further_membership": ""}).status_code == 302
    made.refresh_from_db()
    assert made.further == {"referrals_min": 1}


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"visits_min": "5", "visits_max": "4"}, "visits_min", "This is more than the most: nobody would belong."),
        ({"spent_min": "5", "spent_max": "4.99"}, "spent_min", "This is more than the most: nobody would belong."),
        ({"further_referrals_min": "0"}, "further_referrals_min", "Ensure this value is greater than or equal to 1."),
        (
            {"further_membership": "none"},
            "further_membership",
            "Select a valid choice. none is not one of the available choices.",
        ),
        ({"rfm": "heroes"}, "rfm", "Select a valid choice. heroes is not one of the available choices."),
        ({"service": "sauna"}, "service", "Select a valid choice. sauna is not one of the available choices."),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(
    gym: Gym, anna: Staff, sign_in: SignIn, said: dict[str, str], field: str, words: str
) -> None:
    answer = sign_in(anna).post(reverse(ADD), {"name": "Some", "enabled": "on", **said})
    errors = answer.context["adminform"].form.errors
    assert {name: list(found) for name, found in errors.items()} == {field: [words]}


def test_an_auditor_reads_the_new_conditions(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    asks: dict[str, Any] = {"further": {"membership": "five"}, "service": "training", "rfm": "lost", "balance_min": 150}
    shown = sign_in(olga).get(page(Segment.objects.create(code="x", name="X", **asks))).content.decode()
    assert all(part in shown for part in ("5 sessions", "training", "lost", "1.50"))
