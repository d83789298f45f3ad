"""A tier that staff set by hand: it holds to its last day whatever is spent, then the client goes to what they earned.

It is a floor (`loyalty.falling`): nobody falls below it, whoever earns a higher tier has the higher one. Who set it,
when and why stays with the client; the record of changes has each.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty import falling, ledger
from loyalty.house import House
from loyalty.models import Account, CashbackProgram, CashbackTier, Standing, TierStanding
from loyalty.money import ZERO
from loyalty.rulebook import rulebook
from loyalty.tiers import Rung
from loyalty.transactions import in_one_transaction

REASON_LENGTH = 250


@in_one_transaction
def set_tier(  # keyword-only, each is said by every caller
    *,
    client: Client,
    program: CashbackProgram,
    tier: CashbackTier,
    reason: str,
    until: date | None,
    by: Actor,
    now: datetime,
) -> TierStanding:
    """Give the client this tier up to the end of `until` (None: for ever). It takes the place of one set before.

    Raises `Invalid` without a reason, for a tier of another program or one that is off, and for a day that is over.
    """
    house, stairs = _stairs(program)
    today = house.day(now)
    rung = next((rung for rung in stairs.rungs if rung.id == tier.pk), None)
    _check(client, rung, reason, until, today)
    _lock(client)
    row = _row(stairs, client, today)
    was_given, before = False, row.tier_id if row is not None else None
    if row is None:
        row = TierStanding(client=client, program_id=program.pk, tier=tier, since=today)
    elif not _has_tier(row):
        row.tier, row.since = tier, today
    elif _is_given(stairs, row, today):
        was_given, row.since = True, today
    row.by_hand, row.hand_tier, row.hand_since, row.until = True, tier, today, until
    row.reason, row.by = reason.strip(), str(by)
    row.save()
    falling.evaluate(stairs, [client.pk], today=today, zone=house.zone, at_once=was_given, tells=False)
    row = TierStanding.objects.get(pk=row.pk)
    falling.tell([falling.Changed(client.pk, program.pk, before, row.tier_id)], at=now)
    return row


@in_one_transaction
def release(*, client: Client, program: CashbackProgram, by: Actor, now: datetime) -> None:
    """End what was set by hand: from now on the client has the tier that they have earned. Raises `Invalid`."""
    house, stairs = _stairs(program)
    today = house.day(now)
    _lock(client)
    row = _row(stairs, client, today)
    if row is None or not row.by_hand:
        raise Invalid(_("No tier of this client is set by hand."), field="program")
    was_given, before = _is_given(stairs, row, today), row.tier_id
    for column, value in falling.NO_HAND.items():
        setattr(row, column, value)
    row.save()
    # Who stood on the tier before it was set by hand keeps its terms; who has it from the hand alone does not.
    falling.evaluate(stairs, [client.pk], today=today, zone=house.zone, at_once=was_given, tells=False)
    after = TierStanding.objects.filter(client=client, program=program).values_list("tier", flat=True).first()
    falling.tell([falling.Changed(client.pk, program.pk, before, after)], at=now)


def _stairs(program: CashbackProgram) -> tuple[House, falling.Stairs]:
    house = rulebook().house
    stairs = falling.stairs_of(CashbackProgram.objects.filter(pk=program.pk)).get(program.pk)
    if stairs is None:
        raise Invalid(_("This program has no tiers."), field="program")
    return house, stairs


def _check(client: Client, rung: Rung | None, reason: str, until: date | None, today: date) -> None:
    if client.erased_at is not None:
        raise Invalid(_("This client has asked to be forgotten."), field="client")
    if rung is None:
        raise Invalid(_("Choose a tier of this program."), field="tier")
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    if until is not None and until < today:
        raise Invalid(_("This day is over."), field="until")


def _lock(client: Client) -> None:
    """Like a check and a refund: what counts is read under the lock of the client's account."""
    ledger.lock(Q(client_id=client.pk, unit=Account.Unit.BONUS))


def _row(stairs: falling.Stairs, client: Client, today: date) -> TierStanding | None:
    """Where the client stands today, with the falls that have come; None where no tier is held and none on record."""
    row = TierStanding.objects.filter(client=client, program=stairs.program).select_related("tier", "hand_tier").first()
    if row is not None:
        falling.bring_up(row, today)
        return row
    total = Standing.objects.filter(pk=client.pk).values_list("total_spent", flat=True).first() or ZERO
    rung = stairs.unrecorded(total)
    return TierStanding(client=client, program_id=stairs.program, tier_id=rung.id, since=today) if rung else None


def _has_tier(row: TierStanding) -> bool:
    """Whether the last fall that has come left one."""
    tier: int | None = row.tier_id
    return tier is not None


def _is_given(stairs: falling.Stairs, row: TierStanding, today: date) -> bool:
    held = falling.held_of(stairs, falling.on_record(row), today)
    return held is not None and held.is_given
