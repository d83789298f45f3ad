"""A location is closed for some days: what its clients hold lives so much longer, and nothing else does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clients.models import Client, Location
from clients.refusals import Invalid
from loyalty import closures
from loyalty.house import load_house
from loyalty.models import Closure, Entry, Extension, Lot, Visit
from loyalty.proof import prove
from tests import factories
from tests.closures.conftest import ANNA, Close, closing
from tests.night.value import account_of, give

pytestmark = pytest.mark.django_db
MARCH_31 = date(2026, 3, 31)
APRIL_5 = date(2026, 4, 5)


def end_of(lot: Lot) -> date | None:
    lot.refresh_from_db()
    return lot.last_day


def test_what_lives_lives_so_many_days_longer(main: Location, riverside: Location, boris: Client, close: Close) -> None:
    lot = give(boris, 10000, until=MARCH_31)

    closure = close(main)

    assert end_of(lot) == APRIL_5
    entry = Entry.objects.get(lot=lot, number=2)
    assert (entry.kind, entry.amount, entry.remaining, entry.last_day) == ("adjust", 0, 10000, APRIL_5)
    assert (entry.operation, entry.by) == (f"closure:{closure.pk}", "staff:anna")
    assert entry.note == "5 days longer: Main hall is closed. Repairs."
    assert list(Extension.objects.values_list("lot", "before", "after")) == [(lot.pk, MARCH_31, APRIL_5)]
    assert (closures.is_finished(closure), prove()) == (True, [])


def test_only_who_belongs_to_the_place_is_affected(
    main: Location, riverside: Location, boris: Client, alice: Client, close: Close
) -> None:
    hers = give(alice, 500, until=MARCH_31)

    close(main)

    assert end_of(hers) == MARCH_31


@pytest.mark.parametrize(("days_ago", "expected"), [(0, APRIL_5), (90, APRIL_5), (91, MARCH_31)])
def test_who_was_there_within_ninety_days_is(
    days_ago: int, expected: date, main: Location, riverside: Location, alice: Client, close: Close
) -> None:
    hers = give(alice, 500, until=MARCH_31)
    factories.VisitFactory(client=alice, location=main, at=factories.NOW - timedelta(days=days_ago))

    close(main)

    assert end_of(hers) == expected


def test_a_visit_that_came_back_whole_is_none(main: Location, riverside: Location, alice: Client, close: Close) -> None:
    hers = give(alice, 500, until=MARCH_31)
    visit: Visit = factories.VisitFactory(client=alice, location=main)
    visit.refunds.create(operation="back", at=factories.NOW, by="staff:vera", reason="late", is_whole=True)

    close(main)

    assert end_of(hers) == MARCH_31


def test_where_there_is_one_place_everybody_is(main: Location, alice: Client, close: Close) -> None:
    assert alice.home is None
    hers = give(alice, 500, until=MARCH_31)

    close(main)

    assert end_of(hers) == APRIL_5


LOTS = [
    pytest.param({"until": None}, None, id="for ever"),
    pytest.param({"until": date(2026, 3, 1)}, date(2026, 3, 1), id="ended before the closed days"),
    pytest.param({"until": date(2026, 3, 2)}, date(2026, 3, 7), id="ends on the first closed day"),
    pytest.param({"until": date(2026, 5, 1), "since": date(2026, 3, 6)}, date(2026, 5, 6), id="begins on the last one"),
    pytest.param({"until": date(2026, 5, 1), "since": date(2026, 3, 7)}, date(2026, 5, 1), id="begins after it"),
    pytest.param({"until": MARCH_31, "at": factories.NOW + timedelta(seconds=1)}, MARCH_31, id="came in later"),
]


@pytest.mark.parametrize(("facts", "expected"), LOTS)
def test_which_lots_it_is(
    facts: dict[str, Any], expected: date | None, main: Location, boris: Client, close: Close
) -> None:
    lot = give(boris, 100, **facts)

    close(main)

    assert (end_of(lot), prove()) == (expected, [])


def test_what_is_spent_and_what_is_owed_stays(main: Location, boris: Client, close: Close) -> None:
    debt = give(boris, -30, until=None)
    spent = give(boris, 100, until=MARCH_31)
    Lot.objects.filter(pk=spent.pk).update(remaining=0)

    close(main)

    assert (end_of(debt), end_of(spent), Extension.objects.count()) == (None, MARCH_31, 0)


def test_a_closure_that_has_begun_brings_nothing_back(main: Location, boris: Client, close: Close) -> None:
    """Closed since 20 February: what ended on 25 February has ended, whether a night has written it down or not."""
    ended, alive = give(boris, 100, until=date(2026, 2, 25)), give(boris, 100, until=date(2026, 3, 2))

    close(main, 14, date(2026, 2, 20))

    assert (end_of(ended), end_of(alive)) == (date(2026, 2, 25), date(2026, 3, 16))


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        ("bonuses", {"bonus": MARCH_31, "stamp": MARCH_31, "session": APRIL_5, "money": APRIL_5}),
        ("sessions", {"bonus": APRIL_5, "stamp": APRIL_5, "session": MARCH_31, "money": APRIL_5}),
        ("money", {"bonus": APRIL_5, "stamp": APRIL_5, "session": APRIL_5, "money": MARCH_31}),
    ],
)
def test_one_chooses_what_lives_longer(
    off: str, expected: dict[str, date], main: Location, boris: Client, close: Close
) -> None:
    for unit in expected:
        client = None if unit == "money" else boris
        account = account_of(boris) if unit == "bonus" else factories.AccountFactory(client=client, unit=unit)
        give(account, 5, until=MARCH_31)

    close(main, **{off: False})

    assert dict(Lot.objects.values_list("account__unit", "last_day")) == expected


def test_two_closures_add_up(main: Location, boris: Client, close: Close) -> None:
    lot = give(boris, 100, until=MARCH_31)

    close(main, 5)
    close(main, 3, date(2026, 3, 4))

    assert (end_of(lot), prove()) == (date(2026, 4, 8), [])


def test_the_same_key_closes_once(main: Location, boris: Client, close: Close) -> None:
    lot = give(boris, 100, until=MARCH_31)

    closure, again = close(main, key="once"), close(main, key="once")

    assert (closure.pk, end_of(lot), Entry.objects.filter(lot=lot).count()) == (again.pk, APRIL_5, 2)


REFUSED = [
    pytest.param({"days": 0}, "days", id="no days"),
    pytest.param({"days": 367}, "days", id="more than a year"),
    pytest.param({"from_day": date(2025, 12, 31)}, "from_day", id="61 days back"),
    pytest.param({"from_day": date(2027, 3, 4)}, "from_day", id="more than a year ahead"),
    pytest.param({"bonuses": False, "money": False, "sessions": False, "tiers": False}, "bonuses", id="nothing"),
]


@pytest.mark.parametrize(("facts", "field"), REFUSED)
def test_what_makes_no_sense_is_refused(facts: dict[str, Any], field: str, main: Location, close: Close) -> None:
    with pytest.raises(Invalid) as refused:
        close(main, **facts)

    assert (refused.value.field, Closure.objects.count()) == (field, 0)


def test_a_reason_must_be_said(main: Location) -> None:
    with pytest.raises(Invalid, match="Say why"):
        closures.close(closing=closing(main), reason=" ", key="k", by=ANNA, now=factories.NOW, house=load_house())


def test_the_preview_says_what_would_live_longer(
    main: Location, riverside: Location, boris: Client, alice: Client, close: Close
) -> None:
    give(boris, 10000, until=MARCH_31)
    give(boris, 2500, until=date(2026, 3, 10))
    give(alice, 700, until=MARCH_31)

    seen = closures.preview(closing(main))

    assert [(one.unit, one.lots, one.accounts, one.left) for one in seen.sums] == [("bonus", 2, 1, 12500)]
    assert [(one.whose, one.left, one.before, one.after) for one in seen.examples] == [
        ("Boris Petrov", 2500, date(2026, 3, 10), date(2026, 3, 15)),
        ("Boris Petrov", 10000, MARCH_31, APRIL_5),
    ]
    assert (seen.everybody, seen.tiers, list(seen.overlaps), seen.is_empty) == (False, 0, [], False)
    assert Entry.objects.filter(kind="adjust").count() == 0
    closure = close(main)
    assert list(closures.preview(closing(main)).overlaps) == [closure]


def test_a_gift_card_follows_the_place_where_it_was_sold(main: Location, riverside: Location, close: Close) -> None:
    cards = {}
    for place in (main, riverside):
        account = factories.AccountFactory(unit="money", client=None)
        line = factories.VisitFactory(location=place).lines.get()
        factories.GiftCardTypeFactory().cards.create(
            account=account, code_hash=place.code, last_four="ABCD", amount=5000, sold_on=line
        )
        cards[place.code] = give(account, 5000, until=MARCH_31)

    close(main)

    assert {code: end_of(lot) for code, lot in cards.items()} == {"main": APRIL_5, "riverside": MARCH_31}
