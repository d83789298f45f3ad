"""Every page of the admin, tried by every role, against the table of rights (`domain.md` section 11)."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from clients.admin_base import OfficeAdmin
from clients.models import Business, Gateway, LetterRules, LetterTemplate, Location, Message, Staff
from config.roles import HISTORY, ROLES
from giftcards.models import GiftCard, GiftCardBatch, GiftCardDelivery, GiftCardType
from loyalty.models import (
    ApiKey,
    BonusProgram,
    CashbackProgram,
    Chain,
    ChainRun,
    Closure,
    Delivery,
    Discount,
    Entry,
    GiftProgram,
    Lot,
    Mailing,
    NightRun,
    Prize,
    PrizeClaim,
    PromoCode,
    RfmScale,
    Segment,
    Service,
    StampProgram,
    TrialProgram,
    Visit,
    Webhook,
)
from memberships.models import Membership, Plan, Renewal
from referrals.models import Partner, PartnerStatement, Referral, ReferralProgram
from tests.admin.conftest import Gym, SignIn, one_of_each, some_row

SETTINGS = {
    "clients.business": Business,
    "clients.location": Location,
    "clients.staff": Staff,
    "clients.lettertemplate": LetterTemplate,
    "clients.letterrules": LetterRules,
    "clients.gateway": Gateway,
    "loyalty.service": Service,
    "loyalty.cashbackprogram": CashbackProgram,
    "loyalty.bonusprogram": BonusProgram,
    "loyalty.stampprogram": StampProgram,
    "loyalty.giftprogram": GiftProgram,
    "loyalty.prize": Prize,
    "loyalty.trialprogram": TrialProgram,
    "loyalty.segment": Segment,
    "loyalty.rfmscale": RfmScale,
    "loyalty.discount": Discount,
    "loyalty.promocode": PromoCode,
    "loyalty.mailing": Mailing,
    "loyalty.chain": Chain,
    "loyalty.closure": Closure,
    "loyalty.apikey": ApiKey,
    "referrals.referralprogram": ReferralProgram,
    "loyalty.webhook": Webhook,
    "referrals.partner": Partner,
    "giftcards.giftcardtype": GiftCardType,
    "memberships.plan": Plan,
    "django_celery_beat.periodictask": None,
}
RECORDS = {
    "clients.message": Message,
    "loyalty.visit": Visit,
    "loyalty.entry": Entry,
    "loyalty.lot": Lot,
    "loyalty.chainrun": ChainRun,
    "loyalty.prizeclaim": PrizeClaim,
    "referrals.referral": Referral,
    "giftcards.giftcard": GiftCard,
    "giftcards.giftcardbatch": GiftCardBatch,
    "giftcards.giftcarddelivery": GiftCardDelivery,
    "memberships.membership": Membership,
    "memberships.renewal": Renewal,
}
OF_THE_HOUSE = {
    "auditlog.logentry": None,
    "loyalty.nightrun": NightRun,
    "loyalty.delivery": Delivery,
    "referrals.partnerstatement": PartnerStatement,
}
ALL = [*SETTINGS, *RECORDS, *OF_THE_HOUSE, "clients.client"]
# There is one of each, or they come with the program.
NOT_ADDED = {
    *("clients.business", "clients.letterrules", "loyalty.rfmscale", "referrals.referralprogram"),
    "django_celery_beat.periodictask",
}

# What was done stays as it was done; a closure is undone in a dialog.
NOT_CHANGED = {"loyalty.closure"}

SEES = {
    "anna": set(ALL),
    "mike": {*RECORDS, "clients.client"},
    "vera": set(),
    "olga": set(ALL),
}
ADDS = {
    "anna": (set(SETTINGS) - NOT_ADDED) | {"clients.client"},
    "mike": {"clients.client"},
    "vera": set(),
    "olga": set(),
}
CHANGES = {
    "anna": (set(SETTINGS) - NOT_CHANGED) | {"clients.client"},
    "mike": {"clients.client"},
    "vera": set(),
    "olga": set(),
}
PEOPLE = ["anna", "mike", "vera", "olga"]


def address(label: str, verb: str, *args: object) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{verb}", args=args)


@pytest.fixture
def people(anna: Staff, mike: Staff, vera: Staff, olga: Staff, gym: Gym) -> dict[str, Staff]:
    one_of_each(gym)
    return {"anna": anna, "mike": mike, "vera": vera, "olga": olga}


def test_every_page_of_the_admin_is_in_the_table(db: None) -> None:
    assert {model._meta.label_lower for model in admin.site._registry} == set(ALL)


def test_every_page_takes_its_rights_from_one_place() -> None:
    strangers = [type(page).__name__ for page in admin.site._registry.values() if not isinstance(page, OfficeAdmin)]
    assert strangers == []


@pytest.mark.parametrize("name", PEOPLE)
def test_lists_are_seen_by_those_who_may(people: dict[str, Staff], sign_in: SignIn, name: str) -> None:
    browser = sign_in(people[name])
    seen = {label for label in ALL if browser.get(address(label, "changelist"), follow=True).status_code == 200}
    if name == "vera":  # she is shown the sign-in of the admin, whatever she asks for
        assert all(browser.get(address(label, "changelist")).status_code == 302 for label in ALL)
    else:
        assert seen == SEES[name]


@pytest.mark.parametrize("name", ["anna", "mike", "olga"])
def test_adding_is_for_those_who_may(people: dict[str, Staff], sign_in: SignIn, name: str) -> None:
    browser = sign_in(people[name])
    assert {label for label in ALL if browser.get(address(label, "add")).status_code == 200} == ADDS[name]
    refused = [label for label in ALL if label not in ADDS[name]]
    assert {browser.post(address(label, "add"), {}).status_code for label in refused} == {403}


@pytest.mark.parametrize("name", ["anna", "mike", "olga"])
def test_changing_is_for_those_who_may(people: dict[str, Staff], sign_in: SignIn, name: str) -> None:
    browser = sign_in(people[name])
    for label in ALL:
        page = address(label, "change", some_row(label))
        assert browser.get(page).status_code == (200 if label in SEES[name] else 403), page
        answer = browser.post(page, {}).status_code
        assert answer == (200 if label in CHANGES[name] else 403), page  # 200: the empty form is shown again


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_deletes_anything(people: dict[str, Staff], sign_in: SignIn, name: str) -> None:
    browser = sign_in(people[name])
    for label in ALL:
        answer = browser.post(address(label, "delete", some_row(label)), {"post": "yes"})
        assert answer.status_code == (302 if name == "vera" else 403), label
        listed = browser.post(
            address(label, "changelist"),
            {"action": "delete_selected", "_selected_action": [some_row(label)], "post": "y"},
        )
        assert listed.status_code in (200, 302, 403), label
        assert some_row(label)


@pytest.mark.parametrize("name", PEOPLE)
def test_the_side_menu_shows_only_what_opens(people: dict[str, Staff], sign_in: SignIn, name: str) -> None:
    if name == "vera":
        return
    page = sign_in(people[name]).get(reverse("admin:index")).content.decode()
    shown = {label for label in ALL if f'href="{address(label, "changelist")}"' in page}
    assert shown == SEES[name] - {"loyalty.lot", "loyalty.chainrun"}  # reached from the page of a client, of a chain


def test_roles_have_exactly_their_rights(db: None) -> None:
    for name, rights in ROLES.items():
        granted = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{code}" for app, code in granted} == rights


def test_no_role_may_write_history_or_delete() -> None:
    verbs = ("add", "change", "delete")
    history = {f"{app}.{verb}_{model}" for app, model in (h.split(".") for h in HISTORY) for verb in verbs}
    for rights in ROLES.values():
        assert not rights & history
        assert not any(".delete_" in right for right in rights)


def test_the_owner_is_not_raised_to_superuser_by_a_form(anna: Staff, sign_in: SignIn, gym: Gym) -> None:
    data = {"first_name": "Anna", "username": "anna", "role": Group.objects.get(name="owner").pk, "is_active": "on"}
    sign_in(anna).post(address("clients.staff", "change", anna.pk), data | {"is_superuser": "on"})
    anna.refresh_from_db()
    assert not anna.is_superuser


def test_a_role_decides_where_staff_sign_in(anna: Staff, sign_in: SignIn, gym: Gym) -> None:
    browser = sign_in(anna)
    form = {"username": "ivan", "password1": "long enough 77", "password2": "long enough 77", "usable_password": "true"}
    for role, has_office in (("front_desk", False), ("manager", True)):
        name = f"ivan_{role}"
        group = Group.objects.get(name=role)
        answer = browser.post(
            address("clients.staff", "add"), form | {"username": name, "role": group.pk, "locations": [gym.main.pk]}
        )
        assert answer.status_code == 302
        staff = Staff.objects.get(username=name)
        assert (staff.is_staff, list(staff.groups.all()), list(staff.locations.all())) == (
            has_office,
            [group],
            [gym.main],
        )
