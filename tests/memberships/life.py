"""What is done to a sold membership, in a word each, with keys of their own."""

from __future__ import annotations

from datetime import date, timedelta

from clients.models import Client
from memberships import extending, freezing, no_shows, transferring
from memberships.models import Change, Membership, Plan
from tests.till import VERA, Till


def frozen_plan(plan: Plan, days: int) -> Plan:
    """Sold from now on with so many freeze days."""
    plan.freeze_days = days
    plan.save()
    return plan


def ends(membership: Membership) -> date | None:
    """The last day of its one lot."""
    return membership.account.lots.get().last_day


def remaining(membership: Membership) -> int:
    return sum(int(lot.remaining) for lot in membership.account.lots.all())


def freeze(till: Till, membership: Membership, *, days: int, start: int = 1, key: str = "") -> Membership:
    """From so many days after today."""
    return freezing.freeze(
        membership=membership.pk,
        from_day=till.today + timedelta(days=start),
        days=days,
        by=VERA,
        now=till.now,
        key=key or _next(till),
    )


def unfreeze(till: Till, membership: Membership, *, key: str = "") -> Membership:
    return freezing.unfreeze(membership=membership.pk, by=VERA, now=till.now, key=key or _next(till))


def extend(till: Till, membership: Membership, *, days: int, key: str = "") -> Membership:
    return extending.extend(
        membership=membership.pk, days=days, reason="was ill", by=VERA, now=till.now, key=key or _next(till)
    )


def pass_on(
    till: Till, membership: Membership, client: Client, *, sessions: int | None = None, key: str = ""
) -> Membership:
    """To this client; the new membership."""
    transferring.transfer(
        membership=membership.pk,
        client=client,
        sessions=sessions,
        reason="moves away",
        by=VERA,
        now=till.now,
        key=key or _next(till),
    )
    change = Change.objects.filter(membership=membership, kind=Change.Kind.TRANSFERRED).latest("pk")
    return Membership.objects.get(pk=change.facts["to"])


def miss(till: Till, membership: Membership, *, service: str = "", key: str = "") -> Membership:
    """A missed appointment takes a session."""
    return no_shows.count(
        membership=membership.pk,
        reason="did not come",
        service=service,
        by=VERA,
        now=till.now,
        key=key or _next(till),
    )


def _next(till: Till) -> str:
    return f"test:life:{next(till.operations)}"
