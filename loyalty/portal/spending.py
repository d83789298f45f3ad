"""What a client can do with their bonuses, in words and figures for their page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.cashback import Ladder
from loyalty.explanations import show_limit
from loyalty.ledger import Stock
from loyalty.money import Money, total
from loyalty.wallet import Wallet

SOON = timedelta(days=30)
MOST_WAYS = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends first: so much, on this day."""

    amount: Money
    day: date


@dataclass(frozen=True, slots=True)
class Rise:
    """A ladder as a bar: how far the client has come from their rung to the next."""

    ladder: Ladder
    done: int
    whole: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A lot and how it pays."""

    lot: Stock
    is_pending: bool
    pays: str


def how_to_spend(wallet: Wallet) -> str:
    """The line under the figure: "pay up to half of a check from 50.00"; "" without anything to spend.

    Bonuses that pay on different terms are told apart: "70.00 pay up to half of a check, 12.40 pay a whole check".
    """
    ways: Counter[str] = Counter()
    for lot in _usable(wallet):
        ways[_way(lot, wallet)] += lot.remaining
    if not ways or not wallet.spendable:
        return ""
    if len(ways) == 1:
        return next(iter(ways))
    number, language = wallet.house.currency.number, get_language() or "en"
    told = [f"{number(amount, language)} {way}" for way, amount in ways.most_common(MOST_WAYS)]
    return ", ".join(told) + (_(", the rest as told below") if len(ways) > MOST_WAYS else "")


def ends_soon(wallet: Wallet) -> Ending | None:
    """What ends first, if that is within 30 days."""
    days = [lot.last_day for lot in _usable(wallet) if lot.last_day is not None]
    if not days or min(days) > wallet.today + SOON:
        return None
    return Ending(total(lot.remaining for lot in _usable(wallet) if lot.last_day == min(days)), min(days))


def lots(wallet: Wallet) -> list[Terms]:
    """Every lot with something on it, soonest to end first, pending ones with their first day."""
    held = (lot for lot in wallet.lots if not lot.is_debt)
    return [Terms(lot, lot.first_day > wallet.today, _way(lot, wallet)) for lot in held]


def rises(wallet: Wallet) -> list[Rise]:
    """The bar of each cashback program."""
    return [_rise(ladder) for ladder in wallet.ladders if ladder.rung is not None or ladder.next is not None]


def _rise(ladder: Ladder) -> Rise:
    if ladder.next is None:
        return Rise(ladder, 1, 1)
    floor = ladder.rung.from_spent if ladder.rung is not None else 0
    whole = max(1, ladder.next.from_spent - floor)
    return Rise(ladder, max(0, whole - ladder.remaining), whole)


def _usable(wallet: Wallet) -> Sequence[Stock]:
    return [lot for lot in wallet.lots if lot.is_active(wallet.today) and not lot.is_debt]


def _way(lot: Stock, wallet: Wallet) -> str:
    limit = min(lot.limit_percent, wallet.house.bonus_limit_percent)
    return show_limit(limit, lot.min_check, wallet.house.currency)
