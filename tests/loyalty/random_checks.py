"""Checks and programs of every kind, drawn at random, as plain values: no database.

Whether a rule is for this moment, place and client is known by how it was drawn (`for_this_check`); what it then does
to the check is worked out by the house (`worked_out`) and, from the words of the domain, by `slow_reference`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from giftcards.mechanic import Counter
from giftcards.paying import Offered
from loyalty.audience import Segment
from loyalty.bonuses import BonusStep
from loyalty.cashback import CashbackStep, Cumulative, Giving
from loyalty.discounts.codes import Typed
from loyalty.discounts.fitting import misfit
from loyalty.discounts.mechanic import PromoBonusStep
from loyalty.discounts.rules import CODE, CodeRule, LadderStep, Rule
from loyalty.discounts.step import Asked, DiscountStep
from loyalty.house import House, Place
from loyalty.ledger import Stock
from loyalty.mechanics import Person, Scene
from loyalty.money import ZERO, Currency, Money
from loyalty.periods import Week
from loyalty.pricing import Bill, Line, Step, price
from loyalty.scope import Scope
from loyalty.terms import Terms
from loyalty.tiers import Rung

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""Monday, noon in New York."""
TODAY = NOW.date()
ZONE = ZoneInfo("America/New_York")
CASHBACK = Decimal("3.5")
RECENT = {"a": 3, "b": 10, "e": 0}
"""What the client has had, and how many days ago."""
CATEGORY = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z", "f": ""}

HOUSE = House(
    name="FlexGym",
    currency=Currency("USD", 2),
    zone=ZONE,
    language="en",
    bonus_step=Money(1),
    bonus_limit_percent=Decimal(80),
    refund_min_days=14,
    allow_debt=True,
    earns_before_discounts=False,
    gift_cards_earn=True,
    memberships_earn=True,
    desk_refund_hours=0,
    manager_refund_days=None,
    places={"main": Place(1, "main", "Main hall", ZONE)},
    services={},
    segments={1: Segment(1, "in", "In", visits_min=4), 2: Segment(2, "out", "Out", visits_min=5)},
)
PERSON = Person(
    id=1,
    account=1,
    name="Boris",
    language="en",
    birthday=None,
    created_at=NOW,
    total_spent=Money(50000),
    visits=4,
    last_visit_at=NOW - timedelta(days=3),
    tiers={},
    cards=frozenset({"plastic"}),
)
SCENE = Scene(HOUSE, HOUSE.places["main"], PERSON, (), NOW, {}, frozenset({"Silver"}))


@dataclass(frozen=True)
class Drawn:
    """A rule, and whether it is for this moment, place and client."""

    rule: Rule
    for_this_check: bool
    bonus: Money | None = None


@dataclass(frozen=True)
class Check:
    """All that a check is worked out from."""

    lines: tuple[Line, ...]
    drawn: tuple[Drawn, ...]
    lots: tuple[Stock, ...] = ()
    wanted: Money | None = ZERO
    cards: tuple[Offered, ...] = ()

    def with_drawn(self, drawn: Sequence[Drawn]) -> Check:
        return replace(self, drawn=tuple(drawn))

    @property
    def steps(self) -> list[Step]:
        asked = tuple(_asked(one) for one in self.drawn)
        steps: list[Step] = [
            DiscountStep(asked, PERSON, RECENT, None, HOUSE),
            BonusStep(self.lots, TODAY, HOUSE, self.wanted),
            CASHBACK_STEP,
            PromoBonusStep(),
        ]
        if self.cards and any(line.accepts_gift_card for line in self.lines):
            steps.insert(2, Counter(SCENE, {}, self.cards))
        return steps


def worked_out(check: Check) -> Bill:
    """The bill. Raises `PromoCodeNotApplicable` for a code that does not fit."""
    return price(check.lines, check.steps)


