"""The only writer of accounts, lots and entries: bonuses, gift-card money and membership sessions alike.

A rule says what is to move (`Grant`, `Move`); `post` writes all movements of one operation in three statements,
however many lots they touch: the lots that change, the lots that come in, the entries that explain both. Amounts
are relative updates under `CHECK (remaining >= 0)`, so that the database refuses a double spend even without the
lock; the lock (`lock`) is there to give the second till a clear answer.

Who spends must hold the lock of the account. Who grants needs none: a new lot stands on nobody's toes.
Speed says why these statements are written by hand: the ORM costs ten times as much for a visit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Refusal
from loyalty.fields import PERCENT_SCALE
from loyalty.models import Account, Entry, Lot
from loyalty.money import ZERO, Money, total
from loyalty.periods import starts_at
from loyalty.sql import Column, id_among, insert, values_table
from loyalty.terms import ALL, Terms

Kind = Entry.Kind
ENDLESS = date.max


class InsufficientBalance(Refusal):
    """More than is there."""

    code = "insufficient_balance"


@dataclass(frozen=True, slots=True)
class Stock:
    """A lot as a rule sees it."""

    id: int
    account: int
    unit: str
    program: str | None
    name: str
    amount: Money
    remaining: Money
    first_day: date
    last_day: date | None
    limit_percent: Decimal = ALL
    min_check: Money = ZERO
    is_debt: bool = False

    def is_active(self, today: date) -> bool:
        return self.first_day <= today and not self.has_ended(today)

    def has_ended(self, today: date) -> bool:
        return self.last_day is not None and self.last_day < today


def stock(lot: Lot) -> Stock:
    """A lot's row, with its account joined, as a value."""
    return Stock(
        id=lot.pk,
        account=lot.account_id,
        unit=lot.account.unit,
        program=lot.program,
        name=lot.name,
        amount=lot.amount,
        remaining=lot.remaining,
        first_day=lot.first_day,
        last_day=lot.last_day,
        limit_percent=lot.limit_percent,
        min_check=lot.min_check,
        is_debt=lot.is_debt,
    )


def soonest_first(lots: Iterable[Stock]) -> list[Stock]:
    """The order in which lots are used: soonest last day, then oldest."""
    return sorted(lots, key=lambda lot: (lot.last_day or ENDLESS, lot.id))


def held(accounts: Q) -> list[Stock]:
    """Lots of these accounts with something left or owed, also pending and ended ones. One query."""
    rows = Lot.objects.filter(account__in=Account.objects.filter(accounts)).exclude(remaining=0)
    return soonest_first(stock(lot) for lot in rows.select_related("account"))


def balance(lots: Iterable[Stock], today: date) -> Money:
    """What is active today, debts taken off; below zero while more is owed than held."""
    return total(lot.remaining for lot in lots if lot.is_active(today))


def lock(accounts: Q) -> list[Account]:
    """Lock these accounts, in id order, until the transaction ends. Without deadlock beside those who only grant."""
    return list(Account.objects.filter(accounts).order_by("pk").select_for_update(no_key=True))


@dataclass(frozen=True, slots=True)
class Opening:
    """An account to be opened."""

    operation: str
    unit: Account.Unit
    client: int | None


def open_accounts(openings: Sequence[Opening], *, at: datetime) -> list[int]:
    """Open accounts; ids in the order given. One statement."""
    rows = Account.objects.bulk_create(
        Account(operation=o.operation, unit=o.unit, client_id=o.client, created_at=at) for o in openings
    )
    return [row.pk for row in rows]


@dataclass(frozen=True, slots=True)
class Grant:
    """Value that comes in as a lot of its own. `operation` is unique for ever: granted twice is granted once.

    With `kind` TAKE_BACK and a negative amount it is a debt: something already spent had to be taken back.
    """

    operation: str
    account: int
    amount: Money
    first_day: date
    last_day: date | None = None
    program: str | None = None
    name: str = ""
    limit_percent: Decimal = ALL
    min_check: Money = ZERO
    kind: Kind = Kind.GRANT
    note: str = ""

    @property
    def is_debt(self) -> bool:
        return self.amount < 0


