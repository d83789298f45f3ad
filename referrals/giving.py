"""Giving rewards that are not simply bonuses on the ledger at once: on their day, or when a person has decided.

A reward of another kind is a row. It waits (`pending`) until the time for refunds is over, as bonuses wait in their
lot; then a gift card or a membership is given by whoever sells it, and a discount lies ready for the next check. What
a pair brings that somebody holds is a row too (`held`), also bonuses.

Whoever decides writes the decision first, then calls `release` and `give_milestones`, or `cancel`, in the same
transaction.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet, Subquery

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from loyalty import events, ledger
from loyalty.events import Happened
from loyalty.house import House
from loyalty.ledger import Grant, Movement
from loyalty.mechanics import Handing, Present, mechanics
from loyalty.mechanics.owed import due_so_far
from loyalty.models import Account, Entry, Lot, Refund, Visit
from loyalty.money import ZERO, Currency, Money, total
from loyalty.rulebook import rulebook
from loyalty.sql import any_of
from loyalty.terms import Terms, last_day_after
from referrals import friends
from referrals.friends import Reached
from referrals.kinds import SECTIONS, Gain
from referrals.models import Kind, Referral, Reward
from referrals.program import Rules
from referrals.rewards import MECHANIC, PROGRAM

log = logging.getLogger(__name__)
AT_ONCE = 200
State, Side = Reward.State, Reward.Side
FOR_THE_REFERRER = (Side.REFERRER, Side.MILESTONE)
BONUSES = Q(account__unit=Account.Unit.BONUS)
CANCELLED = ":refund:cancelled"
"""In the operation that takes what a cancelled pair had brought; a number follows when it is cancelled again."""


def welcome_of(friend: int) -> str:
    """How the friend's reward on joining is named."""
    return f"client:{friend}:{MECHANIC}:welcome"


@dataclass(frozen=True, slots=True)
class Won:
    """A reward that a check or a joining brings, before it is written."""

    client: int
    friend: int
    side: str
    gain: Gain
    operation: str
    visit: int | None = None


def award(
    won: Won, *, name: str, terms: Terms, handing: Handing, is_held: bool = False
) -> tuple[Reward, list[Movement]]:
    """Write the reward; give it now, unless it is held or waits for its day. What the ledger is to move for it."""
    due_day = terms.first_day(handing.today)
    waits = won.gain.kind != Kind.BONUS and due_day > handing.today  # bonuses wait in their lot
    reward = Reward.objects.create(
        client_id=won.client,
        friend_id=won.friend,
        side=won.side,
        kind=won.gain.kind,
        amount=won.gain.amount or None,
        percent=won.gain.percent,
        good=won.gain.good,
        name=name,
        operation=won.operation,
        due_day=due_day,
        state=State.HELD if is_held else State.PENDING,
        visit_id=won.visit,
        created_at=handing.now,
        changed_at=handing.now,
    )
    return reward, [] if is_held or waits else give(reward, handing, terms)


def give(reward: Reward, handing: Handing, terms: Terms) -> list[Movement]:
    """Give a reward that was written. A good that no longer exists is not given: it waits until it exists again."""
    movements = _movements(reward, handing, terms)
    is_given = bool(movements) or reward.kind == Kind.DISCOUNT
    reward.state = State.GIVEN if is_given else State.PENDING
    reward.changed_at = handing.now
    if reward.kind in SECTIONS and movements:
        reward.account_id = movements[0].account
    reward.save(update_fields=["state", "changed_at", "account"])
    return movements


def _movements(reward: Reward, handing: Handing, terms: Terms) -> list[Movement]:
    if reward.kind == Kind.DISCOUNT:
        return []
    if reward.kind == Kind.BONUS:
        return [_bonuses(reward, handing.today, terms)]
    present = Present(reward.good, reward.amount or ZERO, reward.operation, PROGRAM, reward.name)
    section = SECTIONS[Kind(reward.kind)]
    givers = (mechanic for mechanic in mechanics() if mechanic.presents == section)
    return [move for mechanic in givers for move in mechanic.present(present, handing)]