def _asked(drawn: Drawn) -> Asked:
    rule = drawn.rule
    typed = None
    if rule.kind == CODE:
        code = CodeRule(rule, False, drawn.bonus, Terms(), None, False, False, None)
        typed = Typed(rule.id, rule.code, code, f"promo_codes[{rule.id}]")
    return Asked(rule, misfit(rule, SCENE), typed)


CASHBACK_STEP = CashbackStep(
    programs=(
        Giving(Cumulative(1, "back", "Back", None, None, None, (Rung(1, "One", Money(0), CASHBACK),), Terms()), True),
    ),
    person=PERSON,
    step=Money(1),
    today=TODAY,
)

# --- what is drawn ----------------------------------------------------------------------------------------------------
#
# Few draws for each thing, from lists that name the cases: drawing is what takes the time.

PERCENTS = st.one_of(
    st.integers(1, 100_000).map(lambda thousandths: Decimal(thousandths) / 1000),
    st.sampled_from([Decimal(text) for text in ("100", "50", "33.333", "17.5", "13", "10", "0.001")]),
)
AMOUNTS = st.one_of(st.integers(1, 20000), st.integers(1, 20)).map(Money)
PRICES = st.one_of(st.integers(0, 20000), st.sampled_from([0, 1, 5, 1050, 1999, 1999, 5000, 16500]))

FITTING: list[dict[str, Any]] = [
    {},
    {"week": Week(frozenset({0}))},
    {"week": Week(frozenset(), time(12), time(13))},
    {"week": Week(frozenset({6}), time(22), time(12, 1))},
    {"places": frozenset({"main", "other"})},
    {"segment": 1},
    {"tier": "Silver"},
    {"card": "plastic"},
    {"client": 1},
]
"""Conditions that this moment, this place and this client meet."""
UNFIT: list[dict[str, Any]] = [
    {"week": Week(frozenset({1, 6}))},
    {"week": Week(frozenset(), time(9), time(12))},
    {"week": Week(frozenset({0}), time(22), time(12, 1))},
    {"places": frozenset({"other"})},
    {"segment": 2},
    {"segment": 3},
    {"tier": "Gold"},
    {"card": "electronic"},
    {"client": 2},
]
CONDITIONS = st.sampled_from([(one, True) for one in FITTING[:1] * 12 + FITTING * 2] + [(one, False) for one in UNFIT])

EVERYTHING: list[tuple[str, list[str], list[str]]] = [
    *[("", [], [])] * 4,
    *[("", [name], []) for name in ("a", "c", "e", "x", "y")],
    ("", ["a", "y"], []),
    ("", ["x", "z", "f"], ["a"]),
    ("", [], ["a"]),
    ("", [], ["y", "f"]),
]
"""Services in and out, for a permanent discount or happy hours."""
ABOUT = st.sampled_from(
    [
        *[("permanent", *scope[1:], {}) for scope in EVERYTHING],
        *[("hours", *scope[1:], {}) for scope in EVERYTHING[::3]],
        *[(CODE, *scope[1:], {}) for scope in EVERYTHING],
        *[("repeat", [], [], {"days": days}) for days in (1, 3, 9, 10)],
        ("repeat", ["x"], ["b"], {"days": 3}),
        *[("cheapest", names, [], {"buy": buy}) for buy in (2, 2, 3, 4) for names in ([], [], ["x", "c"])],
        *[("bundle", parts, [], {}) for parts in (["a", "c"], ["b", "y"], ["x", "y"], ["a", "b", "c"], ["e", "x"])],
        *[("bundle", parts, [], {}) for parts in (["a", "x"], ["x", "b", "a"])],
        ("bundle", ["x", "d"], ["a"], {}),
        *[("delivery", [name], [], {"from": least}) for name in ("e", "y", "f") for least in (0, 1, 1999, 5000)],
        *[("cumulative", [], [], {"steps": steps}) for steps in ((0,), (49999, 50001), (50000,), (50001,), ())],
        ("cumulative", ["x"], [], {"steps": (0, 40000, 50000, 60000)}),
    ]
)
FLAGS = st.sampled_from(list(product((1, 2, 3), (True, True, False), (True, True, True, False))))
"""Priority, combinable, whether its lines still earn."""
LIMITS = st.sampled_from(
    [*[(None, 0)] * 8, *product((1, 2, 500, 2000), (0,)), *product((None, 3000), (1, 1999, 5000, 16500, 40000))]
)
"""At most so much off a check, for a check from so much."""
WORTH = st.one_of(PERCENTS, AMOUNTS)
RULE = st.tuples(ABOUT, CONDITIONS, FLAGS, LIMITS, WORTH)