def grant(  # keyword-only, each is said by every caller
    *, operation: str, account: int, amount: Money, terms: Terms, today: date, program: str, name: str, note: str = ""
) -> Grant:
    """What a program gives, on its terms."""
    return Grant(
        operation=operation,
        account=account,
        amount=amount,
        first_day=terms.first_day(today),
        last_day=terms.last_day(today),
        program=program,
        name=name,
        limit_percent=terms.limit_percent,
        min_check=terms.min_check,
        note=note,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """Value that leaves a lot (negative) or comes back to it. `last_day` moves the lot's end, None keeps it."""

    operation: str
    lot: int
    account: int
    kind: Kind
    amount: Money
    last_day: date | None = None
    note: str = ""


Movement = Grant | Move


def spend(lot: Stock, amount: Money, operation: str, kind: Kind = Kind.SPEND) -> Move:
    return Move(operation=operation, lot=lot.id, account=lot.account, kind=kind, amount=-amount)


def expire(lot: Stock, operation: str, note: str = "") -> Move:
    """Burn what is left of a lot."""
    return Move(
        operation=operation, lot=lot.id, account=lot.account, kind=Kind.EXPIRE, amount=-lot.remaining, note=note
    )


def give_back(lot: Stock, amount: Money, operation: str, *, today: date, min_days: int) -> Move:
    """What a refund returns goes to the lot it came from, usable for at least `min_days` (`domain.md` section 6)."""
    soonest = today + timedelta(days=min_days)
    ends_too_soon = lot.last_day is not None and lot.last_day < soonest
    return Move(
        operation=operation,
        lot=lot.id,
        account=lot.account,
        kind=Kind.RETURN,
        amount=amount,
        last_day=soonest if ends_too_soon else None,
    )


def repay(lots: Sequence[Stock], operation: str, today: date) -> tuple[list[Move], list[Stock]]:
    """Debts are repaid from what has come in since, soonest to end first: the moves, and the lots after them."""
    left = {lot.id: lot.remaining for lot in lots}
    moves = []
    for debt in (lot for lot in lots if lot.is_debt):
        for lot in lots:
            amount = min(left[lot.id], -left[debt.id])
            if lot.is_debt or not lot.is_active(today) or amount <= 0:
                continue
            note = _("repays what was taken back")
            moves.append(Move(operation, lot.id, lot.account, Kind.TRANSFER, -amount, note=note))
            moves.append(Move(operation, debt.id, debt.account, Kind.TRANSFER, amount, note=note))
            left[lot.id] -= amount
            left[debt.id] += amount
    return _merged(moves), [_with_remaining(lot, left[lot.id]) for lot in lots if left[lot.id]]


def _merged(moves: Iterable[Move]) -> list[Move]:
    """One entry a lot for one operation."""
    first: dict[int, Move] = {}
    amounts: Counter[int] = Counter()
    for move in moves:
        first.setdefault(move.lot, move)
        amounts[move.lot] += move.amount
    return [
        Move(move.operation, lot, move.account, move.kind, Money(amounts[lot]), note=move.note)
        for lot, move in first.items()
    ]


def _with_remaining(lot: Stock, remaining: Money) -> Stock:
    return replace(lot, remaining=remaining)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What taking back comes to: the movements, and what of it became a debt or was let go."""

    movements: list[Movement]
    taken: Money
    debt: Money
    forgiven: Money


def take_back(
    lots: Sequence[Stock],
    amount: Money,
    operation: str,
    *,
    granted_lot: int,
    account: int,
    today: date,
    allow_debt: bool,
) -> TakenBack:
    """Take an earned amount back: from its own lot, then pending lots, then the soonest to end, then as a debt.

    Without `allow_debt` the balance stops at zero and the rest is let go (`domain.md` section 6).
    """

    def order(lot: Stock) -> tuple[bool, bool]:
        return (lot.id != granted_lot, lot.first_day <= today)

    left = amount
    movements: list[Movement] = []
    for lot in sorted((lot for lot in lots if not lot.is_debt and not lot.has_ended(today)), key=order):
        part = min(left, lot.remaining)
        if part > 0:
            movements.append(spend(lot, part, operation, Kind.TAKE_BACK))
            left -= part
    if left > 0 and allow_debt:
        movements.append(
            Grant(f"{operation}:debt", account, -left, first_day=today, kind=Kind.TAKE_BACK, name=_("debt"))
        )
    return TakenBack(
        movements, taken=amount - left, debt=left if allow_debt else ZERO, forgiven=ZERO if allow_debt else left
    )


# --- writing ----------------------------------------------------------------------------------------------------

LOT_COLUMNS = (
    Column("account_id", "bigint"),
    Column("operation", "varchar"),
    Column("program", "varchar"),
    Column("name", "varchar"),
    Column("amount", "bigint"),
    Column("remaining", "bigint"),
    Column("is_debt", "bool"),
    Column("first_day", "date"),
    Column("last_day", "date"),
    Column("limit_percent", "integer"),
    Column("min_check", "bigint"),
    Column("entry_count", "integer"),
    Column("created_at", "timestamptz"),
)
MOVE_COLUMNS = (
    Column("lot_id", "bigint"),
    Column("amount", "bigint"),
    Column("entries", "integer"),
    Column("last_day", "date"),
)
ENTRY_COLUMNS = (
    Column("lot_id", "bigint"),
    Column("account_id", "bigint"),
    Column("number", "integer"),
    Column("kind", "varchar"),
    Column("amount", "bigint"),
    Column("remaining", "bigint"),
    Column("last_day", "date"),
    Column("operation", "varchar"),
    Column("visit_id", "bigint"),
    Column("refund_id", "bigint"),
    Column("by", "varchar"),
    Column("note", "varchar"),
    Column("at", "timestamptz"),
)


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written: the new lots by operation. A grant that had been posted before is not among them."""

    lots: dict[str, int] = field(default_factory=dict)


def post(
    movements: Iterable[Movement], *, at: datetime, by: Actor, visit: int | None = None, refund: int | None = None
) -> Posted:
    """Write movements, in at most three statements. Inside the caller's transaction, which locked what it spends.

    Raises `InsufficientBalance` where a lot would fall below zero: nothing of the transaction must then be kept.
    """
    movements = [m for m in movements if m.amount]
    moves = [m for m in movements if isinstance(m, Move)]
    grants = [m for m in movements if isinstance(m, Grant)]
    after = _change_lots(moves)
    new = _add_lots(grants, at)
    tail = (visit, refund, str(by))
    rows = [(*row, *tail, m.note, at) for row, m in _explain_moves(moves, after)]
    rows += [
        (new[g.operation], g.account, 1, g.kind, g.amount, g.amount, g.last_day, g.operation, *tail, g.note, at)
        for g in grants
        if g.operation in new
    ]
    insert("loyalty_entry", ENTRY_COLUMNS, rows)
    return Posted(lots=new)


def _change_lots(moves: Sequence[Move]) -> dict[int, tuple[int, int, date | None]]:
    """Add each lot's movements to what remains of it. Lot → (remaining, entries, last day) afterwards."""
    if not moves:
        return {}
    changes: dict[int, list[Any]] = defaultdict(lambda: [0, 0, None])
    for move in moves:
        change = changes[move.lot]
        change[0] += move.amount
        change[1] += 1
        change[2] = move.last_day or change[2]
    table, params = values_table("m", MOVE_COLUMNS, [(lot, *change) for lot, change in changes.items()])
    statement = f"""
        WITH {table}
        UPDATE loyalty_lot SET
            remaining = loyalty_lot.remaining + m.amount,
            entry_count = loyalty_lot.entry_count + m.entries,
            last_day = COALESCE(m.last_day, loyalty_lot.last_day)
        FROM m WHERE loyalty_lot.id = m.lot_id
        RETURNING id, remaining, entry_count, loyalty_lot.last_day
    """  # noqa: S608  # names are constants above, values are parameters
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement, params)
        except IntegrityError as error:
            if "remaining_is_between" in str(error):
                raise InsufficientBalance(_("It has just been used elsewhere.")) from error
            raise
        return {lot: (remaining, count, last_day) for lot, remaining, count, last_day in cursor.fetchall()}


