"""Prizes: a catalogue of services and things that clients take for bonuses.

A prize costs its price in bonuses, of whatever program: no limit of a check and no minimum applies. Debts are repaid
first, then the bonuses that end soonest are spent. How many there are is counted under the lock of the prize's row, and
the database keeps the limit without it. A service is the client's at once, as a free service; a thing waits until it is
handed over, or until its last day. Taken back, with a reason, it returns the bonuses to the lots they came from, for so
many days at least as a refund gives them, and the prize to the stock; what a refund let go meanwhile, as the prize had
it, is taken then. What was handed over or used is not taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client, Location
from clients.refusals import Invalid, NotFound, Refusal
from loyalty import free_services, ledger
from loyalty.checkout.belonging import gaps_of
from loyalty.explanations import show_day
from loyalty.free_services import Giving
from loyalty.house import House
from loyalty.ledger import InsufficientBalance, Kind, Move, Movement, Stock
from loyalty.mechanics.owed import LET_GO, let_go
from loyalty.models import Account, Entry, Lot, Prize, PrizeClaim, PrizeStock
from loyalty.money import ZERO, Money
from loyalty.rulebook import rulebook
from loyalty.terms import last_day_after
from loyalty.transactions import in_one_transaction

State = PrizeClaim.State
REASON_LENGTH = 250


class PrizeNotAvailable(Refusal):
    """It is switched off, for others, or the client has had as many as one may."""

    code = "prize_not_available"


class PrizeSoldOut(Refusal):
    """None is left."""

    code = "prize_sold_out"


class PrizeClosed(Refusal):
    """It was handed over, used or taken back already, or was kept until a day that has passed."""

    code = "prize_closed"


# --- the catalogue ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A prize as one client sees it. `left`: how many there are (None: any number); `missing`: bonuses they lack."""

    prize: Prize
    left: int | None
    missing: Money
    why_not: str
    """Why the client cannot have it, in words; "" if they can."""

    @property
    def can_have(self) -> bool:
        return not self.why_not


def catalogue(client: Client, spendable: Money, *, now: datetime, by_client: bool = False) -> list[Offer]:
    """What there is for this client, in the owner's order; what is for others is left out. `by_client`: only what
    clients take themselves. At most four queries, one where there are no prizes.
    """
    rows = Prize.objects.filter(enabled=True).select_related("taken_stock", "service")
    prizes = list(rows.filter(by_client=True) if by_client else rows)
    if not prizes:
        return []
    book = rulebook()
    gaps = gaps_of(client.pk, book, now)
    had = _had(client, prizes)
    show = book.house.currency.number
    found = []
    for prize in prizes:
        if gaps(prize.segment_id):
            continue
        missing = max(prize.price - spendable, ZERO)
        why = _why_not(prize, had.get(prize.pk, 0))
        if not why and missing:
            why = _("%(missing)s more bonuses are needed.") % {"missing": show(missing)}
        found.append(Offer(prize, left_of(prize), Money(missing), why))
    return found


def left_of(prize: Prize) -> int | None:
    """How many there are; None is any number."""
    if prize.stock is None:
        return None
    taken = prize.taken_stock.taken if hasattr(prize, "taken_stock") else 0
    return max(prize.stock - taken, 0)


def _had(client: Client, prizes: Sequence[Prize]) -> dict[int, int]:
    """Prize → how many of it the client took and did not give back."""
    claims = PrizeClaim.objects.filter(client=client, prize__in=prizes).exclude(state=State.CANCELLED)
    return dict(claims.order_by().values_list("prize").annotate(Count("pk")))


def _why_not(prize: Prize, had: int) -> str:
    if left_of(prize) == 0:
        return _("None is left.")
    if prize.per_client is not None and had >= prize.per_client:
        return _("The client has had as many as one client may.")
    return ""


def waiting_for(client: Client) -> list[PrizeClaim]:
    """What is kept for the client, oldest first, the overdue too."""
    return list(PrizeClaim.objects.filter(client=client, state=State.WAITING).select_related("prize").order_by("pk"))


def number_of(claim: PrizeClaim) -> str:
    """What the client shows: "P00017"."""
    return f"P{claim.pk:05d}"


# --- taking one ------------------------------------------------------------------------------------------------------


