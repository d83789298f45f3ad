"""A segment, a discount, a promo code or cashback with a mistake is refused, with the path of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from loyalty.setup import SetupRefused, load, read_yaml
from tests.setup.conftest import BY, Picture

SEGMENT = "segments: [{code: s, name: S, %s}]"
RULE = "segments: [{code: s, name: S, rule: {%s}}]"
DISCOUNT = "discounts: [{code: d, name: D, %s}]"
HOURS = "discounts: [{code: d, name: D, kind: hours, percent: 10, %s}]"
CODE = "promo_codes: [{code: C, %s}]"
CASHBACK = "cashback: [{code: cumulative, name: Cashback, tiers: [], %s}]"
MOMENT = "cashback: [{code: cumulative, name: Cashback, tiers: [], multipliers: [{%s}]}]"
TIME = 'must be a time like "09:30"'
DAYS = "mon or tue or wed or thu or fri or sat or sun"


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    errors: list[str]


CASES = [
    # segments
    Case("a segment without a rule", SEGMENT % "", ["segments[0].rule: is missing"]),
    Case("a rule of nothing", SEGMENT % "rule: null", ["segments[0].rule: must be a mapping (key: value)"]),
    Case("a condition that is not known", RULE % "visits: 5", ["segments[0].rule.visits: unknown key"]),
    Case("a negative count", RULE % "visits_min: -1",
        ["segments[0].rule.visits_min: must be between 0 and 1000000000"]),
    Case("a float of money", RULE % "spent_min: 1.5", ['segments[0].rule.spent_min: write it in quotes: "1.50"']),
    Case(
        "seen at least longer ago than at most",
        RULE % "last_visit_days_min: 31, last_visit_days_max: 30",
        ["segments[0].rule.last_visit_days_min: must not be more than last_visit_days_max"],
    ),
    Case("a thirteenth month", RULE % "birthday_month: 13",
        ["segments[0].rule.birthday_month: must be between 1 and 12"]),
    Case("a place that is not there", RULE % "location: north",
        ['segments[0].rule.location: there is no location "north"']),
    Case("a tag of nothing", RULE % 'tag: ""', ["segments[0].rule.tag: must not be empty"]),
    # discounts: what they name
    Case("a kind that is not known", DISCOUNT % "kind: sale, percent: 5", [
        "discounts[0].kind: must be permanent or cumulative or repeat or bundle or hours or cheapest or delivery"
    ]),
    Case("no kind", DISCOUNT % "percent: 5", ["discounts[0].kind: is missing"]),
    Case("a segment that is not there", DISCOUNT % "kind: permanent, percent: 5, segment: vip",
        ['discounts[0].segment: there is no segment "vip"']),
    Case("a place that is not there, of a discount", DISCOUNT % "kind: permanent, percent: 5, locations: [main, north]",
        ['discounts[0].locations[1]: there is no location "north"']),
    Case(
        "services that are not there",
        DISCOUNT % "kind: permanent, percent: 5, services: [session, sauna], exclude: [drinks, extras]",
        [
            'discounts[0].services[1]: there is no service or category "sauna"',
            'discounts[0].exclude[0]: there is no service or category "drinks"',
        ],
    ),
    Case("a category in other letters", DISCOUNT % "kind: permanent, percent: 5, services: [Training]",
        ['discounts[0].services[0]: there is no service or category "Training"']),
    Case("a service twice", DISCOUNT % "kind: permanent, percent: 5, services: [session, session]",
        ["discounts[0].services[1]: is listed twice"]),
    Case("one service without a list", DISCOUNT % "kind: permanent, percent: 5, services: session",
        ["discounts[0].services: must be a list"]),
    Case("a client who is not there", DISCOUNT % "kind: permanent, percent: 5, client: 12",
        ['discounts[0].client: there is no client "12"']),
    Case("a client by name", DISCOUNT % "kind: permanent, percent: 5, client: Boris",
        ["discounts[0].client: must be the id of a client"]),
    Case("a card of paper", DISCOUNT % "kind: permanent, percent: 5, card: paper",
        ["discounts[0].card: must be electronic or plastic"]),
    # discounts: when
    Case("a time with one digit", HOURS % "from_time: 9:00", [f"discounts[0].from_time: {TIME}"]),
    Case("a time after the day", HOURS % 'to_time: "24:00"', [f"discounts[0].to_time: {TIME}"]),
    Case("a minute after the hour", HOURS % "to_time: 12:60", [f"discounts[0].to_time: {TIME}"]),
    Case("a time with seconds", HOURS % "to_time: 12:00:00", [f"discounts[0].to_time: {TIME}"]),
    Case("a number for a time", HOURS % "to_time: 12", [f"discounts[0].to_time: {TIME}"]),
    Case("a day by its full name", HOURS % "weekdays: [monday]", [f"discounts[0].weekdays[0]: must be {DAYS}"]),
    Case("a day twice", HOURS % "weekdays: [mon, tue, mon]", ["discounts[0].weekdays[2]: is listed twice"]),
    Case("a day without a list", HOURS % "weekdays: mon", ["discounts[0].weekdays: must be a list"]),
    Case("an end before the beginning", HOURS % "weekdays: [mon], from: 2026-03-02, to: 2026-03-01",
        ["discounts[0].to: must not be before from"]),
    # discounts: what each kind takes
    Case("nothing off", DISCOUNT % "kind: permanent", ["discounts[0]: must have an amount or a percent"]),
    Case("two things off", DISCOUNT % "kind: permanent, percent: 5, amount: 5",
        ["discounts[0]: must have an amount or a percent, not both"]),
    Case("an amount of nothing", DISCOUNT % "kind: permanent, amount: 0", ["discounts[0].amount: must be more than 0"]),
    Case("a cap of nothing", DISCOUNT % "kind: permanent, percent: 5, max_discount: 0",
        ["discounts[0].max_discount: must be more than 0"]),
    Case("a ladder without steps", DISCOUNT % "kind: cumulative", ["discounts[0].steps: is missing"]),
    Case("a ladder with its own percent", DISCOUNT % "kind: cumulative, steps: [{from: 0, percent: 1}], percent: 5",
        ["discounts[0].percent: a cumulative discount takes its percents from steps"]),
    Case("two steps from one sum", DISCOUNT % "kind: cumulative, steps: [{from: 5, percent: 1}, {from: 5, percent: 2}]",
        ["discounts[0].steps[1].from: another row begins at the same sum"]),
    Case("a step without a percent", DISCOUNT % "kind: cumulative, steps: [{from: 5}]",
        ["discounts[0].steps[0].percent: is missing"]),
    Case("steps of another kind", DISCOUNT % "kind: permanent, percent: 5, steps: [{from: 5, percent: 1}]",
        ["discounts[0].steps: goes with kind cumulative only"]),
    Case("a repeat without days and services", DISCOUNT % "kind: repeat, percent: 5",
        ["discounts[0].days: is missing", "discounts[0].services: is missing"]),
    Case("days of another kind", DISCOUNT % "kind: permanent, percent: 5, days: 30",
        ["discounts[0].days: goes with kind repeat only"]),
    Case("a bundle of one", DISCOUNT % "kind: bundle, percent: 5, services: [session]",
        ["discounts[0].services: must name at least two"]),
    Case("a bundle of nothing", DISCOUNT % "kind: bundle, percent: 5", ["discounts[0].services: is missing"]),
    Case("happy hours at any hour", DISCOUNT % "kind: hours, percent: 5",
        ["discounts[0]: must have weekdays, from_time or to_time"]),
    Case("the cheapest of how many?", DISCOUNT % "kind: cheapest", ["discounts[0].buy: is missing"]),
    Case("the cheapest of one", DISCOUNT % "kind: cheapest, buy: 1", ["discounts[0].buy: must be between 2 and 100"]),
    Case("an amount off the cheapest", DISCOUNT % "kind: cheapest, buy: 3, amount: 5",
        ["discounts[0].amount: a discount of kind cheapest takes percent instead"]),
    Case("a delivery of what?", DISCOUNT % "kind: delivery, min_check: 50", ["discounts[0].services: is missing"]),
    Case("a key of promo codes", DISCOUNT % "kind: permanent, percent: 5, max_uses: 5",
        ["discounts[0].max_uses: unknown key"]),
    # promo codes
    Case("a code for nothing", CODE % "combinable: true", ["promo_codes[0]: must have percent, amount or bonus"]),
    Case("a code for two things", CODE % "percent: 5, bonus: {amount: 5}",
        ["promo_codes[0]: must have one of percent, amount and bonus, not more"]),
    Case("bonuses without an amount", CODE % "bonus: {lifetime: {days: 30}}",
        ["promo_codes[0].bonus.amount: is missing"]),
    Case("no use at all", CODE % "percent: 5, max_uses: 0",
        ["promo_codes[0].max_uses: must be between 1 and 1000000000"]),
    Case("hours of a shared code", CODE % "percent: 5, valid_hours: 5",
        ["promo_codes[0].valid_hours: goes with unique codes only: they are handed out one by one"]),
    Case("a code with a space", CODE.replace("code: C", 'code: "MY CODE"') % "percent: 5", [
        "promo_codes[0].code: Letters, digits, dashes and underscores, starting with a letter or digit"
    ]),
    Case("a kind of a code", CODE % "percent: 5, kind: hours", ["promo_codes[0].kind: unknown key"]),
    # cashback
    Case("cashback for whom?", CASHBACK % "segment: vip", ['cashback[0].segment: there is no segment "vip"']),
    Case("cashback on what?", CASHBACK % "services: [sauna]",
        ['cashback[0].services[0]: there is no service or category "sauna"']),
    Case("a cap of nothing on cashback", CASHBACK % "max_per_day: 0", ["cashback[0].max_per_day: must be more than 0"]),
    Case("one multiplier without a list", CASHBACK % "multipliers: {factor: 2}",
        ["cashback[0].multipliers: must be a list"]),
    Case("a multiplier always", MOMENT % "factor: 2",
        ["cashback[0].multipliers[0]: must have weekdays, from_time, to_time, from or to"]),
    Case("a multiplier without a factor", MOMENT % "weekdays: [mon]",
        ["cashback[0].multipliers[0].factor: is missing"]),
    Case("times nothing", MOMENT % 'factor: "0", weekdays: [mon]',
        ["cashback[0].multipliers[0].factor: must be more than 0 and at most 100"]),
    Case("times too much", MOMENT % 'factor: "100.001", weekdays: [mon]',
        ["cashback[0].multipliers[0].factor: must be more than 0 and at most 100"]),
    Case("times a float", MOMENT % "factor: 1.5, weekdays: [mon]",
        ['cashback[0].multipliers[0].factor: write it in quotes: "1.5"']),
    Case("times too exactly", MOMENT % 'factor: "1.0005", weekdays: [mon]',
        ["cashback[0].multipliers[0].factor: must have at most three digits after the point"]),
    Case("a multiplier that ends first", MOMENT % 'factor: "2", from: 2026-03-02, to: 2026-03-01',
        ["cashback[0].multipliers[0].to: must not be before from"]),
    # what says two things at once, or nothing
    Case("no step", DISCOUNT % "kind: cumulative, steps: []", ["discounts[0].steps: must have at least one"]),
    Case("from nine until nine", HOURS % 'from_time: "09:00", to_time: "09:00"',
        ["discounts[0].to_time: must not be the same as from_time"]),
    Case("in and out", DISCOUNT % "kind: permanent, percent: 5, services: [session], exclude: [session]",
        ["discounts[0].exclude[0]: is among the services too"]),
    Case("nothing that is no list", DISCOUNT % "kind: permanent, percent: 5, services: false",
        ["discounts[0].services: must be a list"]),
    Case("in and out of cashback", CASHBACK % "services: [session], exclude: [session]",
        ["cashback[0].exclude[0]: is among the services too"]),
    # the house and plans
    Case("half an hour", "business: {desk_refund_hours: 0.5}", ["business.desk_refund_hours: must be a whole number"]),
    Case("hours of no number", "business: {desk_refund_hours: null}",
        ["business.desk_refund_hours: must be a whole number"]),
    Case(
        "a refund by mood",
        'memberships: [{code: five, name: Five, sessions: 5, price: "90", services: [session], refund: some}]',
        ["memberships[0].refund: must be proportional or used or none"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_mistake_is_said_in_one_line_and_nothing_is_stored(
    case: Case, flexgym: str, picture: Callable[[], Picture]
) -> None:
    before = picture()
    with pytest.raises(SetupRefused) as refused:
        load(read_yaml(case.text), by=BY)
    assert str(refused.value).splitlines() == case.errors
    assert picture() == before


def test_a_price_list_with_mistakes_still_lends_its_names(flexgym: str) -> None:
    text = "services: [{code: sauna, name: '', category: warmth, price: 15}]\n" + DISCOUNT
    with pytest.raises(SetupRefused) as refused:
        load(read_yaml(text % "kind: bundle, percent: 5, services: [sauna, warmth]"), by=BY)
    assert refused.value.errors == [("services[0].name", "must not be empty")]
