"""Who comes to the sample gym: names, when they join, what they come for and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from config.demo.dice import Dice

FIRST = (
    "Alice Boris Clara Daniel Elena Felix Grace Henry Irina James Kate Liam Maria Nathan Olga Peter Quinn Rosa Samuel "
    "Tara Umar Vera Walter Xenia Yusuf Zoe Amir Bella Carlos Diana"
)
LAST = (
    "Ivanova Petrov Anderson Brooks Chen Diaz Evans Fischer Garcia Hughes Ito Jensen Khan Larsen Moreno Novak Owens "
    "Price Quigley Rossi Singh Turner Usman Vega Walsh Young Zhang Abbott Bauer Costa"
)
FIRST_NAMES, LAST_NAMES = FIRST.split(), LAST.split()


@dataclass(slots=True)
class Guest:
    """Somebody of the sample. `id` and `gift_card` are filled in as the story goes on."""

    number: int
    first_name: str
    last_name: str
    birthday: date | None
    joins: date
    habit: str
    """What they come for: `session`, `personal`, `five` or `ten` (a membership)."""
    in_ten_weeks: int
    """Visits in ten weeks."""
    home: str
    uses_bonuses: bool
    friend_of: int | None
    stays_until: date | None
    id: int = 0
    gift_card: str = ""

    @property
    def phone(self) -> str:
        return f"+1212555{self.number + 100:04d}"

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}.{self.number}@example.com".lower()


def guests(count: int, first_day: date, days: int, dice: Dice) -> list[Guest]:
    """The cast: a third comes in the first week, the others join as time goes on, four in ten brought by a friend."""
    cast: list[Guest] = []
    for number in range(count):
        joins = first_day + timedelta(days=dice.below(7) if number < count // 3 else dice.below(days * 4 // 5))
        cast.append(_guest(number, joins, cast, dice))
    return cast


def _guest(number: int, joins: date, cast: list[Guest], dice: Dice) -> Guest:
    before = [guest.number for guest in cast if guest.joins < joins]
    born = date(1962, 1, 1) + timedelta(days=dice.below(42 * 365))
    return Guest(
        number=number,
        first_name=FIRST_NAMES[number % len(FIRST_NAMES)],
        last_name=LAST_NAMES[(number * 7 + number // len(FIRST_NAMES)) % len(LAST_NAMES)],
        birthday=born if dice.chance(80) else None,
        joins=joins,
        habit=dice.one_of(("session", "session", "personal", "five", "ten")),
        in_ten_weeks=6 + dice.below(16),
        home=dice.one_of(("main", "main", "riverside")),
        uses_bonuses=dice.chance(70),
        friend_of=dice.one_of(before) if before and dice.chance(40) else None,
        stays_until=joins + timedelta(days=20 + dice.below(40)) if dice.chance(20) else None,
    )