@in_one_transaction
def claim(  # keyword-only, each is said by every caller
    *,
    client: Client,
    prize: Prize,
    by: Actor,
    now: datetime,
    key: str,
    location: Location | None = None,
    by_client: bool = False,
) -> PrizeClaim:
    """Take a prize for a client. `key` is its operation: sent twice it is taken once. `by_client`: on their own page.

    Raises `PrizeNotAvailable`, `PrizeSoldOut`, and `InsufficientBalance` (`facts["max"]`: what the client has).
    """
    accounts = ledger.OWN.lock(client.pk)
    earlier = PrizeClaim.objects.filter(operation=key).select_related("prize").first()
    if earlier is not None:
        return _same(earlier, client, prize)
    prize = Prize.objects.select_related("service", "taken_stock").get(pk=prize.pk)
    book = rulebook()
    today = book.house.day(now)
    if not prize.enabled or (by_client and not prize.by_client) or gaps_of(client.pk, book, now)(prize.segment_id):
        raise PrizeNotAvailable(_("“%(name)s” is not for this client now.") % {"name": prize.name}, field="prize")
    lots = ledger.held(Q(pk__in=accounts, unit=Account.Unit.BONUS))
    _take_from_stock(prize, _had(client, [prize]).get(prize.pk, 0))
    is_service = prize.service is not None
    row = PrizeClaim.objects.create(
        operation=key,
        prize=prize,
        client=client,
        location=location,
        price=prize.price,
        state=State.HANDED_OVER if is_service else State.WAITING,
        last_day=last_day_after(today, days=prize.free_days),
        at=now,
        by=str(by),
        closed_at=now if is_service else None,
        closed_by=str(by) if is_service else "",
    )
    movements = [*_spent(lots, row, book.house, today), *_free(row, today, now)]
    ledger.post(movements, at=now, by=by, listens=book.house.listens)
    return row


def _same(earlier: PrizeClaim, client: Client, prize: Prize) -> PrizeClaim:
    """What was taken under this key. Raises `Invalid` if that was something else."""
    if (earlier.client_id, earlier.prize_id) != (client.pk, prize.pk):
        raise Invalid(_("was used for another prize"), field="key")
    return earlier


def _take_from_stock(prize: Prize, had: int) -> None:
    """Count one more of the prize, under the lock of its row. Raises `PrizeSoldOut`, `PrizeNotAvailable`."""
    stock = _locked_stock(prize)
    if prize.per_client is not None and had >= prize.per_client:
        message = _("This client has had “%(name)s” as often as one client may.")
        raise PrizeNotAvailable(message % {"name": prize.name}, field="prize")
    gone = PrizeSoldOut(_("No “%(name)s” is left.") % {"name": prize.name}, field="prize")
    if prize.stock is not None and stock.taken >= prize.stock:
        raise gone
    try:
        with transaction.atomic():
            PrizeStock.objects.filter(pk=prize.pk).update(taken=F("taken") + 1, limit=prize.stock)
    except IntegrityError:
        raise gone from None


def _locked_stock(prize: Prize) -> PrizeStock:
    PrizeStock.objects.get_or_create(prize=prize, defaults={"limit": prize.stock})
    return PrizeStock.objects.select_for_update(no_key=True).get(pk=prize.pk)


def _spent(lots: Sequence[Stock], row: PrizeClaim, house: House, today: date) -> list[Movement]:
    """Debts are repaid first; then from the lots that end soonest."""
    operation, note = f"prize:{row.pk}", _("prize: %(name)s") % {"name": row.prize.name}
    repaid, lots = ledger.repay(lots, f"{operation}:repay", today)
    moves: list[Movement] = list(repaid)
    left = row.price
    for lot in ledger.soonest_first(lot for lot in lots if lot.is_active(today) and not lot.is_debt):
        part = min(lot.remaining, left)
        if part > 0:
            moves.append(Move(f"{operation}:pay", lot.id, lot.account, Kind.SPEND, -part, note=note[:REASON_LENGTH]))
            left -= part
    if left:
        held = row.price - left
        message = _("“%(name)s” costs %(price)s bonuses; there are %(held)s.")
        show = house.currency.number
        facts = {"name": row.prize.name, "price": show(row.price), "held": show(held)}
        raise InsufficientBalance(message % facts, field="prize", max=held)
    return moves


def _free(row: PrizeClaim, today: date, now: datetime) -> list[ledger.Grant]:
    prize = row.prize
    if prize.service is None:
        return []
    services = (prize.service.code,)
    giving = Giving(_free_operation(row), row.client_id, prize.code, prize.name, services, 1, row.last_day)
    return free_services.give([giving], today=today, at=now)


def _free_operation(row: PrizeClaim) -> str:
    return f"prize:{row.pk}:free"


# --- what becomes of it ----------------------------------------------------------------------------------------------


