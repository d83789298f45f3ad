"""What a refund of a friend's check takes back of rewards, and what a refund of any check gives back of a discount.

Bonuses of the check: in proportion, like everything that a check earned. Other rewards are whole or not there at all:
they go when all that was paid for the check that brought them has come back. What waits is called off; a discount that
was not used is gone; a gift card or a membership is called back by whoever gave it, what was used of it when it
returns. Milestones go when the number of friends falls below theirs; their bonuses are then due at once.

A pair that a person cancelled has been settled by that: its refunds take nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import Q

from loyalty import ledger
from loyalty.ledger import Movement
from loyalty.mechanics import CalledBack, Reversal, mechanics
from loyalty.models import Account, Entry, Visit
from loyalty.money import ZERO
from loyalty.sql import any_of
from referrals import friends, ready
from referrals.kinds import SECTIONS
from referrals.models import Kind, Referral, Reward
from referrals.rewards import MECHANIC, PROGRAM

State, Side = Reward.State, Reward.Side
ALIVE = (State.HELD, State.PENDING, State.GIVEN)


def accounts(visit: Visit) -> Q | None:
    """Accounts that a refund may take from: of rewards for this check, of milestones of whoever brought the client."""
    if visit.client_id is None:
        return None
    referrer = Referral.objects.filter(friend=visit.client_id).values("referrer")
    of_check = Reward.objects.filter(visit=visit)
    milestones = Reward.objects.filter(side=Side.MILESTONE, client__in=referrer)
    handed_out = [Q(pk__in=rows.exclude(account=None).values("account")) for rows in (of_check, milestones)]
    bonuses = [
        Q(unit=Account.Unit.BONUS, client__in=rows.filter(kind=Kind.BONUS).values("client"))
        for rows in (of_check, milestones)
    ]
    return any_of(*(Account.objects.filter(part).values("pk") for part in (*handed_out, *bonuses)))


def undo(reversal: Reversal) -> list[Movement]:
    """The part of referrals in a refund."""
    movements = _bonuses(reversal)
    movements += _what_returned(reversal)
    if reversal.is_whole:
        for row in ready.return_used(reversal.visit.pk, now=reversal.now):
            code = "discount_ready_again" if row.state == State.GIVEN else "discount_gone"
            reversal.note("gift", PROGRAM, f"referral.{code}", percent=row.percent)
    if not _came_back(reversal):
        return movements
    return [*movements, *_rewards_of_check(reversal), *_milestones(reversal)]


def _came_back(reversal: Reversal) -> bool:
    """Whether all that was paid has come back, or all lines have: as `friends.came_back` says it of visits."""
    paid = reversal.visit.base
    return reversal.is_whole or (paid > 0 and sum(base.back for base in reversal.bases.values()) >= paid)


def _bonuses(reversal: Reversal) -> list[Movement]:
    """The share of what the check earned, also of what it earned for its client and a person released later."""
    decision = Referral.objects.filter(friend=reversal.visit.client_id).values_list("decision", flat=True).first()
    if decision == Referral.Decision.CANCELLED:
        return []
    released = Reward.objects.filter(visit=reversal.visit, side=Side.FRIEND, kind=Kind.BONUS, state=State.GIVEN)
    movements = reversal.take_back_earned(MECHANIC)
    for granted in _grants(list(released)) if decision is not None else ():
        movements += reversal.take_back_share(granted, operation=reversal.operation(MECHANIC, Side.FRIEND.value))
    return movements


def _grants(rewards: Sequence[Reward]) -> list[Entry]:
    """What these brought into the ledger: a lot of bonuses; of a membership with several counts a lot for each."""
    if not rewards:
        return []
    named = Q(operation__in=[reward.operation for reward in rewards])
    for reward in rewards:
        if reward.account_id is not None:
            named |= Q(account=reward.account_id, operation__startswith=f"{reward.operation}:")
    rows = Entry.objects.filter(named, kind=Entry.Kind.GRANT)
    return list(rows.select_related("lot__account", "visit").order_by("pk"))


# --- rewards of another kind -----------------------------------------------------------------------------------------


def _rewards_of_check(reversal: Reversal) -> list[Movement]:
    rewards = Reward.objects.filter(visit=reversal.visit, state__in=ALIVE).exclude(side=Side.MILESTONE)
    ended = list(rewards.order_by("pk").select_for_update(no_key=True, of=("self",)))
    return [move for reward in ended for move in _end(reward, reversal)]


def _end(reward: Reward, reversal: Reversal) -> list[Movement]:
    """End a reward: take what is there."""
    stage = "gift" if reward.client_id == reversal.visit.client_id else "referrer"
    if reward.state in (State.HELD, State.PENDING):
        _change(reward, State.CANCELLED, reversal)
        reversal.note(stage, PROGRAM, "referral.called_off")
        return []
    _change(reward, State.TAKEN_BACK, reversal)
    if reward.kind == Kind.DISCOUNT:
        reversal.note(stage, PROGRAM, "referral.discount_gone", percent=reward.percent)
    if reward.kind in SECTIONS:
        return _call_back([reward], reversal, fell_now=True)
    return []


def _change(reward: Reward, state: Reward.State, reversal: Reversal) -> None:
    reward.state, reward.changed_at = state, reversal.now
    reward.save(update_fields=["state", "changed_at"])


def _call_back(rewards: Sequence[Reward], reversal: Reversal, *, fell_now: bool) -> list[Movement]:
    return [
        move
        for granted in _grants(rewards)
        for mechanic in mechanics()
        for move in mechanic.call_back(_called(granted, reversal, fell_now=fell_now), reversal)
    ]


def _called(granted: Entry, reversal: Reversal, *, fell_now: bool) -> CalledBack:
    """The lot with what has just come back to it; the reversal keeps no lots that are empty.

    What the night has given since the refund began is locked now, and read then.
    """
    if granted.account_id not in reversal.lots:
        ledger.lock(Q(pk=granted.account_id))
        reversal.lots = {**reversal.lots, granted.account_id: ledger.held(Q(pk=granted.account_id))}
    held = (lot for lot in reversal.lots.get(granted.account_id, ()) if lot.id == granted.lot_id)
    lot = next(held, None) or replace(ledger.stock(granted.lot), remaining=ZERO)
    return CalledBack(granted, lot, from_sum=None, fell_now=fell_now)


def _what_returned(reversal: Reversal) -> list[Movement]:
    """Gift cards and memberships that had paid for this check and were called back before: what returns is taken."""
    touched = {entry.account_id for entry in reversal.entries}
    rewards = Reward.objects.filter(account__in=touched, state=State.TAKEN_BACK)
    return _call_back(list(rewards.order_by("pk")), reversal, fell_now=False) if touched else []


# --- milestones ------------------------------------------------------------------------------------------------------


def _milestones(reversal: Reversal) -> list[Movement]:
    """Milestones of whoever brought the client, as far as there are now fewer friends than they are for."""
    referrer = Referral.objects.filter(friend=reversal.visit.client_id).values_list("referrer", flat=True).first()
    if referrer is None or not friends.alive(referrer).exists():
        return []
    friends.lock([referrer])
    lost = friends.no_longer_reached(referrer)
    return [move for reward in lost for move in _lose(reward, reversal)]


def _lose(reward: Reward, reversal: Reversal) -> list[Movement]:
    number = friends.friends_of(reward)
    if reward.kind != Kind.BONUS:
        reversal.note("referrer", PROGRAM, "referral.milestone_lost", friends=number)
    if reward.state == State.USED:
        return []
    moves = _end(reward, reversal)
    for granted in _grants([reward]) if reward.kind == Kind.BONUS else ():
        operation = reversal.operation(MECHANIC, f"milestone:{number}")
        moves += reversal.take_back_all(
            granted, "referral.milestone_back", operation=operation, stage="referrer", friends=number
        )
    return moves
