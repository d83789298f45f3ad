"""A check settles: what it brings to both sides is written."""

from __future__ import annotations

from loyalty import ledger
from loyalty.ledger import Movement
from loyalty.mechanics import Handing, Sale
from loyalty.pricing import Earning
from referrals import ready
from referrals.giving import Won, award, award_milestone, rewarded, told
from referrals.models import Kind, Reward
from referrals.program import Rules
from referrals.rewards import MECHANIC, PROGRAM, Friendship, Plan, Win

Side = Reward.Side


def settle(sale: Sale, rules: Rules) -> list[Movement]:
    """Earnings become lots, other rewards rows, a discount that was used is used up."""
    plan: Plan | None = sale.bill.plans.get(MECHANIC)
    if plan is None:
        return []
    if plan.uses is not None:
        ready.use(plan.uses, visit=sale.visit, now=sale.scene.now)
    pair = plan.friendship
    if pair is None:
        return []
    earnings = [earning for earning in sale.bill.earnings if earning.mechanic == MECHANIC]
    movements: list[Movement] = [_granted(earning, pair, rules, sale) for earning in earnings]
    for win in plan.wins:
        movements += _won(win, pair, rules, sale)
    sale.happened.extend(
        told(pair.referrer, pair.friend, Kind.BONUS, earning.amount, sale.visit, sale.scene.house.currency)
        for earning in earnings
        if earning.for_other is not None
    )
    return movements


def _granted(earning: Earning, pair: Friendship, rules: Rules, sale: Sale) -> Movement:
    """The lot of the referrer, or of the friend."""
    person = sale.scene.person
    is_own = earning.for_other is None and person is not None
    return ledger.grant(
        operation=sale.operation(MECHANIC, "friend" if is_own else "referrer"),
        account=person.account if is_own and person is not None else pair.account,
        amount=earning.amount,
        terms=rules.terms,
        today=sale.scene.today,
        program=PROGRAM,
        name=rules.name,
    )


def _won(win: Win, pair: Friendship, rules: Rules, sale: Sale) -> list[Movement]:
    scene = sale.scene
    client = pair.friend if win.side == Side.FRIEND else pair.referrer
    handing = sale.handing if win.side == Side.FRIEND else Handing(client, scene.today, scene.now, sale.by)
    movements: list[Movement] = []
    if win.goal is not None:
        reward = award_milestone(
            win.goal,
            referrer=client,
            friend=pair.friend,
            visit=sale.visit,
            rules=rules,
            handing=handing,
            house=scene.house,
        )
    else:
        won = Won(client, pair.friend, win.side, win.gain, _operation(win, sale), sale.visit)
        held = pair.is_held
        reward, movements = award(won, name=rules.name, terms=rules.terms, handing=handing, is_held=held)
    sale.happened.extend(rewarded(reward, scene.house.currency))
    return movements


def _operation(win: Win, sale: Sale) -> str:
    """Bonuses of the referrer are named like those that come at once, so that a refund finds them.

    Other things are not bonuses. What the client of the check earned on it stands on it once and for all; bonuses that
    a person releases later are therefore none of the check, and are named after none.
    """
    side = str(win.side)
    if not win.gain.is_bonuses:
        return sale.operation("rewards", side)
    return sale.operation(MECHANIC, side) if win.side == Side.REFERRER else f"held:{sale.visit}:{MECHANIC}:{side}"
