"""A document with mistakes is refused as a whole: one line for each, with its path, and nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from loyalty.setup import SetupRefused, dump, load, read_yaml
from tests import factories
from tests.setup.conftest import BY, Picture

SESSION = 'services: [{code: session, name: Training session, price: "20.00"}]'
TIERS = "cashback: [{code: cumulative, name: Cashback, tiers: [%s]}]"
BONUS = "bonuses: [{code: gift, name: Gift, %s}]"
REFERRAL = "referral: {%s}"
KINDS = "amount, discount_percent, gift_card, membership"
BUSINESS = "business: {name: FlexGym, currency: USD, timezone: America/New_York, %s}"
CARD = "gift_cards: [{code: gift, name: Gift card, %s}]"
PLAN = 'memberships: [{code: five, name: Five, sessions: 5, price: "90.00", services: [session], %s}]'


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    errors: list[str]


CASES = [
    Case("unknown section", "puzzles: []", ["puzzles: unknown key"]),
    Case("unknown key", SESSION.replace("name", "colour: red, name"), ["services[0].colour: unknown key"]),
    Case(
        "percent of 700",
        TIERS % '{name: Start, from: "0", percent: "3"}, {name: Silver, from: "500", percent: "700"}',
        ["cashback[0].tiers[1].percent: must be between 0 and 100"],
    ),
    Case(
        "percent of 7000, without quotes",
        TIERS % "{name: Start, from: 0, percent: 7000}",
        ["cashback[0].tiers[0].percent: must be between 0 and 100"],
    ),
    Case(
        "negative percent",
        TIERS % '{name: Start, from: "0", percent: "-3"}',
        ["cashback[0].tiers[0].percent: must be between 0 and 100"],
    ),
    Case(
        "percent with a sign",
        TIERS % '{name: Start, from: "0", percent: "3 %"}',
        ["cashback[0].tiers[0].percent: must be a percentage like 7.5"],
    ),
    Case(
        "two tiers with the same threshold",
        TIERS % '{name: Start, from: "500", percent: "3"}, {name: Silver, from: "500.00", percent: "5"}',
        ["cashback[0].tiers[1].from: another row begins at the same sum"],
    ),
    Case(
        "missing service of a trial",
        "trials: [{code: trial, name: Trial, services: [sessoin]}]",
        ['trials[0].services[0]: there is no service "sessoin"'],
    ),
    Case(
        "missing service of a plan",
        PLAN.replace("[session]", "[session, sauna]") % "",
        ['memberships[0].services[1]: there is no service "sauna"'],
    ),
    Case(
        "a service listed twice",
        PLAN.replace("[session]", "[session, session]") % "",
        ["memberships[0].services[1]: is listed twice"],
    ),
    Case(
        "two rows with one code",
        "locations: [{code: main, name: Main}, {code: main, name: Other}]",
        ["locations[1].code: the code main is already used by locations[0]"],
    ),
    Case(
        "one code for two programs that give bonuses",
        "cashback: [{code: twin, name: Cashback, tiers: []}]\n"
        'bonuses: [{code: twin, name: Gift, trigger: registration, amount: "5"}]',
        ["bonuses[0].code: the code twin is already used by cashback[0]"],
    ),
    Case("missing keys", "services: [{code: sauna}]",
        ["services[0].name: is missing", "services[0].price: is missing"]),
    Case(
        "odd code",
        "locations: [{code: main hall, name: Main}]",
        [
            "locations[0].code: Letters, digits, dashes and underscores, starting with a letter or digit",
        ],
    ),
    Case("no list", "services: {session: 20}", ["services: must be a list"]),
    Case("no mapping", "services: [session]", ["services[0]: must be a mapping (key: value)"]),
    Case("nothing", "services:", ["services: must be a list"]),
    Case("empty name", SESSION.replace("Training session", '" "'), ["services[0].name: must not be empty"]),
    Case(
        "long name", SESSION.replace("Training session", "x" * 121),
        ["services[0].name: must have at most 120 characters"]
    ),
    Case("two lines", SESSION.replace("Training session", '"a\\nb"'), ["services[0].name: must be one line of text"]),
    Case("NUL", SESSION.replace("Training session", '"a\\0b"'), ["services[0].name: must be one line of text"]),
    Case(
        "number for a name",
        SESSION.replace("Training session", "12"),
        ["services[0].name: must be text (in quotes, if it looks like a number)"],
    ),
    Case("float", SESSION.replace('"20.00"', "20.00"), ['services[0].price: write it in quotes: "20.00"']),
    Case("no number", SESSION.replace('"20.00"', ".nan"), ['services[0].price: write it in quotes: "20.00"']),
    Case(
        "percent as a float",
        TIERS % '{name: Start, from: "0", percent: 7.5}',
        ['cashback[0].tiers[0].percent: write it in quotes: "7.5"'],
    ),
    Case(
        "too many digits", SESSION.replace("20.00", "20.001"), ["services[0].price: USD has 2 digits after the point"]
    ),
    Case("comma", SESSION.replace("20.00", "20,00"), ["services[0].price: must be an amount like 12.50"]),
    Case("negative price", SESSION.replace('"20.00"', "-20"), ["services[0].price: must not be negative"]),
    Case("endless amount", SESSION.replace('"20.00"', "1" + "0" * 22), ["services[0].price: is too large"]),
    Case("true for a price", SESSION.replace('"20.00"', "true"),
        ['services[0].price: must be a number in quotes, like "20"']),
    Case(
        "yes is text in YAML 1.2", SESSION.replace("}", ", earns: yes}"), ["services[0].earns: must be true or false"]
    ),
    Case(
        "unknown currency",
        BUSINESS.replace("USD", "USX") % "",
        ["business.currency: USX is not a currency code of ISO 4217"],
    ),
    Case(
        "unknown time zone",
        BUSINESS.replace("America/New_York", "America/Gotham") % "",
        ["business.timezone: America/Gotham is not a time zone like Europe/Moscow"],
    ),
    Case("unknown language", BUSINESS % "language: de", ["business.language: must be en or ru"]),
    Case("no step at all", BUSINESS % 'bonus_step: "0"', ["business.bonus_step: must be more than 0"]),
    Case("half a day", BUSINESS % "refund_min_days: 0.5", ["business.refund_min_days: must be a whole number"]),
    Case(
        "end before the beginning",
        BONUS % 'trigger: campaign, percent: "20", from: 2026-11-29, to: 2026-11-23',
        ["bonuses[0].to: must not be before from"],
    ),
    Case(
        "a day that is not in the calendar",
        BONUS % 'trigger: campaign, percent: "20", from: 2026-02-30',
        ["bonuses[0].from: must be a date like 2026-11-23"],
    ),
    Case(
        "unknown trigger",
        BONUS % 'trigger: wedding, amount: "5"',
        [
            (
                "bonuses[0].trigger: must be registration or first_check or nth_visit or birthday or anniversary or "
                "personal_date or inactivity or campaign or action or spent or balance"
            )
        ],
    ),
    Case("birthday without amount", BONUS % "trigger: birthday", ["bonuses[0].amount: is missing"]),
    Case(
        "birthday with a percent",
        BONUS % 'trigger: birthday, percent: "5"',
        ["bonuses[0].percent: a bonus with trigger birthday takes amount instead"],
    ),
    Case("which visit?", BONUS % 'trigger: nth_visit, percent: "5"', ["bonuses[0].nth: is missing"]),
    Case("no visit before the first", BONUS % 'trigger: nth_visit, nth: 0, percent: "5"', [
        "bonuses[0].nth: must be between 1 and 30000"
    ]),
    Case("how long an absence?", BONUS % 'trigger: inactivity, amount: "5"', ["bonuses[0].days: is missing"]),
    Case(
        "amount and percent",
        BONUS % 'trigger: nth_visit, nth: 1, percent: "5", amount: "5"',
        ["bonuses[0]: must have an amount or a percent, not both"],
    ),
    Case(
        "key of another trigger",
        BONUS % 'trigger: registration, nth: 1, amount: "5"',
        ["bonuses[0].nth: goes with trigger nth_visit only"],
    ),
    Case(
        "keys of other triggers",
        BONUS % 'trigger: campaign, amount: "5", once: true, repeat_days: 9, reaches: "5", date_name: child',
        [
            "bonuses[0].date_name: goes with trigger personal_date only",
            "bonuses[0].repeat_days: goes with trigger inactivity or action only",
            "bonuses[0].once: goes with trigger action only",
            "bonuses[0].reaches: goes with trigger spent or balance only",
        ],
    ),
    Case("which sum?", BONUS % 'trigger: spent, amount: "5"', ["bonuses[0].reaches: is missing"]),
    Case("which date?", BONUS % 'trigger: personal_date, amount: "5"', ["bonuses[0].date_name: is missing"]),
    Case(
        "once, again and again",
        BONUS % 'trigger: action, amount: "5", once: true, repeat_days: 30',
        ["bonuses[0].repeat_days: says how often, and once is once: leave one of them out"],
    ),
    Case("nothing for the first check", BONUS % "trigger: first_check", [
        "bonuses[0]: must have an amount or a percent"
    ]),
    Case(
        "an action has no check",
        BONUS % 'trigger: action, percent: "5"',
        ["bonuses[0].percent: a bonus with trigger action takes amount instead"],
    ),
    Case("no budget at all", BONUS % 'trigger: action, amount: "5", budget: "0"', [
        "bonuses[0].budget: must be more than 0"
    ]),
    Case(
        "nobody, nowhere, no letter",
        BONUS % 'trigger: action, amount: "5", segment: vips, locations: [mars], letter: thanks',
        [
            'bonuses[0].segment: there is no segment "vips"',
            'bonuses[0].locations[0]: there is no location "mars"',
            'bonuses[0].letter: there is no letter "thanks"',
        ],
    ),
    Case(
        "two lifetimes",
        BONUS % 'trigger: registration, amount: "5", bonus: {lifetime: {days: 30, months: 1}}',
        ["bonuses[0].bonus.lifetime: must be {days: N} or {months: N}"],
    ),
    Case(
        "a lifetime of nothing",
        BONUS % 'trigger: registration, amount: "5", bonus: {lifetime: {}}',
        ["bonuses[0].bonus.lifetime: must be {days: N} or {months: N}"],
    ),
    Case(
        "a lifetime without its unit",
        BONUS % 'trigger: registration, amount: "5", bonus: {lifetime: 30}',
        ["bonuses[0].bonus.lifetime: must be {days: N} or {months: N}"],
    ),
    Case(
        "odd window",
        "cashback: [{code: cumulative, name: Cashback, tiers: [], window: year}]",
        ["cashback[0].window: must be lifetime or {days: N}"],
    ),
    Case(
        "referrer with percent and amount",
        REFERRAL % 'referrer: {percent: "5", amount: "10"}',
        [f"referral.referrer: must have one of these, and no two: percent, {KINDS}"],
    ),
    Case(
        "referrer with nothing",
        REFERRAL % "referrer: {when: every_visit}",
        [f"referral.referrer: must have one of these, and no two: percent, {KINDS}"],
    ),
    Case(
        "friend with both",
        REFERRAL % 'friend: {discount_percent: "5", amount: "10"}',
        [f"referral.friend: must have one of these, and no two: {KINDS}"],
    ),
    Case(
        "when?",
        REFERRAL % 'friend: {amount: "10", when: every_visit}',
        ["referral.friend.when: must be registration or first_visit"],
    ),
    Case(
        "a reward that nobody can give",
        REFERRAL % "referrer: {gift_card: {type: other, amount: 50}}, friend: {membership: other}",
        [
            'referral.referrer.gift_card.type: there is no gift card type "other"',
            'referral.friend.membership: there is no membership plan "other"',
        ],
    ),
    Case(
        "a gift card without an amount",
        REFERRAL % "milestones: [{friends: 5, gift_card: {type: gift}}]",
        ["referral.milestones[0].gift_card.amount: is missing"],
    ),
    Case(
        "milestones that are none",
        REFERRAL % "milestones: [{friends: 0, amount: 5}, {friends: 5}, {friends: 5, amount: 5}]",
        [
            "referral.milestones[0].friends: must be between 1 and 1000000000",
            f"referral.milestones[1]: must have one of these, and no two: {KINDS}",
            "referral.milestones[2].friends: is listed twice",
        ],
    ),
    Case("a list of referral programs", "referral: []", ["referral: must be a mapping (key: value)"]),
    Case("card of nothing", CARD % 'denominations: ["0"]', ["gift_cards[0].denominations[0]: must be more than 0"]),
    Case("card twice", CARD % 'denominations: ["20", 20]', ["gift_cards[0].denominations[1]: is listed twice"]),
    Case("cards count days only", CARD % "denominations: [20], valid: {months: 6}",
        ["gift_cards[0].valid.months: unknown key"]),
    Case("plans start in three ways", PLAN % "starts: never",
        ["memberships[0].starts: must be purchase or first_visit or date"]),
    Case("a number for a key", "services: [{1: 2, code: a, name: A, price: 1}]", ["services[0].1: unknown key"]),
    Case("a key of two lines", '{"a\\nb": 1}', ["'a\\nb': unknown key"]),
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


def test_all_mistakes_are_told_at_once(picture: Callable[[], Picture]) -> None:
    text = """
    business: {name: Gym, currency: USX, timezone: Europe/Gotham}
    services:
      - {code: session, name: Session, price: "20.00", colour: red}
    cashback:
      - code: cumulative
        name: Cashback
        tiers: [{name: Start, from: "0", percent: "3"}, {name: Silver, from: "0", percent: "700"}]
    trials: [{code: trial, name: Trial, services: [session, sessoin]}]
    """
    before = picture()
    with pytest.raises(SetupRefused) as refused:
        load(read_yaml(text), by=BY)
    assert refused.value.errors == [
        ("business.currency", "USX is not a currency code of ISO 4217"),
        ("business.timezone", "Europe/Gotham is not a time zone like Europe/Moscow"),
        ("services[0].colour", "unknown key"),
        ("cashback[0].tiers[1].percent", "must be between 0 and 100"),
        ("cashback[0].tiers[1].from", "another row begins at the same sum"),
        ("trials[0].services[1]", 'there is no service "sessoin"'),
    ]
    assert refused.value.code == "invalid"
    assert picture() == before


def test_a_mistake_in_the_last_section_leaves_the_first_one_alone(flexgym: str, picture: Callable[[], Picture]) -> None:
    before = picture()
    with pytest.raises(SetupRefused):
        load({"locations": [{"code": "new", "name": "New"}], "memberships": [{}]}, by=BY)
    assert picture() == before


def test_a_first_document_must_say_who_the_business_is(db: None) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"locations": [{"code": "main", "name": "Main"}]}, by=BY)
    assert refused.value.errors == [("business", "is missing, and there is no business yet")]
    with pytest.raises(SetupRefused) as refused:
        load({"business": {"name": "Gym"}}, by=BY)
    assert refused.value.errors == [("business.currency", "is missing"), ("business.timezone", "is missing")]
    assert dump() == {}


def test_the_currency_cannot_change_once_there_are_checks_in_it(flexgym: str, picture: Callable[[], Picture]) -> None:
    from clients.models import Location
    from loyalty.models import Service

    factories.VisitFactory(
        location=Location.objects.get(code="main"), line__service=Service.objects.get(code="session")
    )
    before = picture()
    with pytest.raises(SetupRefused) as refused:
        load({"business": {"currency": "EUR"}}, by=BY)
    assert refused.value.errors == [("business.currency", "cannot change from USD: there are checks or bonuses in it")]
    assert picture() == before


def test_the_digits_of_the_currency_cannot_change_under_stored_amounts(
    flexgym: str, picture: Callable[[], Picture]
) -> None:
    before = picture()
    with pytest.raises(SetupRefused) as refused:
        load({"business": {"currency": "JPY"}}, by=BY)
    assert refused.value.errors == [
        ("business.currency", "cannot change from USD: amounts that are set up have its digits after the point")
    ]
    assert picture() == before


@pytest.mark.parametrize("document", [[], "text", 12, None])
def test_a_document_is_a_mapping(document: Any, db: None) -> None:
    with pytest.raises(SetupRefused, match="the document must be a mapping of sections"):
        load(document, by=BY)


def test_a_date_may_come_as_a_date(flexgym: str) -> None:
    bonus = {"code": "week", "name": "Week", "trigger": "campaign", "percent": "20", "from": date(2026, 11, 23)}
    load({"bonuses": [bonus]}, by=BY)
    assert dump()["bonuses"][0]["from"] == "2026-11-23"
