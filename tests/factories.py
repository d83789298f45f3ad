"""Rows with sensible defaults: a test states only what it is about.

The business is FlexGym (USD, New York). Whoever needs people takes them by name: Anna owns it, Vera stands at the desk,
Boris and Alice are clients, Pavel works at another branch.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from clients.models import Business, Card, Client, Location, Staff
from giftcards.models import Denomination, GiftCardType
from loyalty.models import (
    Account,
    ApiKey,
    BonusProgram,
    CashbackProgram,
    CashbackTier,
    CodeBatch,
    Discount,
    DiscountStep,
    HouseRules,
    IssuedCode,
    PromoCode,
    Segment,
    Service,
    TierChange,
    TrialProgram,
    TrialService,
    Visit,
    VisitLine,
)
from loyalty.money import Money
from memberships.models import Plan, PlanService
from referrals.models import ReferralProgram

# Noon in New York on a Monday. The `now` of every test that does not say otherwise.
NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
REGISTERED = datetime(2026, 1, 15, 15, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


class BusinessFactory(DjangoModelFactory):
    class Meta:
        model = Business
        django_get_or_create = ("id",)

    id = Business.ONLY
    name = "FlexGym"
    currency = "USD"
    timezone = "America/New_York"
    language = "en"


class HouseRulesFactory(DjangoModelFactory):
    class Meta:
        model = HouseRules
        django_get_or_create = ("business",)

    business = factory.SubFactory(BusinessFactory)
    bonus_step = Money(1)


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location
        django_get_or_create = ("code",)

    business = factory.SubFactory(BusinessFactory)
    code = "main"
    name = "Main hall"


class StaffFactory(DjangoModelFactory):
    """Somebody who works here, without rights. `role="owner"` puts them into that group."""

    class Meta:
        model = Staff
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    first_name = "Vera"
    last_name = "Desk"
    is_staff = True
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def role(self: Any, create: bool, extracted: str | None, **_kwargs: Any) -> None:
        if create and extracted:
            from django.contrib.auth.models import Group

            self.groups.add(Group.objects.get(name=extracted))

    @factory.post_generation
    def locations(self: Any, create: bool, extracted: list[Location] | None, **_kwargs: Any) -> None:
        if create and extracted:
            self.locations.set(extracted)


class ClientFactory(DjangoModelFactory):
    """A person with a primary card; `card=None` makes one without."""

    class Meta:
        model = Client
        skip_postgeneration_save = True

    first_name = "Boris"
    last_name = "Petrov"
    phone = factory.Sequence(lambda n: f"+1646555{n:04d}")
    email = factory.Sequence(lambda n: f"client{n}@example.com")
    created_at = REGISTERED
    card = factory.RelatedFactory("tests.factories.CardFactory", factory_related_name="client")


class CardFactory(DjangoModelFactory):
    class Meta:
        model = Card

    client = factory.SubFactory(ClientFactory, card=None)
    number = factory.Sequence(lambda n: with_check_digit(f"4{n:06d}"))


class ServiceFactory(DjangoModelFactory):
    """A training session of 20.00."""

    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = "session"
    name = "Training session"
    category = "training"
    price = Money(2000)


class AccountFactory(DjangoModelFactory):
    """A client's bonus account."""

    class Meta:
        model = Account

    client = factory.SubFactory(ClientFactory)
    unit = "bonus"
    operation = factory.Sequence(lambda n: f"test:account:{n}")


class ApiKeyFactory(DjangoModelFactory):
    class Meta:
        model = ApiKey

    name = factory.Sequence(lambda n: f"till {n}")
    key_hash = factory.Sequence(lambda n: f"{n:064d}")


class VisitFactory(DjangoModelFactory):
    """A closed check of 20.00 paid in cash, with one line and no ledger entries: enough for lists and reports."""

    class Meta:
        model = Visit
        skip_postgeneration_save = True

    operation = factory.Sequence(lambda n: f"test:visit:{n}")
    client = factory.SubFactory(ClientFactory)
    location = factory.SubFactory(LocationFactory)
    at = NOW
    by = "staff:vera"
    is_visit = True
    list_total = check_total = to_pay = base = spent = Money(2000)
    line = factory.RelatedFactory("tests.factories.VisitLineFactory", factory_related_name="visit")


class VisitLineFactory(DjangoModelFactory):
    class Meta:
        model = VisitLine

    visit = factory.SubFactory(VisitFactory, line=None)
    number = 1
    service = factory.SubFactory(ServiceFactory)
    code = "session"
    name = "Training session"
    quantity = 1
    price = list = to_pay = base = spent = Money(2000)


class CashbackFactory(DjangoModelFactory):
    """Cumulative cashback without rungs: `CashbackTierFactory` adds them."""

    class Meta:
        model = CashbackProgram
        django_get_or_create = ("code",)

    code = "cumulative"
    name = "Cashback"