def _bonuses(reward: Reward, today: date, terms: Terms) -> Grant:
    """A lot on the terms of the program. One that was held does not wait again for days that have passed."""
    first_day = max(reward.due_day, today)
    return Grant(
        operation=reward.operation,
        account=Account.objects.get(client=reward.client_id, unit=Account.Unit.BONUS).pk,
        amount=reward.amount or ZERO,
        first_day=first_day,
        last_day=last_day_after(first_day, days=terms.lifetime_days, months=terms.lifetime_months),
        program=PROGRAM,
        name=reward.name,
        limit_percent=terms.limit_percent,
        min_check=terms.min_check,
    )


def rewarded(reward: Reward, currency: Currency) -> list[Happened]:
    """What is told of a reward that was given to whoever brought a friend."""
    if reward.side not in FOR_THE_REFERRER or reward.state != State.GIVEN:
        return []
    return [told(reward.client_id, reward.friend_id, reward.kind, reward.amount, reward.visit_id, currency)]


def told(  # the facts of one event
    referrer: int, friend: int, kind: str, amount: Money | None, visit: int | None, currency: Currency
) -> Happened:
    facts = {
        "referrer": str(referrer),
        "friend": str(friend),
        "kind": str(kind),
        "amount": None if amount is None else currency.text(amount),
        "visit": None if visit is None else str(visit),
    }
    return Happened("referral.rewarded", facts)


# --- a milestone -----------------------------------------------------------------------------------------------------


def award_milestone(
    reached: Reached, *, referrer: int, friend: int, visit: int | None, rules: Rules, handing: Handing, house: House
) -> Reward:
    """Write a milestone and post what it gives: it is of no one check, so no check's refund takes a part of it."""
    won = Won(referrer, friend, Side.MILESTONE, reached.goal.gain, reached.operation, visit)
    reward, movements = award(won, name=rules.name, terms=rules.terms, handing=handing)
    ledger.post(movements, at=handing.now, by=handing.by, listens=house.listens)
    return reward


# --- on their day ----------------------------------------------------------------------------------------------------


def give_due(*, day: date, house: House, now: datetime, by: Actor) -> int:
    """Give what is due on this day or was before; how many. May run twice, late, or beside itself.

    Also what a check set aside at the moment in which a person approved its pair.
    """
    given, last = _release_forgotten(by=by, now=now), 0
    while ids := _due(day, after=last):
        with transaction.atomic():
            given += _give_batch(_locked(ids, State.PENDING), Handing(None, day, now, by), house)
        last = ids[-1]
    return given


def _release_forgotten(*, by: Actor, now: datetime) -> int:
    with transaction.atomic():
        approved = Referral.objects.filter(decision=Referral.Decision.APPROVED).values("friend")
        forgotten = Reward.objects.filter(state=State.HELD, friend__in=approved).order_by("pk")[:AT_ONCE]
        released = release(forgotten, by=by, now=now) if forgotten else []
        give_milestones({reward.friend_id for reward in released}, by=by, now=now)
        return len(released)


