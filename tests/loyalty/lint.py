"""What the linter looks at, as values: a test states only what it is about.

FlexGym on Monday 2 March 2026: a session and a personal training (category training), a towel (category shop), Main
hall and Riverside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.audience import Segment
from loyalty.cashback import Cumulative
from loyalty.discounts.rules import CODE, CodeRule, LadderStep, Rule
from loyalty.findings import Finding, Known, Where
from loyalty.house import House, Place, Priced
from loyalty.linter import found_in
from loyalty.linter.loading import deal_of
from loyalty.linter.programs import Cashback, Codes, Deal, Gift, Program, Programs, Trial
from loyalty.money import Currency, Money
from loyalty.periods import WEEKDAYS, Week
from loyalty.scope import Scope
from loyalty.terms import Terms
from loyalty.tiers import Rung

TODAY = date(2026, 3, 2)
ZONE = ZoneInfo("America/New_York")
SERVICES = (
    Priced(1, "session", "Training session", "training", Money(2000), True, True),
    Priced(2, "personal", "Personal training", "training", Money(6000), True, True),
    Priced(3, "towel", "Towel", "shop", Money(300), False, False),
)
PLACES = (Place(1, "main", "Main hall", ZONE), Place(2, "riverside", "Riverside", ZONE))
HOUSE = House(
    name="FlexGym",
    currency=Currency("USD", 2),
    zone=ZONE,
    language="en",
    bonus_step=Money(1),
    bonus_limit_percent=Decimal(100),
    refund_min_days=14,
    allow_debt=True,
    earns_before_discounts=False,
    gift_cards_earn=True,
    memberships_earn=True,
    desk_refund_hours=0,
    manager_refund_days=None,
    places={place.code: place for place in PLACES},
    services={service.code: service for service in SERVICES},
    segments={},
)


def week(days: str = "", begin: str = "", end: str = "") -> Week:
    """`week("mon tue", "09:00", "12:00")`."""
    times = [time.fromisoformat(text) if text else None for text in (begin, end)]
    return Week(frozenset(WEEKDAYS.index(day) for day in days.split()), *times)


def _rule(code: str, kind: str, facts: dict[str, Any]) -> Rule:
    named, excluded = facts.pop("services", ()), facts.pop("exclude", ())
    given = not {"percent", "amount", "steps"} & set(facts)
    values: dict[str, Any] = {
        "id": sum(map(ord, code)) + (0 if kind == CODE else 100_000),
        "kind": kind,
        "code": code,
        "name": code.title(),
        "enabled": True,
        "percent": Decimal(10) if given else None,
        "amount": None,
        "most": None,
        "min_check": Money(0),
        "scope": Scope.of(named, excluded),
        "services": tuple(named),
        "places": frozenset(),
        "week": Week(),
        "from_day": None,
        "to_day": None,
        "segment": None,
        "client": None,
        "combinable": False,
        "priority": 200 if kind == CODE else 100,
        "earns": True,
    }
    return Rule(**{**values, **facts})


def discount(code: str = "regulars", kind: str = "permanent", **facts: Any) -> Deal:
    """10 % for everybody, alone, unless said otherwise."""
    return deal_of(_rule(code, kind, facts))


def promo(code: str = "SPRING", codes: Codes | None = None, **facts: Any) -> Deal:
    """A code of 10 % that can be used, alone, by everybody, unless said otherwise."""
    own: dict[str, Any] = {
        name: facts.pop(name) for name in ("is_batch", "bonus", "new_clients_only", "terms") if name in facts
    }
    values: dict[str, Any] = {"is_batch": False, "bonus": None, "terms": Terms(), "per_client": None}
    values |= {"new_clients_only": False, "staff_only": False, "valid_hours": None, **own}
    rule = CodeRule(rule=_rule(code, CODE, facts), **values)
    return deal_of(rule.rule, rule, codes or Codes(made=True, left=True))


def steps(*pairs: tuple[int, int]) -> tuple[LadderStep, ...]:
    return tuple(LadderStep(Money(start), Decimal(percent)) for start, percent in pairs)


def cashback(*rungs: tuple[str, int, int], terms: Terms | None = None, **facts: Any) -> Cashback:
    """`("Gold", 100000, 7)`: from 1,000.00 spent 7 %. Of facts, those of the program go to both."""
    terms = terms or Terms()
    shared = {name: facts[name] for name in ("from_day", "to_day", "segment", "scope") if name in facts}
    program = Program(Where("loyalty.cashbackprogram", 1), "“Cashback”", bonuses=terms, **shared)
    values: dict[str, Any] = {"id": 1, "code": "cashback", "name": "Cashback", "window_days": None}
    values |= {"from_day": None, "to_day": None, "terms": terms, **facts}
    made = tuple(Rung(i, name, Money(start), Decimal(percent)) for i, (name, start, percent) in enumerate(rungs))
    return Cashback(program, Cumulative(rungs=made, **values) if made else None)


def gift(trigger: str = "registration", *, gives_nothing: bool = False, **facts: Any) -> Gift:
    facts.setdefault("bonuses", Terms())
    own = {name: facts.pop(name) for name in ("amount", "budget", "left", "unknown_date") if name in facts}
    return Gift(Program(Where("loyalty.bonusprogram", 1), "“Welcome”", **facts), trigger, gives_nothing, **own)


def trial(*services: str, gives_nothing: bool = False, **facts: Any) -> Trial:
    return Trial(Program(Where("loyalty.trialprogram", 1), "“Try it”", **facts), frozenset(services), gives_nothing)


def programs(
    *given: Deal | Cashback | Gift | Trial,
    segments: Iterable[Segment] = (),
    off: Iterable[Segment] = (),
    empty: Iterable[int] = (),
    forgotten: Iterable[int] = (),
    usual_return: int | None = None,
    today: date = TODAY,
    **house: Any,
) -> Programs:
    """`segments` are on, those in `off` are not; `house` are changes of FlexGym."""
    segments, off = list(segments), list(off)
    return Programs(
        house=replace(HOUSE, segments={one.id: one for one in segments}, **house),
        known=Known(today, usual_return),
        deals=[one for one in given if isinstance(one, Deal)],
        cashback=[one for one in given if isinstance(one, Cashback)],
        gifts=[one for one in given if isinstance(one, Gift)],
        trials=[one for one in given if isinstance(one, Trial)],
        segments={one.id: one for one in (*segments, *off)},
        empty_segments=frozenset(empty),
        forgotten=frozenset(forgotten),
    )


def found(*given: Deal | Cashback | Gift | Trial, **more: Any) -> list[Finding]:
    return list(found_in(programs(*given, **more)))


def told(*given: Deal | Cashback | Gift | Trial, **more: Any) -> dict[str, str]:
    """Rule of the linter → what it says; each once."""
    findings = found(*given, **more)
    said = {one.rule: one.text for one in findings}
    assert len(said) == len(findings), findings
    return said
