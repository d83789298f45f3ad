"""The settings that promises were made by, for as long as any promise may need them.

Whoever hands a token out keeps the settings of its quote first: in memory, and in one row for each revision, so that
another process, or this one started anew, can price by them. A process writes a revision once: quotes after the first
cost nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from clients.models import Business
from loyalty.mechanics import mechanics
from loyalty.models import PromisedRules
from loyalty.promises.packing import Outdated, pack, unpack
from loyalty.promises.token import Promise
from loyalty.rulebook import Rulebook

KEPT = timedelta(days=1)
IN_MEMORY = 8

_kept: list[Rulebook] = []
"""The latest first. Each has its row."""


def keep(book: Rulebook, *, now: datetime) -> None:
    """Keep these settings for the promises that are made by them. Outside a transaction: it must not be rolled back.

    One statement, and none if this process has kept them already. Raises `TypeError` for rules of an unknown type.
    """
    if _remembered(book.revision) is None:
        row = PromisedRules(revision=book.revision, rules=pack(book), kept_at=now)
        PromisedRules.objects.bulk_create([row], ignore_conflicts=True)
        _remember(book)


def rules_of(promise: Promise) -> Rulebook | None:
    """The settings that it was made by; None if they were not kept, or are of another release: the promise is void."""
    book = _remembered(promise.revision)
    if book is None:
        stored = PromisedRules.objects.filter(pk=promise.revision).values_list("rules", flat=True).first()
        book = _read(bytes(stored)) if stored is not None else None
        if book is not None:
            _remember(book)
    return book


def forget_old(now: datetime) -> int:
    """Delete settings that no promise can name any more; how many there were. For the night.

    Settings are replaced when others are kept after them, at the latest; those that were the last ones a day ago
    stay, as do the present ones, however long they have been in force.
    """
    old = PromisedRules.objects.filter(kept_at__lte=now - KEPT)
    last = old.order_by("-kept_at").values_list("kept_at", flat=True).first()
    if last is None:
        return 0
    return old.filter(kept_at__lt=last).exclude(revision__in=Business.objects.values("revision")).delete()[0]


def _read(data: bytes) -> Rulebook | None:
    try:
        book = unpack(data)
    except Outdated:
        return None
    is_whole = isinstance(book, Rulebook) and book.rules.keys() == {mechanic.code for mechanic in mechanics()}
    return book if is_whole else None


def _remembered(revision: UUID) -> Rulebook | None:
    return next((book for book in _kept if book.revision == revision), None)


def _remember(book: Rulebook) -> None:
    _kept[:] = [book, *_kept][:IN_MEMORY]
