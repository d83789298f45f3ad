"""The linter reads the programs of the house in a few questions, however many there are, and hears every mechanic."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client, Location
from clients.tags import set_tags
from loyalty.findings import Finding, Severity, Where
from loyalty.linter import findings, findings_about
from loyalty.linter.loading import usual_return
from loyalty.models import (
    BonusProgram,
    CashbackMultiplier,
    CodeBatch,
    Discount,
    DiscountStep,
    HouseRules,
    IssuedCode,
    PromoCode,
    Segment,
    Visit,
)
from loyalty.money import Money
from loyalty.rulebook import rulebook
from loyalty.setup import load, presets, read_yaml
from tests import factories
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
NOW = factories.NOW


def found() -> dict[str, list[str]]:
    """Rule → the labels of what it is about."""
    said: dict[str, list[str]] = {}
    for finding in findings(now=NOW):
        said.setdefault(finding.rule, []).append(finding.where.label if finding.where else "")
    return said


def promo(code: str = "SPRING", **facts: Any) -> PromoCode:
    given = not {"percent", "amount", "bonus_amount"} & set(facts)
    return PromoCode.objects.create(code=code, name=code.title(), **({"percent": 10} if given else {}), **facts)


def discount(code: str = "regulars", **facts: Any) -> Discount:
    return Discount.objects.create(code=code, name=code.title(), **{"kind": "permanent", "percent": 5, **facts})


def test_a_healthy_house_has_nothing_to_tell(till: Till, boris: Client) -> None:
    factories.CashbackTierFactory()
    factories.TrialFactory()
    factories.BonusProgramFactory()
    factories.ReferralProgramFactory()
    promo(max_uses=5)
    discount(segment=Segment.objects.create(code="all", name="All"))
    assert findings(now=NOW) == []


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.code)
def test_what_a_business_begins_with_is_healthy(db: None, preset: Any) -> None:
    load(read_yaml(preset.text), by=VERA)
    assert findings(now=NOW) == []


def test_what_is_off_is_not_told(till: Till) -> None:
    promo(enabled=False, to_day=date(2026, 1, 1))
    discount(enabled=False, percent=0)
    factories.BonusProgramFactory(enabled=False, limit_percent=0)
    factories.CashbackFactory(enabled=False)
    factories.TrialFactory(enabled=False, percent=0)
    assert findings(now=NOW) == []


def test_each_kind_of_program_is_looked_at(till: Till) -> None:
    over: dict[str, Any] = {"to_day": date(2026, 3, 1)}
    promo(**over)
    discount(**over)
    factories.BonusProgramFactory(**over)
    factories.CashbackFactory(**over)
    factories.TrialFactory(**over)
    factories.ReferralProgramFactory(**over)
    assert found() == {
        "ended": [
            "loyalty.discount",
            "loyalty.promocode",
            "loyalty.cashbackprogram",
            "loyalty.bonusprogram",
            "loyalty.trialprogram",
            "referrals.referralprogram",
        ]
    }


# --- promo codes ------------------------------------------------------------------------------------------------------


def test_a_code_is_used_up_when_its_row_says_so(till: Till) -> None:
    spring = promo(max_uses=2)
    IssuedCode.objects.filter(promo=spring).update(used=1)
    assert found() == {}
    IssuedCode.objects.filter(promo=spring).update(used=2)
    assert found() == {"used_up": ["loyalty.promocode"]}


def test_a_batch_is_looked_at_by_its_own_codes(till: Till) -> None:
    once = promo("ONCE", is_batch=True)
    IssuedCode.objects.create(promo=once, code="ONCE")  # left over from when it was one code for all
    assert found() == {"no_codes": ["loyalty.promocode"]}
    batch = CodeBatch.objects.create(promo=once, wanted=2, by="staff:anna")
    assert found() == {}
    for code in ("AAAA", "BBBB"):
        IssuedCode.objects.create(promo=once, batch=batch, code=code, limit=1, used=1)
    CodeBatch.objects.update(made=2)
    assert found() == {"used_up": ["loyalty.promocode"]}
    IssuedCode.objects.filter(code="BBBB").update(used=0)
    assert found() == {}


def test_two_codes_that_meet_are_told_to_both(till: Till) -> None:
    spring, fiver = promo(combinable=True), promo("FIVER", amount=500, combinable=True, priority=201)
    for code in (spring, fiver):
        assert [one.rule for one in findings_about("loyalty.promocode", code.pk, now=NOW)] == ["overlap"]
    assert findings_about("loyalty.promocode", fiver.pk + 1, now=NOW) == []
    assert findings_about("loyalty.discount", spring.pk, now=NOW) == []


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_segment_without_members_is_told_once_there_are_clients(till: Till) -> None:
    vip = Segment.objects.create(code="vip", name="VIP", tag="VIP")
    Segment.objects.create(code="unused", name="Unused", tag="nobody")
    discount(segment=vip)
    assert found() == {}
    boris = factories.ClientFactory()
    assert found() == {"nobody_in": ["loyalty.discount"]}
    set_tags(boris, ["VIP"], by=VERA)
    assert found() == {}


def test_a_program_that_begins_later_has_time_to_find_somebody(till: Till, boris: Client) -> None:
    vip = Segment.objects.create(code="vip", name="VIP", tag="VIP")
    discount(segment=vip, from_day=date(2026, 4, 1))
    assert found() == {}


def test_a_code_of_somebody_forgotten_is_told(till: Till, boris: Client) -> None:
    promo(client=boris)
    assert found() == {}
    Client.objects.update(erased_at=NOW)
    assert found() == {"forgotten_client": ["loyalty.promocode"]}


# --- usual returns ----------------------------------------------------------------------------------------------------


def visits(client: Client, location: Location, days: list[int], *, until: datetime = NOW) -> None:
    """Visits so many days apart, the last one now."""
    at = until
    for gap in [0, *days]:
        at -= timedelta(days=gap)
        factories.VisitFactory(client=client, location=location, at=at, line=None)


def test_the_usual_return_is_the_median_of_thirty_or_more(till: Till, location: Location) -> None:
    boris, alice = factories.ClientFactory(), factories.ClientFactory()
    visits(boris, location, [7] * 14)
    visits(alice, location, [20] * 15)
    assert usual_return(NOW) is None
    factories.VisitFactory(client=boris, location=location, at=NOW - timedelta(days=14 * 7 + 20), line=None)
    assert usual_return(NOW) == 20


def test_what_counts_for_nothing_is_no_return(till: Till, location: Location) -> None:
    boris = factories.ClientFactory()
    visits(boris, location, [10] * 30)
    assert usual_return(NOW) == 10
    assert usual_return(NOW + timedelta(days=70)) is None  # the first of them are a year old then
    last = Visit.objects.order_by("-at")[0]
    last.refunds.create(operation="back", at=NOW, by="staff:vera", is_whole=True)
    assert usual_return(NOW) is None
    factories.VisitFactory(client=boris, location=location, at=NOW, is_visit=False, line=None)
    factories.VisitFactory(client=None, location=location, at=NOW, line=None)
    assert usual_return(NOW) is None


def test_short_bonuses_are_measured_by_it(till: Till, location: Location) -> None:
    visits(factories.ClientFactory(), location, [11] * 30)
    factories.ReferralProgramFactory(lifetime_days=10)
    factories.CashbackTierFactory(program=factories.CashbackFactory(lifetime_days=11))
    factories.BonusProgramFactory(lifetime_days=10)
    factories.BonusProgramFactory(code="birthday", trigger="birthday", lifetime_days=3)
    promo("BONUS", bonus_amount=500, bonus_lifetime_days=10)
    assert found() == {"ends_before_return": ["loyalty.promocode", "loyalty.bonusprogram", "referrals.referralprogram"]}


# --- the whole --------------------------------------------------------------------------------------------------------


def test_what_is_grave_comes_first(till: Till) -> None:
    promo("PAST", to_day=date(2026, 1, 1))
    HouseRules.objects.update(bonus_limit_percent=0)
    rulebook()
    severities = [finding.severity for finding in findings(now=NOW)]
    assert severities == [Severity.GRAVE, Severity.NOTE]


def test_sentences_are_whole(till: Till) -> None:
    promo(percent=0)
    finding = findings(now=NOW)[0]
    assert isinstance(finding, Finding)
    assert finding.where == Where("loyalty.promocode", PromoCode.objects.get().pk)
    assert finding.text == "SPRING gives 0\N{NO-BREAK SPACE}%, which is nothing. Let it give more, or switch it off."


def asked() -> int:
    rulebook()
    with CaptureQueriesContext(connection) as queries:
        findings(now=NOW)
    return len(queries)


def one_more_of_everything(n: int, client: Client) -> None:
    segment = Segment.objects.create(code=f"s{n}", name=f"S{n}", tag=f"tag {n}")
    discount(f"d{n}", segment=segment, combinable=True)
    ladder = discount(f"l{n}", kind="cumulative", percent=None)
    DiscountStep.objects.create(discount=ladder, from_spent=Money(0), percent=3)
    promo(f"P{n}", combinable=True, client=client)
    batch = CodeBatch.objects.create(promo=promo(f"B{n}", is_batch=True), wanted=1, made=1, by="staff:anna")
    IssuedCode.objects.create(promo=batch.promo, batch=batch, code=f"CODE{n}", limit=1)
    tier = factories.CashbackTierFactory(program=factories.CashbackFactory(code=f"c{n}", segment=segment), name=f"T{n}")
    CashbackMultiplier.objects.create(program=tier.program, factor=2, weekdays="mon")
    BonusProgram.objects.create(code=f"b{n}", name=f"B{n}", trigger="registration", amount=100)
    factories.TrialFactory(code=f"t{n}")


def test_questions_do_not_grow_with_the_programs(till: Till, boris: Client, location: Location) -> None:
    visits(boris, location, [1] * 31)
    factories.ReferralProgramFactory()
    one_more_of_everything(0, boris)
    few = asked()
    for n in range(1, 6):
        one_more_of_everything(n, boris)
    assert asked() == few <= 14