@in_one_transaction
def hand_over(*, claim: PrizeClaim, by: Actor, now: datetime) -> PrizeClaim:
    """The client got it. Raises `PrizeClosed` if that was so already, or it was taken back, or not kept any longer."""
    row = _locked(claim)
    _refuse_closed(row)
    if row.last_day is not None and row.last_day < rulebook().house.day(now):
        message = _("“%(name)s” was kept until %(day)s. Take it back to return the bonuses.")
        raise PrizeClosed(message % {"name": row.prize.name, "day": show_day(row.last_day)})
    return _close(row, State.HANDED_OVER, by, now)


@in_one_transaction
def cancel(*, claim: PrizeClaim, reason: str, by: Actor, now: datetime) -> PrizeClaim:
    """Take a prize back: the bonuses return, and the prize to the stock.

    A thing that waits, however long, or a service that was not used. Raises `PrizeClosed` for others, `Invalid` without
    a reason.
    """
    if not reason.strip() or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    accounts = ledger.OWN.lock(claim.client_id)
    row = _locked(claim)
    house = rulebook().house
    today = house.day(now)
    ledger.expire_due(Q(account__in=accounts), today=today, zone=house.zone, by=by, listens=house.listens)
    movements = [*_unused_back(row), *_returned(row, house, today, reason.strip())]
    ledger.post(movements, at=now, by=by, listens=house.listens)
    PrizeStock.objects.filter(pk=row.prize_id, taken__gt=0).update(taken=F("taken") - 1)
    row.reason = reason.strip()
    return _close(row, State.CANCELLED, by, now)


def _locked(claim: PrizeClaim) -> PrizeClaim:
    rows = PrizeClaim.objects.select_for_update(of=("self",), no_key=True).select_related("prize__service", "client")
    row = rows.filter(pk=claim.pk).first()
    if row is None:
        raise NotFound(_("There is no such prize."))
    return row


def _refuse_closed(row: PrizeClaim) -> None:
    name = {"name": row.prize.name}
    if row.state == State.CANCELLED:
        raise PrizeClosed(_("“%(name)s” was taken back already.") % name)
    if row.state == State.HANDED_OVER:
        raise PrizeClosed(_("“%(name)s” was handed over already.") % name)


def _unused_back(row: PrizeClaim) -> list[Movement]:
    """The free service of a service prize, if it was not used. Raises `PrizeClosed`."""
    if row.state == State.CANCELLED or row.prize.service_id is None:
        _refuse_closed(row)
        return []
    lot = Lot.objects.select_related("account").filter(operation=_free_operation(row)).first()
    if lot is None or lot.remaining != lot.amount:
        raise PrizeClosed(_("“%(name)s” was used, or has ended.") % {"name": row.prize.name})
    return [ledger.spend(ledger.stock(lot), lot.remaining, f"prize:{row.pk}:cancel", Kind.TAKE_BACK)]


def _returned(row: PrizeClaim, house: House, today: date, reason: str) -> list[Movement]:
    """The bonuses that paid, to the lots they came from. They live so much longer as the prize has held them, and no
    more: else whoever takes a prize and gives it back would have bonuses that never end.
    """
    held = today - house.day(row.at)
    paid = Entry.objects.filter(operation=f"prize:{row.pk}:pay", kind=Kind.SPEND).select_related("lot__account")
    moves: list[Move] = []
    for entry in paid.order_by("pk"):
        lot = ledger.stock(entry.lot)
        last_day = lot.last_day + held if lot.last_day is not None and held else None
        operation = f"prize:{row.pk}:cancel"
        moves.append(Move(operation, lot.id, lot.account, Kind.RETURN, -entry.amount, last_day, note=reason))
    return [*moves, *_taken_of_let_go(moves, row)]


def _taken_of_let_go(returned: Sequence[Move], row: PrizeClaim) -> list[Move]:
    """What refunds had let go, because this prize had it, is taken as soon as it is back."""
    left = let_go(returned[0].account) if returned else ZERO
    moves: list[Move] = []
    for move in returned:
        part = min(left, move.amount)
        if part > 0:
            operation = f"prize:{row.pk}:{LET_GO}:cancel"
            moves.append(Move(operation, move.lot, move.account, Kind.TAKE_BACK, Money(-part)))
            left = Money(left - part)
    return moves


def _close(row: PrizeClaim, state: State, by: Actor, now: datetime) -> PrizeClaim:
    row.state, row.closed_at, row.closed_by = state, now, str(by)
    row.save(update_fields=["state", "closed_at", "closed_by", "reason"])
    return row
