"""The count of a promo code's uses is proved from the checks that used it."""

from __future__ import annotations

import pytest

from clients.models import Client, Location
from loyalty.models import IssuedCode, PromoCode, PromoUse
from loyalty.proof import prove
from tests import factories
from tests.till import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(location: Location, session: object, boris: Client) -> Till:
    """Boris has used SPRING on a check that stands, and on one that wholly came back."""
    PromoCode.objects.create(code="SPRING", name="Spring", percent=10)
    till = Till(now=factories.NOW)
    till.sell("session", client=boris, promo_codes=["spring"])
    till.refund(till.sell("session", client=boris, promo_codes=["spring"]))
    return till


def test_what_tills_and_refunds_count_proves(till: Till) -> None:
    assert IssuedCode.objects.get().used == 1
    assert prove() == []


def test_a_wrong_count_shows(till: Till) -> None:
    IssuedCode.objects.update(used=5)
    assert prove() == ["promo code SPRING: counted 5 times, 1 checks use it"]


def test_a_use_that_was_not_released_shows(till: Till) -> None:
    PromoUse.objects.update(released_at=None)
    IssuedCode.objects.update(used=2)
    returned = PromoUse.objects.latest("pk")
    assert prove() == [f"visit {returned.visit_id}: it has wholly come back, and still uses a promo code"]


def test_a_use_in_another_clients_name_shows(till: Till, alice: Client) -> None:
    use = PromoUse.objects.earliest("pk")
    PromoUse.objects.filter(pk=use.pk).update(client=alice)
    assert prove() == [f"promo code SPRING: a use on visit {use.visit_id} is of another client"]
