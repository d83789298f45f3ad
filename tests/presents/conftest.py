"""What clients are given besides bonuses, at FlexGym: sessions of 20.00, personal training of 60.00, towels of 3.00."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q

from clients.models import Client
from loyalty import free_services, ledger
from loyalty.free_services import Giving
from loyalty.models import Account, FreeService
from loyalty.proof import prove
from tests.loyalty.conftest import cashback, till
from tests.till import VERA, Till

__all__ = ["cashback", "till"]


def give_free(
    till: Till, client: Client, *services: str, units: int = 1, last_day: date | None = None, name: str = "Present"
) -> FreeService:
    """A free service, as a program would give it."""
    till.account(client)
    operation = f"test:free:{next(till.operations)}"
    giving = Giving(operation, client.pk, "present", name, services, units, last_day)
    grants = free_services.give([giving], today=till.today, at=till.now)
    ledger.post(grants, at=till.now, by=VERA)
    return FreeService.objects.get(account__operation=f"free:{operation}")


def left(free: FreeService) -> int:
    return int(free.account.lots.get().remaining)


def stamps_of(client: Client, program: str = "three") -> int:
    """What was collected; below zero while it is owed."""
    lots = ledger.held(Q(operation=f"stamps:{program}:client:{client.pk}"))
    return sum(int(lot.remaining) for lot in lots)


def free_of(client: Client) -> int:
    """Units of free services that are left."""
    return sum(map(int, FreeService.objects.filter(client=client).values_list("account__lots__remaining", flat=True)))


def told(sold: Any, *stages: str) -> list[str]:
    """Codes of the trace, of these stages."""
    return [note["code"] for note in sold.visit.facts["trace"] if note["stage"] in stages]


def assert_proved() -> None:
    assert prove() == []


__all__ += ["Account", "assert_proved", "free_of", "give_free", "left", "stamps_of", "told"]
