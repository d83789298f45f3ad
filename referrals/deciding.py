"""A person decides about a pair: approve, hold or cancel, with a reason; and decides anew when more is known.

- Approved: what was held is given, and the pair counts like any other: if it did not before, a milestone that it
  completes is given at once, whether anything was held or not.
- Held: what the pair brings from now on is set aside. What it has brought stays.
- Cancelled: it brings nothing more, and what is left of what it brought is taken back: from its own lots, never as a
  debt. Approved later it counts again from then on; what was taken stays taken, also a milestone, until the next
  friend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditlog.models import LogEntry
from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Staff
from clients.refusals import Invalid, NotFound, Refusal
from clients.texts import clean_text
from loyalty import ledger
from loyalty.models import Account
from loyalty.money import ZERO, Money
from loyalty.transactions import in_one_transaction
from referrals import giving
from referrals.friends import DOES_NOT_COUNT
from referrals.models import Referral, Reward

REASON_LENGTH = 250
Decision = Referral.Decision


class AlreadyDecided(Refusal):
    """Somebody else was quicker, or it was decided so before."""

    code = "already_decided"


@dataclass(frozen=True, slots=True)
class Decided:
    """The pair, what was held and is given, milestones that are reached by it, and bonuses that were taken back."""

    referral: Referral
    given: Sequence[Reward] = ()
    reached: Sequence[Reward] = ()
    taken_back: Money = ZERO


@in_one_transaction
def decide(*, friend: int, decision: str, reason: str, by: Actor, now: datetime) -> Decided:
    """Decide about the pair of this friend. Raises `AlreadyDecided`, `Invalid`, `NotFound`; nothing is changed then."""
    reason = clean_text(reason, "reason", REASON_LENGTH)
    if not reason:
        raise Invalid(_("Say why."), field="reason")
    pair = _locked(friend, decision)
    if pair.decision == decision:
        raise AlreadyDecided(_("It was decided so already."), field="decision")
    before = pair.decision
    _write(pair, decision, reason, by, now)
    if decision == Decision.APPROVED:
        return _approved(pair, before, by, now)
    if decision == Decision.CANCELLED:
        return Decided(pair, taken_back=giving.cancel(pair, by=by, now=now))
    return Decided(pair)


def _approved(pair: Referral, before: str, by: Actor, now: datetime) -> Decided:
    held = Reward.objects.filter(friend=pair.friend_id, state=Reward.State.HELD)
    given = giving.release(held, by=by, now=now)
    if before not in DOES_NOT_COUNT:
        return Decided(pair, given)
    again = before != Decision.CANCELLED
    return Decided(pair, given, giving.give_milestones([pair.friend_id], by=by, now=now, again=again))


def _locked(friend: int, decision: str) -> Referral:
    """The pair. Before it is cancelled, both accounts: a check of the friend is settled before that or after it."""
    if decision == Decision.CANCELLED:
        referrer = Referral.objects.filter(friend=friend).values("referrer")
        ledger.lock(Q(client=friend, unit=Account.Unit.BONUS) | Q(client__in=referrer, unit=Account.Unit.BONUS))
    pair = Referral.objects.select_for_update(no_key=True).filter(friend=friend).first()
    if pair is None:
        raise NotFound(_("Nobody has brought this client."))
    return pair


def _write(pair: Referral, decision: str, reason: str, by: Actor, now: datetime) -> None:
    staff = Staff.objects.filter(username=by.name).first() if by.kind == "staff" else None
    LogEntry.objects.log_create(
        pair,
        action=LogEntry.Action.UPDATE,
        changes={"decision": [pair.decision, decision], "decision_reason": [pair.decision_reason, reason]},
        actor=staff,
        additional_data=None if staff else {"by": str(by)},
        timestamp=now,
    )
    pair.decision, pair.decision_reason = decision, reason
    pair.decided_at, pair.decided_by = now, str(by)
    pair.save(update_fields=["decision", "decision_reason", "decided_at", "decided_by"])