def rule_of(number: int, drawn: tuple[Any, ...]) -> Drawn:
    """A program or a code. An amount is money where the kind takes one, else a percentage of 20 %."""
    (kind, services, exclude, more), (conditions, fits), (priority, combinable, earns), (most, min_check), worth = drawn
    facts = {"week": Week(), "places": frozenset(), "segment": None, "client": None, **conditions, **more}
    min_check = facts.pop("from", min_check)
    amount = worth if isinstance(worth, Money) and kind not in ("cheapest", "cumulative") else None
    percent = worth if isinstance(worth, Decimal) else Decimal(20)
    if kind == "cumulative":
        spent = more["steps"]
        facts["steps"] = tuple(LadderStep(Money(one), percent / (n + 1)) for n, one in enumerate(spent))
        fits = fits and any(one <= PERSON.total_spent for one in spent)
    rule = Rule(
        id=number,
        kind=kind,
        code=f"{'ZYXWVUTSRQPONMLKJIHGFEDCBA'[number % 26]}{number}",
        name=f"Rule {number}",
        enabled=True,
        percent=None if amount is not None or kind == "cumulative" else percent,
        amount=amount,
        most=None if most is None else Money(most),
        min_check=Money(min_check),
        scope=Scope.of(services, exclude),
        services=tuple(services),
        from_day=None,
        to_day=None,
        combinable=combinable,
        priority=priority,
        earns=earns,
        **facts,
    )
    gives_bonuses = kind == CODE and amount is not None and not combinable
    return Drawn(rule, fits, Money(amount) if gives_bonuses and amount is not None else None)


SOLD = st.sampled_from(
    [
        *[("service", code, True, True) for code in "aaabbccdeeef"],
        ("service", "a", False, True),
        ("service", "b", True, False),
        ("service", "e", False, False),
        ("gift_card", "a", False, False),
        ("membership", "a", True, False),
    ]
)
"""What a line sells, its code, whether it earns, whether bonuses may pay of it."""
UNITS = st.sampled_from([*[(1, 0)] * 5, (2, 0), (2, 0), (3, 0), (5, 0), (1, 1), (2, 1), (3, 1), (5, 4), (3, 3)])
"""Quantity, and how many of them a membership covers."""


def line_of(number: int, drawn: tuple[Any, ...]) -> Line:
    """A service, partly covered by a membership perhaps; now and then a gift card or a membership that is sold."""
    (kind, code, earns, accepts_bonus), (quantity, covered), amount = drawn
    is_service = kind == "service"
    covered = covered if is_service and amount else 0
    return Line(
        number=number,
        kind=kind,
        code=code,
        name=code,
        quantity=quantity if is_service else 1,
        price=Money(amount),
        earns=earns,
        accepts_bonus=accepts_bonus,
        accepts_gift_card=is_service,
        is_service=is_service,
        category=CATEGORY[code] if is_service else "",
        covered=covered,
        membership=Money(amount * covered),
    )


LOT = st.tuples(
    st.sampled_from(
        [
            *[("p", 0, last, limit, 0) for last in (None, 0, 9) for limit in ("100", "50", "12.345", "10", "5")],
            *[("q", -1, None, limit, floor) for limit in ("100", "30") for floor in (0, 1, 5000)],
            *[(None, 0, None, "100", 0), ("p", 1, None, "100", 0), ("p", -1, -1, "100", 0), ("q", 0, 0, "0", 0)],
        ]
    ),
    st.one_of(st.integers(0, 30000), st.integers(0, 30), st.just(30000)),
)
"""Program, first and last day from today, limit, minimum check; what is left."""


