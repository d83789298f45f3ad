"""Years of one business, every program on, with a worker that is off for up to five days at a time.

Whatever its outages were, every client holds what the words say, lot by lot, and the ledger is proved. Two changes of
the clock, a 29 February. `python -m tests.simulation` plays a thousand clients for three years.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from loyalty.proof import check_ledger
from tests.simulation.play import House, differences, of_the_house, of_the_words
from tests.simulation.reference import Reference
from tests.simulation.script import Script, calm_days, outages

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2028, 2, 20), date(2028, 11, 20)
SEED = "two hands on a clock"
PATTERNS = [outages(f"{SEED}:{name}", FIRST, LAST) for name in ("flu", "builders")]


@pytest.mark.long
@pytest.mark.parametrize("off", PATTERNS, ids=["flu", "builders"])
def test_every_client_holds_what_the_words_say_whatever_the_outages_were(off: frozenset[date]) -> None:
    script = Script(FIRST, LAST, SEED, clients=8, calm=calm_days(FIRST, LAST, PATTERNS))
    house = House(script, off)
    house.play()

    assert differences(of_the_words(Reference(script).play()), of_the_house(house)) == []
    assert check_ledger(now=timezone.now()) == []


def test_the_worker_is_off_for_days_in_both_patterns() -> None:
    flu, builders = PATTERNS
    assert len(flu) > 20
    assert len(builders) > 20
    assert flu != builders
