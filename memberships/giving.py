"""Memberships that come as presents: two months free for a friend. Nobody buys them, so nobody returns them either.

Such a membership is like one that was sold, by the same plan, also one that is not on sale: it begins as its plan says
(one on a date begins at once), and its own validity says for how long it is free. Nothing was paid for it. It is no
subscription: nobody has agreed to pay for more.

Whoever gave it may call it back: what is left is taken and it is void, at once. Sessions that were used are let go;
what a refund of such a visit returns later is taken then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty import ledger
from loyalty.ledger import Kind, Movement, Opening
from loyalty.mechanics import CalledBack, Handing, Present, Reversal
from loyalty.models import Account
from memberships.models import Membership, Plan
from memberships.plans import ENDLESS, load_plans
from memberships.selling import grants, new

EXPLANATIONS: Mapping[str, Any] = {
    "membership.present_back": _(
        "“%(name)s” came for %(from_sum)s, which is no longer reached. It is taken back with the sessions left on it,"
        " %(left)s: it is void now."
    ),
    "membership.present_back_endless": _(
        "“%(name)s” came for %(from_sum)s, which is no longer reached. It is taken back: it is void now."
    ),
    "membership.present_owed": _(
        "“%(name)s” came for %(from_sum)s, which is no longer reached. All its sessions have been used: it is void now,"
        " and what returns to it is taken then."
    ),
    "membership.present_settled": _("Sessions that returned to “%(name)s”, which was taken back, are taken: %(left)s."),
    "membership.friend_back": _(
        "“%(name)s” came for a friend's visit that has come back. It is taken back with the sessions left on it,"
        " %(left)s: it is void now."
    ),
    "membership.friend_back_endless": _(
        "“%(name)s” came for a friend's visit that has come back. It is taken back: it is void now."
    ),
    "membership.friend_owed": _(
        "“%(name)s” came for a friend's visit that has come back. All its sessions have been used: it is void now, and"
        " what returns to it is taken then."
    ),
}


def gives() -> Mapping[str, str]:
    """Code → name of every plan. One query."""
    return dict(Plan.objects.order_by("code").values_list("code", "name"))


def present(one: Present, handing: Handing) -> list[Movement]:
    """Write the membership of the client to whom it is given, and grant its sessions. Nothing for nobody."""
    plan = next((plan for plan in load_plans().values() if plan.code == one.good), None)
    if plan is None or handing.client is None:
        return []
    opening = Opening(one.operation, Account.Unit.SESSION, handing.client)
    (account,) = ledger.open_accounts([opening], at=handing.now)
    plan = replace(plan, renews=False)
    row = new(plan, account=account, client=handing.client, first_day=handing.today, at=handing.now)
    row.given_by = one.program
    row.save(force_insert=True)
    movements = grants(plan, row, operation=one.operation, first_day=handing.today, program=one.program, name=plan.name)
    return list(movements)


def call_back(called: CalledBack, reversal: Reversal) -> list[Movement]:
    """Take what is left of the lot, and void the membership."""
    lot = called.lot
    row = Membership.objects.filter(account=lot.account).select_related("plan").first()
    if row is None:
        return []
    is_void = row.voided_at is not None
    if not is_void:
        Membership.objects.filter(pk=row.pk).update(voided_at=reversal.now)
    if lot.remaining or not is_void:
        _explain(called, reversal, row, is_void=is_void)
    operation = reversal.operation("memberships", f"present:{row.pk}")
    return [ledger.spend(lot, lot.remaining, operation, Kind.TAKE_BACK)] if lot.remaining else []


def _explain(called: CalledBack, reversal: Reversal, row: Membership, *, is_void: bool) -> None:
    """Why; of several counts of one membership those after the first are told as what is taken besides."""
    facts: dict[str, Any] = {"name": row.plan.name}
    why = "friend"
    if called.from_sum is not None:
        why, facts["from_sum"] = "present", called.from_sum
    code = f"membership.{why}_back"
    if is_void:
        code = "membership.present_settled"
    elif not called.lot.remaining:
        code = f"membership.{why}_owed"
    elif called.lot.amount >= ENDLESS:
        code = f"{code}_endless"
    if not code.endswith(("_owed", "_endless")):
        facts["left"] = int(called.lot.remaining)
    reversal.note("gift", called.lot.program, code, **facts)