def lot_of(number: int, drawn: tuple[Any, ...]) -> Stock:
    """Bonuses of some program, ended, pending or usable, with limits of their own."""
    (program, first, last, limit, min_check), remaining = drawn
    return Stock(
        id=number,
        account=1,
        unit="bonus",
        program=program,
        name="Lot",
        amount=Money(10**6),
        remaining=Money(remaining),
        first_day=TODAY + timedelta(days=first),
        last_day=None if last is None else TODAY + timedelta(days=last),
        limit_percent=Decimal(limit),
        min_check=Money(min_check),
    )


def card_of(number: int, drawn: tuple[int, bool]) -> Offered:
    """A gift card on the counter: its money, and whether it is for one check."""
    amount, single_use = drawn
    lot = Stock(100 + number, 9, "money", None, "", Money(amount), Money(amount), TODAY, None)
    return Offered(number, "1234", single_use, Scope(), (lot,), f"gift_cards[{number}]")


def several(one: st.SearchStrategy[Any], make: Callable[[int, Any], Any], least: int, most: int) -> Any:
    """So many of them, numbered from 1."""
    return st.lists(one, min_size=least, max_size=most).map(
        lambda found: tuple(make(number, drawn) for number, drawn in enumerate(found, start=1))
    )


def checks(most_rules: int = 8, most_lines: int = 8) -> st.SearchStrategy[Check]:
    """A check of 1 to 8 lines under programs and codes of every kind."""
    return st.builds(
        Check,
        lines=several(st.tuples(SOLD, UNITS, PRICES), line_of, 1, most_lines),
        drawn=several(RULE, rule_of, 2, most_rules),
        lots=several(LOT, lot_of, 0, 3),
        wanted=st.sampled_from([None, None, Money(0)]),
        cards=several(st.tuples(st.integers(1, 20000), st.booleans()), card_of, 0, 2),
    )


PENNY_SCOPES = ("a", "b", "ab", "bc", "ace", "bdf", "abcd")
PENNY_RULE: st.SearchStrategy[Any] = st.tuples(
    st.sampled_from([("permanent", services, [], {}) for services in ([], [], [], *map(list, PENNY_SCOPES))]),
    st.just(({}, True)),
    st.sampled_from(list(product((1, 2, 3), [True] * 5 + [False], (True,)))),
    st.sampled_from([(None, 0)] * 5 + [(1, 0), (2, 0), (3, 0)]),
    st.one_of(
        st.integers(1, 5).map(Money),
        st.sampled_from([Decimal(text) for text in ("10", "33.333", "40", "50", "60", "75", "90")]),
    ),
)


def penny_checks() -> st.SearchStrategy[Check]:
    """Lines of a few cents under programs that combine and divide cents: the place to look for lost ones."""
    sold = st.sampled_from([("service", code, True, True) for code in "abcdef"])
    line = st.tuples(sold, st.sampled_from([(1, 0)] * 4 + [(2, 0), (3, 1)]), st.integers(1, 9))
    return st.builds(Check, lines=several(line, line_of, 2, 8), drawn=several(PENNY_RULE, rule_of, 2, 8))


@dataclass(frozen=True)
class Part:
    """What a check came to, for comparing: per line and in all, whatever the order of the notes."""

    lines: tuple[Line, ...]
    earned: Money
    notes: frozenset[str] = field(default_factory=frozenset)


def came_to(bill: Bill) -> Part:
    """The bill without the order in which it is explained."""
    told = frozenset(f"{note.rule} {note.code} {note.amount} {sorted(note.facts.items())}" for note in bill.notes)
    return Part(bill.lines, bill.earned_total, told)