def _due(day: date, *, after: int) -> list[int]:
    rows = Reward.objects.filter(state=State.PENDING, due_day__lte=day, pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def _locked(ids: Sequence[int], state: Reward.State) -> list[Reward]:
    """Those of them that are in this state, locked as a refund locks: the visits first, then what hangs on them.

    A refund of such a visit comes wholly before or after. Whoever comes second waits, and finds the rewards given, or
    called off.
    """
    visits = Reward.objects.filter(pk__in=ids, visit__isnull=False).values("visit")
    list(Visit.objects.filter(pk__in=visits).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    rows = Reward.objects.filter(pk__in=ids, state=state).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def _give_batch(batch: Sequence[Reward], night: Handing, house: House) -> int:
    decided = dict(Referral.objects.filter(friend__in=[r.friend_id for r in batch]).values_list("friend", "decision"))
    gone = set(
        Client.objects.filter(pk__in=[r.client_id for r in batch], erased_at__isnull=False).values_list("pk", flat=True)
    )
    given = []
    for reward in batch:
        decision = decided.get(reward.friend_id)
        if decision == Referral.Decision.CANCELLED or reward.client_id in gone:
            _change([reward], State.CANCELLED, night.now)
        elif decision == Referral.Decision.HELD:
            _change([reward], State.HELD, night.now)
        elif _is_given(reward, night, house):
            given.append(reward)
    return sum(reward.state == State.GIVEN for reward in given)


def _is_given(reward: Reward, night: Handing, house: House) -> bool:
    """One that cannot be given must not keep the others waiting; it stays due."""
    try:
        with transaction.atomic():
            _give_and_post(reward, night, house)
    except (Refusal, DatabaseError, ObjectDoesNotExist):
        log.exception("the referral reward %s could not be given", reward.pk)
        return False
    return True


def _give_and_post(reward: Reward, handing: Handing, house: House) -> None:
    handing = Handing(reward.client_id, handing.today, handing.now, handing.by)
    movements = give(reward, handing, _terms())
    visit = reward.visit_id if _is_of_the_check(reward) else None
    ledger.post(movements, at=handing.now, by=handing.by, visit=visit, listens=house.listens)
    events.write(rewarded(reward, house.currency), now=handing.now, listens=house.listens)


def _is_of_the_check(reward: Reward) -> bool:
    """Whether the entries are entries of the friend's check.

    A milestone is of no check; and what a check earned for its client stands on it once and for all.
    """
    return reward.side == Side.REFERRER or (reward.side == Side.FRIEND and reward.kind != Kind.BONUS)


def _rules() -> Rules | None:
    rules: Rules | None = rulebook().rules[MECHANIC]
    return rules


def _terms() -> Terms:
    rules = _rules()
    return rules.terms if rules is not None else Terms()


def _change(rewards: Sequence[Reward], state: Reward.State, now: datetime) -> None:
    for reward in rewards:
        reward.state, reward.changed_at = state, now
    Reward.objects.bulk_update(rewards, ["state", "changed_at"])


# --- when a person has decided ---------------------------------------------------------------------------------------


def release(rewards: Iterable[Reward], *, by: Actor, now: datetime) -> list[Reward]:
    """Give rewards that were held, inside the caller's transaction; those that were, as they are now.

    Bonuses come less what refunds of their check have made due since; what is not due yet waits for its day. Others
    than held ones are left as they are.
    """
    rows = _locked([reward.pk for reward in rewards], State.HELD)
    house = rulebook().house
    handing = Handing(None, house.day(now), now, by)
    for reward in rows:
        if reward.kind != Kind.BONUS and reward.due_day > handing.today:
            _change([reward], State.PENDING, now)
        else:
            _give_and_post(reward, handing, house)
            _take_what_is_due(reward, by=by, now=now)
    return rows


def _take_what_is_due(reward: Reward, *, by: Actor, now: datetime) -> None:
    """Of bonuses of a check: the share of what came back of it while they were held, from their own lot."""
    granted = Entry.objects.filter(operation=reward.operation, kind=Entry.Kind.GRANT).select_related("lot__account")
    refunds = Refund.objects.filter(visit=reward.visit_id).order_by("-pk")
    last = refunds.values_list("pk", flat=True).first()
    if reward.kind != Kind.BONUS or reward.side == Side.MILESTONE or last is None:
        return
    entry = granted.get()
    granted_on, entry.visit = entry.visit_id, reward.visit
    owed = due_so_far([entry], Refund.objects.filter(visit=reward.visit_id))[entry.operation]
    if owed:
        move = ledger.spend(ledger.stock(entry.lot), owed, f"{entry.operation}:refund:{last}", Entry.Kind.TAKE_BACK)
        ledger.post([move], at=now, by=by, visit=granted_on, listens=rulebook().house.listens)


def give_milestones(counted: Iterable[int], *, by: Actor, now: datetime, again: bool = True) -> list[Reward]:
    """Give what is reached now that these friends count, inside the caller's transaction: with their first paid visit.

    A friend who has not paid completes nothing. `again`: also milestones that the client had before and lost.
    """
    house, rules = rulebook().house, _rules()
    today = house.day(now)
    if not counted or rules is None or not rules.goals or not rules.is_on(today):
        return []
    paid = Subquery(friends.paid_visits().order_by("at", "pk").values("pk")[:1])
    pairs = Referral.objects.filter(friend__in=counted).annotate(paid=paid).exclude(paid=None).order_by("pk")
    found = list(pairs.values_list("friend", "referrer", "paid"))
    friends.lock([referrer for _friend, referrer, _visit in found])
    given: list[Reward] = []
    for friend, referrer, visit in found:
        handing = Handing(referrer, today, now, by)
        given.extend(
            award_milestone(
                one, referrer=referrer, friend=friend, visit=visit, rules=rules, handing=handing, house=house
            )
            for one in friends.reached(rules.goals, referrer)
            if again or one.is_first
        )
    happened = [one for reward in given for one in rewarded(reward, house.currency)]
    events.write(happened, now=now, listens=house.listens)
    return given


def cancel(referral: Referral, *, by: Actor, now: datetime) -> Money:
    """The pair brings nothing, inside the caller's transaction: what of its bonuses was still there and is taken.

    What is held or waits is cancelled, a discount that was not used is taken back, and so are milestones that are no
    longer reached without this friend. Bonuses are taken from their own lots alone and are never owed: what was spent
    is spent. Gift cards and memberships that were handed out stay; staff can block them.
    """
    friend, referrer = referral.friend_id, referral.referrer_id
    own = Reward.objects.filter(friend=friend).exclude(side=Side.MILESTONE).exclude(state__in=friends.GONE)
    milestones = Reward.objects.filter(client=referrer, side=Side.MILESTONE).exclude(state__in=friends.GONE)
    named = [Lot.objects.filter(operation__in=_operations(rewards)) for rewards in (own, milestones)]
    brought = any_of(*(lots.values("pk") for lots in (*_lots_of_pair(friend), *named)))
    ledger.lock(Q(pk__in=Lot.objects.filter(brought, BONUSES).values("account")))
    friends.lock([referrer])
    ended = [*own.order_by("pk").select_for_update(no_key=True), *friends.no_longer_reached(referrer, without=friend)]
    operations = [reward.operation for reward in ended if reward.kind == Kind.BONUS]
    _end(ended, now)
    lots = [*_lots_of_pair(friend), Lot.objects.filter(operation__in=operations)]
    brought = any_of(*(those.values("pk") for those in lots))
    return _take_what_is_left(brought & BONUSES, rulebook().house.day(now), by=by, now=now)


def _operations(rewards: QuerySet[Reward]) -> QuerySet[Reward, str]:
    return rewards.values_list("operation", flat=True)


def _lots_of_pair(friend: int) -> list[QuerySet[Lot]]:
    """Bonuses that the friend's joining and checks brought to both."""
    earned = Entry.objects.filter(
        kind=Entry.Kind.GRANT,
        visit__client=friend,
        operation__contains=f":{MECHANIC}:",
        account__unit=Account.Unit.BONUS,
    )
    return [Lot.objects.filter(operation=welcome_of(friend)), Lot.objects.filter(pk__in=earned.values("lot"))]


def _end(rewards: Sequence[Reward], now: datetime) -> None:
    """What was given and cannot be handed back stays as it is."""
    waiting = [reward for reward in rewards if reward.state in (State.HELD, State.PENDING)]
    given = [r for r in rewards if r.state == State.GIVEN and r.kind in (Kind.DISCOUNT, Kind.BONUS)]
    _change(waiting, State.CANCELLED, now)
    _change(given, State.TAKEN_BACK, now)


def _take_what_is_left(lots: Q, today: date, *, by: Actor, now: datetime) -> Money:
    """What a check brought is taken as an entry of the check; after a second decision, under the next number."""
    alive = Lot.objects.filter(lots, remaining__gt=0).exclude(last_day__lt=today).select_related("account")
    grants = Entry.objects.filter(lot__in=alive, kind=Entry.Kind.GRANT).values_list("lot", "visit")
    visit_of: dict[int, int | None] = dict(grants)
    earlier = Entry.objects.filter(lot__in=alive, operation__contains=CANCELLED).values_list("lot", flat=True)
    times = Counter(earlier)
    moves: dict[int | None, list[Movement]] = defaultdict(list)
    for lot in alive.order_by("pk"):
        operation = f"{lot.operation}{CANCELLED}" + (f":{times[lot.pk] + 1}" if times[lot.pk] else "")
        moves[visit_of[lot.pk]].append(ledger.spend(ledger.stock(lot), lot.remaining, operation, Entry.Kind.TAKE_BACK))
    for visit, of_visit in moves.items():
        ledger.post(of_visit, at=now, by=by, visit=visit, listens=rulebook().house.listens)
    return total(-move.amount for of_visit in moves.values() for move in of_visit)