def _explain_moves(
    moves: Sequence[Move], after: dict[int, tuple[int, int, date | None]]
) -> Iterable[tuple[tuple[Any, ...], Move]]:
    """The head of each move's entry: its number and what remained after it, worked out from where the lot ended up."""
    by_lot: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        by_lot[move.lot].append(move)
    for lot, its_moves in by_lot.items():
        remaining, number, last_day = after[lot]
        remaining -= sum(move.amount for move in its_moves)
        for number, move in enumerate(its_moves, start=number - len(its_moves) + 1):
            remaining += move.amount
            yield (lot, move.account, number, move.kind, move.amount, remaining, last_day, move.operation), move


def _add_lots(grants: Sequence[Grant], at: datetime) -> dict[str, int]:
    """Insert new lots; operation → id of those that were not there yet."""
    rows = [
        (
            g.account,
            g.operation,
            g.program,
            g.name,
            g.amount,
            g.amount,
            g.is_debt,
            g.first_day,
            g.last_day,
            int(g.limit_percent * PERCENT_SCALE),
            g.min_check,
            1,
            at,
        )
        for g in grants
    ]
    returned = insert("loyalty_lot", LOT_COLUMNS, rows, "ON CONFLICT (operation) DO NOTHING RETURNING operation, id")
    return dict(returned)


