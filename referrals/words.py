"""What is said of friends who were brought: to the client who brought them, and to staff. Values in, sentences out.

The client reads first names and one initial, no phone, and never why somebody finds a pair suspicious.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from clients.models import Client
from loyalty.explanations import show_day, show_percent
from loyalty.house import House
from loyalty.money import Money
from referrals.kinds import goods
from referrals.models import Kind, Reward
from referrals.tree import Friend, Status

State = Reward.State
Plans = Mapping[str, str]
"""Code → name of the memberships that can be given."""

NAMES: Mapping[Status, Any] = {
    Status.INVITED: pgettext_lazy("a friend", "invited"),
    Status.REGISTERED: pgettext_lazy("a friend", "registered"),
    Status.VISITED: pgettext_lazy("a friend", "first visit"),
    Status.PENDING: pgettext_lazy("a friend", "reward pending"),
    Status.REWARDED: pgettext_lazy("a friend", "rewarded"),
    Status.HELD: pgettext_lazy("a friend", "held"),
    Status.CANCELLED: pgettext_lazy("a friend", "cancelled"),
    Status.TAKEN_BACK: pgettext_lazy("a friend", "taken back"),
}
"""In a table for staff."""

SHORT: Mapping[Status, Any] = {
    Status.INVITED: gettext_lazy("invited"),
    Status.REGISTERED: gettext_lazy("joined, not here yet"),
    Status.VISITED: gettext_lazy("was here"),
    Status.PENDING: gettext_lazy("on its way"),
    Status.REWARDED: gettext_lazy("rewarded"),
    Status.HELD: gettext_lazy("being looked at"),
    Status.CANCELLED: gettext_lazy("does not count"),
    Status.TAKEN_BACK: gettext_lazy("taken back"),
}
"""For the client who brought them."""


def plans_of(rewards: Iterable[Reward]) -> Plans:
    """The names of the memberships among these rewards. A query, if there is one."""
    return goods(Kind.MEMBERSHIP) if any(row.kind == Kind.MEMBERSHIP for row in rewards) else {}


def known_as(client: Client) -> str:
    """ "Boris P.": what one client may know of another."""
    if client.erased_at is not None or not client.first_name:
        return _("A friend")
    return f"{client.first_name} {client.last_name[:1]}." if client.last_name else client.first_name


def gift(kind: str, house: House, *, amount: Money | None, percent: Decimal | None, plan: str) -> str:
    """ "20.00 bonuses", "10 % off your next check", "a gift card of 20.00", "the membership “5 sessions”"."""
    if kind == Kind.DISCOUNT and percent is not None:
        return _("%(percent)s off the next check") % {"percent": show_percent(percent)}
    if kind == Kind.GIFT_CARD and amount is not None:
        return _("a gift card of %(amount)s") % {"amount": number(amount, house)}
    if kind == Kind.MEMBERSHIP:
        return _("the membership “%(name)s”") % {"name": plan}
    return bonuses(amount or Money(0), house)


def of_reward(row: Reward, house: House, plans: Plans) -> str:
    """What is given: "10 % off the next check"."""
    plan = plans.get(row.good, row.good)
    return gift(row.kind, house, amount=row.amount, percent=row.percent, plan=plan)


def bonuses(amount: Money, house: House) -> str:
    return _("%(amount)s bonuses") % {"amount": number(amount, house)}


def number(amount: int, house: House) -> str:
    return house.currency.number(amount, get_language() or "en")


def _day(at: datetime, house: House) -> str:
    return show_day(house.day(at))


# --- to the client ---------------------------------------------------------------------------------------------------


def lines(friend: Friend, house: House, plans: Plans) -> list[str]:
    """How far the friend is and why the reward is what it is, in the order in which it happened."""
    said = [_coming(friend, house)]
    if friend.status == Status.CANCELLED:
        return [*said, _("It does not count: we have looked at it. Ask at the desk if you think otherwise.")]
    if friend.status == Status.HELD:
        said.append(_("We are looking at this one; the reward waits until then."))
    said += _of_bonuses(friend, house)
    said += [_of_reward(row, house, plans) for row in friend.rewards if _is_told(row)]
    if friend.status == Status.VISITED:
        said.append(_("It has brought you nothing so far."))
    return said


def _coming(friend: Friend, house: House) -> str:
    if friend.first_visit_at is not None:
        return _("First visit on %(day)s.") % {"day": _day(friend.first_visit_at, house)}
    if friend.status == Status.INVITED:
        return _("Invited on %(day)s, has not joined yet.") % {"day": _day(friend.referral.named_at, house)}
    if friend.status == Status.TAKEN_BACK:
        text = _("Joined on %(day)s. Their visit came back, so it does not count.")
        return text % {"day": _day(friend.client.created_at, house)}
    return _("Joined on %(day)s, has not been here yet.") % {"day": _day(friend.client.created_at, house)}


def _of_bonuses(friend: Friend, house: House) -> list[str]:
    came, said = friend.bonuses, []
    if came.pending and came.until is not None:
        facts = {"amount": bonuses(came.pending, house), "day": show_day(came.until)}
        said.append(_("%(amount)s are on their way: yours from %(day)s.") % facts)
    if came.taken_back and came.taken_back_at is not None:
        facts = {"amount": bonuses(came.taken_back, house), "day": _day(came.taken_back_at, house)}
        said.append(_("%(amount)s were taken back on %(day)s: their visit came back.") % facts)
    return said


def _is_told(row: Reward) -> bool:
    """Bonuses that were given are among the sums; what is held is said once."""
    return row.state != State.HELD and (row.kind != Kind.BONUS or row.state == State.CANCELLED)


def own_reward(row: Reward, house: House, plans: Plans) -> str:
    """What came for so many friends, or for having been brought: its reason, and what is with it."""
    is_goal = row.side == Reward.Side.MILESTONE
    why = _("For the friends you brought.") if is_goal else _("For having come with a friend.")
    return f"{why} {_of_reward(row, house, plans)}"


STATES: Mapping[str, Any] = {
    State.HELD: gettext_lazy("It waits until we have looked at it: %(what)s."),
    State.PENDING: gettext_lazy("On its way, yours from %(due)s: %(what)s."),
    State.GIVEN: gettext_lazy("You got %(what)s on %(day)s."),
    State.USED: gettext_lazy("You have had %(what)s, on %(day)s."),
    State.CANCELLED: gettext_lazy("Called off on %(day)s, as their visit came back: %(what)s."),
    State.TAKEN_BACK: gettext_lazy("Taken back on %(day)s, as their visit came back: %(what)s."),
}


def _of_reward(row: Reward, house: House, plans: Plans) -> str:
    facts = {"what": of_reward(row, house, plans), "day": _day(row.changed_at, house), "due": show_day(row.due_day)}
    if row.kind == Kind.DISCOUNT and row.state == State.GIVEN:
        return _("Yours: %(what)s.") % facts
    return str(STATES[row.state]) % facts


def limits(
    house: House, *, max_per_month: Money | None, this_month: Money, max_per_friend: Money | None, left: int | None
) -> list[str]:
    """What a client can get at most, and how much of it is left. `left`: friends who may still be brought."""
    said = []
    if max_per_month is not None:
        facts = {"most": number(max_per_month, house), "amount": number(this_month, house)}
        said.append(_("At most %(most)s bonuses a month; this month you have %(amount)s of them.") % facts)
    if max_per_friend is not None:
        said.append(_("At most %(most)s bonuses for one friend.") % {"most": number(max_per_friend, house)})
    if left == 0:
        said.append(_("You have brought as many friends as you can."))
    elif left is not None:
        text = ngettext("You can bring %(count)d more friend.", "You can bring %(count)d more friends.", left)
        said.append(text % {"count": left})
    return said


def next_milestone(missing: int, what: str) -> str:
    text = ngettext(
        "%(count)d more friend who comes and pays, and you get %(what)s.",
        "%(count)d more friends who come and pay, and you get %(what)s.",
        missing,
    )
    return text % {"count": missing, "what": what}


# --- to staff --------------------------------------------------------------------------------------------------------


def for_staff(friend: Friend, house: House, plans: Plans) -> list[str]:
    """What waits, what went back, what else was given, and what a person has decided."""
    came, said = friend.bonuses, []
    if came.pending and came.until is not None:
        facts = {"amount": bonuses(came.pending, house), "day": show_day(came.until)}
        said.append(_("%(amount)s wait until %(day)s.") % facts)
    if came.taken_back and came.taken_back_at is not None:
        facts = {"amount": bonuses(came.taken_back, house), "day": _day(came.taken_back_at, house)}
        said.append(_("%(amount)s were taken back on %(day)s: a visit of the friend came back.") % facts)
    said += [_reward_for_staff(row, house, plans) for row in friend.rewards]
    if friend.referral.decision:
        decision = friend.referral.get_decision_display().capitalize()
        said.append(f"{decision}: {friend.referral.decision_reason}" if friend.referral.decision_reason else decision)
    return said


def _reward_for_staff(row: Reward, house: House, plans: Plans) -> str:
    """ "a gift card of 20.00: given, 5 March 2026"."""
    day = show_day(row.due_day) if row.state == State.PENDING else _day(row.changed_at, house)
    facts = {"what": of_reward(row, house, plans), "state": row.get_state_display(), "day": day}
    if row.state == State.PENDING:
        return _("%(what)s: waits until %(day)s") % facts
    return _("%(what)s: %(state)s, %(day)s") % facts