class CashbackTierFactory(DjangoModelFactory):
    class Meta:
        model = CashbackTier

    program = factory.SubFactory(CashbackFactory)
    name = "Start"
    from_spent = Money(0)
    percent = 3


class BonusProgramFactory(DjangoModelFactory):
    """100 bonuses on joining."""

    class Meta:
        model = BonusProgram
        django_get_or_create = ("code",)

    code = "welcome"
    name = "Welcome"
    trigger = "registration"
    on_since = datetime(2020, 1, 1, tzinfo=UTC)
    amount = Money(10000)


class TrialFactory(DjangoModelFactory):
    """Half of the price off a newcomer's first session."""

    class Meta:
        model = TrialProgram
        skip_postgeneration_save = True
        django_get_or_create = ("code",)

    code = "trial"
    name = "Trial session"
    percent = 50
    service = factory.RelatedFactory("tests.factories.TrialServiceFactory", factory_related_name="trial")


class TrialServiceFactory(DjangoModelFactory):
    class Meta:
        model = TrialService

    trial = factory.SubFactory(TrialFactory, service=None)
    service = factory.SubFactory(ServiceFactory)


class SegmentFactory(DjangoModelFactory):
    """Regulars: five visits and more."""

    class Meta:
        model = Segment
        django_get_or_create = ("code",)

    code = "regulars"
    name = "Regulars"
    visits_min = 5


class DiscountFactory(DjangoModelFactory):
    """10 % off everything for everybody, used alone. `amount` stands in the place of the percent."""

    class Meta:
        model = Discount
        django_get_or_create = ("code",)

    code = "ten"
    name = factory.LazyAttribute(lambda row: row.code.capitalize())
    kind = "permanent"
    amount = None
    percent = factory.LazyAttribute(lambda row: None if row.amount is not None or row.kind == "cumulative" else 10)


class DiscountStepFactory(DjangoModelFactory):
    """3 % from 500.00 of total spent, of a cumulative discount."""

    class Meta:
        model = DiscountStep

    discount = factory.SubFactory(DiscountFactory, code="ladder", name="Ladder", kind="cumulative")
    from_spent = Money(50000)
    percent = 3


class PromoCodeFactory(DjangoModelFactory):
    """SPRING, 10 % off everything, used alone. `amount` or `bonus_amount` stands in the place of the percent."""

    class Meta:
        model = PromoCode
        django_get_or_create = ("code",)

    code = "SPRING"
    name = factory.LazyAttribute(lambda row: row.code)
    amount = None
    bonus_amount = None
    percent = factory.LazyAttribute(lambda row: 10 if row.amount is None and row.bonus_amount is None else None)


class IssuedCodeFactory(DjangoModelFactory):
    """A unique code of a batch, for one use."""

    class Meta:
        model = IssuedCode

    promo = factory.SubFactory(PromoCodeFactory, code="batch", name="Letter", is_batch=True)
    code = factory.Sequence(lambda n: f"LETTER-{n:04d}")
    limit = 1

    @factory.lazy_attribute
    def batch(self: Any) -> CodeBatch:
        made: CodeBatch = CodeBatch.objects.get_or_create(promo=self.promo, wanted=9, made=9, by="staff:anna")[0]
        return made


class ReferralProgramFactory(DjangoModelFactory):
    """The referrer gets 5 % of every check, the friend 100 bonuses on joining."""

    class Meta:
        model = ReferralProgram
        django_get_or_create = ("code",)

    code = ReferralProgram.CODE
    name = "Referral program"
    referrer_percent = 5
    friend_amount = Money(10000)


class GiftCardTypeFactory(DjangoModelFactory):
    """Valid 180 days, for one check. `DenominationFactory` adds what it is sold for."""

    class Meta:
        model = GiftCardType
        django_get_or_create = ("code",)

    code = "gift"
    name = "Gift card"
    valid_days = 180


class DenominationFactory(DjangoModelFactory):
    class Meta:
        model = Denomination

    type = factory.SubFactory(GiftCardTypeFactory)
    amount = Money(5000)


class PlanFactory(DjangoModelFactory):
    """Five sessions valid 90 days for 90.00."""

    class Meta:
        model = Plan
        skip_postgeneration_save = True
        django_get_or_create = ("code",)

    code = "five"
    name = "5 sessions"
    sessions = 5
    price = Money(9000)
    valid_days = 90
    service = factory.RelatedFactory("tests.factories.PlanServiceFactory", factory_related_name="plan")


class PlanServiceFactory(DjangoModelFactory):
    class Meta:
        model = PlanService

    plan = factory.SubFactory(PlanFactory, service=None)
    service = factory.SubFactory(ServiceFactory)


def with_check_digit(digits: str) -> str:
    """The number and its Luhn check digit."""
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))]
    return f"{digits}{-sum(number // 10 + number % 10 for number in doubled) % 10}"


class TierChangeFactory(DjangoModelFactory):
    """Thresholds that the night is to count."""

    class Meta:
        model = TierChange

    by = "staff:anna"