# --- what the night expires ---------------------------------------------------------------------------------------


def expire_due(accounts: Sequence[int], *, today: date, zone: ZoneInfo, by: Actor) -> int:
    """Expire every lot of these accounts that is past its last day on `today`; how many they were.

    For thousands of lots at once, of every unit, in a number of statements that does not grow with them. Inside the
    caller's transaction. Each `expire` entry is dated by the moment the lot ended, so it is the same entry however
    late it is posted, and its operation `expire:<lot>:<last day>` can be posted once only. What a client owed while
    the lot could still be spent is repaid from it first: it lowered their balance all that time.
    """
    lock(Q(pk__in=accounts))
    due = Lot.objects.filter(account__in=accounts, last_day__lt=today, remaining__gt=0)
    _repay_from_the_ended(due, zone, by)
    last_days = due.order_by("last_day").values_list("last_day", flat=True).distinct()
    moments = [(day, starts_at(day + timedelta(days=1), zone)) for day in last_days if day is not None]
    return _expire_all(accounts, moments, by) if moments else 0


def _repay_from_the_ended(due: QuerySet[Lot], zone: ZoneInfo, by: Actor) -> None:
    """Few accounts owe anything; those are done lot by lot, as if each had been repaid on the lot's last day."""
    in_debt = due.filter(account__lots__is_debt=True, account__lots__remaining__lt=0)
    ended = set(due.values_list("pk", flat=True)) if in_debt.exists() else set()
    for account in in_debt.values_list("account", flat=True).distinct() if ended else ():
        lots = held(Q(pk=account))
        for lot_id in [lot.id for lot in lots if lot.id in ended]:
            lot = next(lot for lot in lots if lot.id == lot_id)
            assert lot.last_day is not None
            owed = [debt for debt in lots if debt.is_debt and debt.first_day <= lot.last_day]
            moves, after = repay([lot, *owed], f"expire:{lot.id}:{lot.last_day}:repay", lot.last_day)
            post(moves, at=starts_at(lot.last_day + timedelta(days=1), zone), by=by)
            lots = [*(other for other in lots if other is not lot and other not in owed), *after]


def _expire_all(accounts: Sequence[int], moments: Sequence[tuple[date, datetime]], by: Actor) -> int:
    """Burn what is left: the entries first, then the lots that have one. A lot that comes in between waits."""
    ended, params = values_table("ended", (Column("last_day", "date"), Column("at", "timestamptz")), moments)
    among, ids = id_among("lot.account_id", accounts)
    columns = ", ".join(f'"{column.name}"' for column in ENTRY_COLUMNS)
    explain = f"""
        WITH {ended}
        INSERT INTO loyalty_entry ({columns})
        SELECT lot.id, lot.account_id, lot.entry_count + 1, 'expire', -lot.remaining, 0, lot.last_day,
            'expire:' || lot.id || ':' || CAST(lot.last_day AS varchar(10)), NULL, NULL,
            CAST(%s AS varchar(170)), '', ended.at
        FROM loyalty_lot AS lot JOIN ended ON ended.last_day = lot.last_day
        WHERE {among} AND lot.remaining > 0
    """  # noqa: S608  # names are constants above, values are parameters
    empty = f"""
        UPDATE loyalty_lot AS lot SET remaining = 0, entry_count = lot.entry_count + 1
        WHERE {among} AND lot.remaining > 0 AND EXISTS (
            SELECT 1 FROM loyalty_entry AS entry WHERE entry.lot_id = lot.id AND entry.number = lot.entry_count + 1
        )
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(explain, [*params, str(by), ids])
        cursor.execute(empty, [ids])
        return int(cursor.rowcount)
