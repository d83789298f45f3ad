"""A quote that was handed out, and another process that is asked to keep it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalty import rulebook
from loyalty.basket import Basket
from loyalty.checkout import Quote
from loyalty.promises import keeping
from tests.giftcards.conftest import gift, voucher
from tests.loyalty.conftest import cashback, till
from tests.memberships.conftest import five
from tests.till import Till

__all__ = ["cashback", "five", "gift", "till", "voucher"]
Promised = Callable[[Basket], Quote]


def another_process() -> None:
    """Whatever this one has in memory is gone."""
    keeping._kept.clear()
    rulebook._kept.clear()


@pytest.fixture(params=["the same process", "another process"])
def promised(request: pytest.FixtureRequest, till: Till) -> Promised:
    """Hand a quote out. What comes after is done by the same process, or by one that has nothing of it in memory."""

    def promise(basket: Basket) -> Quote:
        quoted = till.promise(basket)
        if request.param == "another process":
            another_process()
        return quoted

    return promise
