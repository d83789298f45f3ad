"""Beside the check the desk reads who brought the client: a friend, or a partner outside."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from clients.models import Client
from loyalty.registration import register
from referrals.models import Partner
from tests.desk.screen import Screen
from tests.till import VERA

pytestmark = pytest.mark.django_db


def brought_by(said: str) -> Client:
    return register(details={"first_name": "Paul"}, extras={"referrer": said}, by=VERA, now=timezone.now())


def test_a_friend(desk: Screen, boris: Client) -> None:
    desk.open(brought_by(boris.referral_code.code))
    assert f"brought by {boris.short_name}" in desk.text


def test_a_partner(desk: Screen, boris: Client) -> None:
    Partner.objects.create(code="RUNNERS", name="City Runners", percent=Decimal(5))
    desk.open(brought_by("runners"))
    assert "brought by City Runners" in desk.text
