"""Rows of what clients are given besides bonuses, with sensible defaults."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from loyalty.models import GiftProgram, Prize, StampProgram
from loyalty.money import Money
from tests.factories import ServiceFactory


class StampProgramFactory(DjangoModelFactory):
    """Three sessions give a free one. `kind="miles"` with `per_amount` counts money instead."""

    class Meta:
        model = StampProgram
        django_get_or_create = ("code",)

    code = "three"
    name = "Three sessions"
    services = factory.LazyFunction(lambda: ["session"])
    needed = 3


class GiftProgramFactory(DjangoModelFactory):
    """A free session for a check from 100.00. `service=None` with `amount` gives bonuses, with `good` a gift card."""

    class Meta:
        model = GiftProgram
        django_get_or_create = ("code",)

    code = "hundred"
    name = "Big check"
    when = "check"
    from_sum = Money(10000)
    service = factory.SubFactory(ServiceFactory)


class PrizeFactory(DjangoModelFactory):
    """A bottle for 50.00 bonuses, any number of them. With `service` it is a free service."""

    class Meta:
        model = Prize
        django_get_or_create = ("code",)

    code = "bottle"
    name = "Bottle"
    price = Money(5000)
