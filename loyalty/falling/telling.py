"""`tier.changed`: who stands on another tier now, for whoever listens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty import events
from loyalty.events import Happened
from loyalty.models import CashbackProgram, CashbackTier

NAME = "tier.changed"


@dataclass(frozen=True, slots=True)
class Changed:
    """From one tier to another, by id; None is none."""

    client: int
    program: int
    before: int | None
    after: int | None


def happened(client: int, program: str, before: str | None, after: str | None) -> Happened:
    """`program` by its code, tiers by their names."""
    return Happened(NAME, {"client": str(client), "program": program, "before": before, "tier": after})


def tell(changes: Sequence[Changed], *, at: datetime) -> None:
    """Write those that are changes, in the caller's transaction. One query where nobody listens, none without any."""
    changes = [one for one in changes if one.before != one.after]
    if not changes or NAME not in (listens := events.listened_to()):
        return
    programs = dict(CashbackProgram.objects.values_list("pk", "code"))
    asked = {tier for one in changes for tier in (one.before, one.after) if tier is not None}
    tiers: dict[int | None, str] = dict(CashbackTier.objects.filter(pk__in=asked).values_list("pk", "name"))
    told = [happened(one.client, programs[one.program], tiers.get(one.before), tiers.get(one.after)) for one in changes]
    events.write(told, now=at, listens=listens)
