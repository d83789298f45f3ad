"""Batches of unique promo codes: asked for, made in the background, exported once or handed out one by one.

Asking leaves a row (`CodeBatch`); whoever comes next makes what is missing of it, a few thousand codes in a
transaction, so it may be killed, started twice or begun again at any moment: `made` counts what is really there, and
memory does not grow with the batch. Two makers never work on one chunk: the batch's row is locked.

A code is ten random symbols (49 bits) after an optional beginning, in capitals and digits that cannot be mistaken for
one another. The first random symbol is a letter that makes no number of what stands around it ("2E345678" is one in a
spreadsheet). A batch is exported once: then its codes are on their way to people, and nobody hands them out again.
Codes that were handed out before are not in the file, for they belong to somebody.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, F, Max, Min, Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.discounts import PromoCodeExpired, PromoCodeNotApplicable, PromoCodeUnknown, PromoCodeUsedUp
from loyalty.explanations import show_day
from loyalty.models import CodeBatch, IssuedCode, PromoCode
from loyalty.periods import starts_at
from loyalty.rulebook import rulebook
from loyalty.sql import Column, insert
from loyalty.transactions import in_one_transaction

log = logging.getLogger(__name__)

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
FIRST = "ABCDFGHJKMNPQRSTUVWXYZ"
RANDOM_SYMBOLS = 10
PREFIX = re.compile(r"(?:[A-Z0-9][A-Z0-9-]{0,9})?", re.ASCII)
MOST = 100_000
AT_ONCE = 5_000
PART = 20_000
COLUMNS = (
    Column("promo_id", "bigint"),
    Column("batch_id", "bigint"),
    Column("code", "varchar"),
    Column("limit", "integer"),
    Column("used", "integer"),
)


class StillBeingMade(Refusal):
    """The batch is not finished yet."""


class AlreadyExported(Refusal):
    """The batch was exported before. Once is all."""


class LimitBelowUse(Refusal):
    """A code was used more often than it could be from now on."""


# --- asking and making -----------------------------------------------------------------------------------------------


@in_one_transaction
def ask(*, promo: PromoCode, count: int, prefix: str = "", by: Actor, now: datetime) -> CodeBatch:
    """Ask for so many codes that begin so. Raises `Invalid` (count, prefix), `StillBeingMade`,
    `PromoCodeNotApplicable` for one code that everybody types.

    Who asks wakes a maker. While a batch is being made no other is begun, so a form sent twice counts once.
    """
    prefix = prefix.strip().upper()
    if not 1 <= count <= MOST:
        raise Invalid(_("From 1 to %(most)d codes at once.") % {"most": MOST}, field="count")
    if PREFIX.fullmatch(prefix) is None:
        raise Invalid(_("At most 10 letters, digits and dashes, beginning with a letter or a digit."), field="prefix")
    locked = PromoCode.objects.select_for_update(no_key=True, of=("self",)).get(pk=promo.pk)
    _refuse_shared(locked)
    unfinished = locked.batches.filter(made__lt=F("wanted")).first()
    if unfinished is not None:
        raise StillBeingMade(_being_made(unfinished))
    batch = CodeBatch.objects.create(promo=locked, prefix=prefix, wanted=count, by=str(by), created_at=now)
    _record(batch, str(batch), LogEntry.Action.CREATE, {"wanted": ["None", str(count)]}, by=by, now=now)
    return batch


def make_unfinished() -> int:
    """Make what is missing of every batch, oldest first; how many codes were made. One that fails stops no other."""
    made = 0
    unfinished = CodeBatch.objects.filter(made__lt=F("wanted")).order_by("pk")
    for batch in unfinished.values_list("pk", flat=True):
        try:
            made += make_codes(batch)
        except Exception:
            log.exception("the codes of batch %s could not be made; they are tried again later", batch)
    return made


def make_codes(batch: int) -> int:
    """Make what is missing of this batch; how many codes this call made. None while somebody else is at it."""
    made = 0
    while some := _make_some(batch):
        made += some
    return made


@in_one_transaction
def _make_some(batch_id: int) -> int:
    """The next few thousand codes of the batch, and their count."""
    unfinished = CodeBatch.objects.filter(pk=batch_id, made__lt=F("wanted"))
    batch = unfinished.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
    if batch is None:
        return 0
    limit = PromoCode.objects.values_list("max_uses", flat=True).get(pk=batch.promo_id) or 1
    count = min(AT_ONCE, batch.wanted - batch.made)
    rows = [(batch.promo_id, batch.pk, code, limit, 0) for code in _new_codes(batch.prefix, count)]
    made = len(insert("loyalty_issuedcode", COLUMNS, rows, "ON CONFLICT (code) DO NOTHING RETURNING id"))
    if not made:
        raise RuntimeError("no free code was found")  # every one of thousands was taken: the source is not random
    CodeBatch.objects.filter(pk=batch.pk).update(made=F("made") + made)
    return made


def _new_codes(prefix: str, count: int) -> list[str]:
    return list({new_code(prefix) for _i in range(count)})


def new_code(prefix: str = "") -> str:
    """ "SUMMERK7M2QX9HTW"."""
    rest = (secrets.choice(ALPHABET) for _i in range(RANDOM_SYMBOLS - 1))
    return f"{prefix}{secrets.choice(FIRST)}{''.join(rest)}"


def masked(code: str) -> str:
    """What is shown of a code to whoever need not know it: "…9HTW"."""
    return f"…{code[-4:]}"


# --- exporting -------------------------------------------------------------------------------------------------------


def export(*, batch: CodeBatch, by: Actor, now: datetime) -> Iterator[str]:
    """The batch as lines of a CSV file, once. What was not handed out is with its people from now on.

    Raises `AlreadyExported` (by whom, when), `StillBeingMade`. That it was exported is written before the first line
    is read, so two who ask at once do not both get the file.
    """
    _close(batch.pk, by, now)
    return _lines(batch.pk, now)


@in_one_transaction
def _close(batch_id: int, by: Actor, now: datetime) -> None:
    batch = CodeBatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch_id)
    if batch.exported_at is not None:
        raise AlreadyExported(_exported(batch))
    if batch.made < batch.wanted:
        raise StillBeingMade(_being_made(batch))
    batch.exported_at, batch.exported_by = now, str(by)
    batch.save(update_fields=["exported_at", "exported_by"])
    _update(IssuedCode.objects.filter(batch=batch, handed_out_at=None), handed_out_at=now)
    _record(batch, str(batch), LogEntry.Action.UPDATE, {"exported_at": ["None", _written(now)]}, by=by, now=now)


def _lines(batch: int, now: datetime) -> Iterator[str]:
    """Read a few thousand at a time, by id: no cursor stays open and nothing grows."""
    yield f"{_cell('code')}\r\n"
    last = 0
    while True:
        codes = IssuedCode.objects.filter(batch=batch, handed_out_at=now, pk__gt=last).order_by("pk")
        some = list(codes.values_list("pk", "code")[:AT_ONCE])
        if not some:
            return
        last = some[-1][0]
        yield "".join(f"{_cell(code)}\r\n" for _pk, code in some)


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula. Ours need no quotes: letters, digits and dashes."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


# --- handing out -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A code that somebody has got. `valid_until` is the first moment at which it does not work any more."""

    code: str
    client: int | None
    valid_until: datetime | None


@in_one_transaction
def hand_out(*, promo: PromoCode, client: Client | None = None, by: Actor, now: datetime) -> HandedOut:
    """Take the next free code of the promo code's batches, for this client if one is named.

    Two who ask at once get two codes. Who handed out what to whom stands in the record of changes, without the code.
    Raises `PromoCodeNotApplicable` (no batch, another's), `PromoCodeUnknown` (switched off), `PromoCodeExpired`,
    `PromoCodeUsedUp` (none is left).
    """
    house = rulebook().house
    _refuse_to_hand_out(promo, client, house.day(now))
    free = IssuedCode.objects.filter(promo=promo, batch__isnull=False, handed_out_at=None).order_by("pk")
    code = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
    if code is None:
        raise PromoCodeUsedUp(_("No code of %(code)s is left to hand out. Make more of them.") % {"code": promo.code})
    code.handed_out_at, code.client = now, client
    code.save(update_fields=["handed_out_at", "client"])
    whom = {"client": ["None", str(client.pk)]} if client is not None else {}
    changes = {"handed_out_at": ["None", _written(now)], **whom}
    _record(code, masked(code.code), LogEntry.Action.UPDATE, changes, by=by, now=now)
    log.info("%s handed out the code %s of %s", by, masked(code.code), promo.code)
    ends = [now + timedelta(hours=promo.valid_hours)] if promo.valid_hours else []
    ends += [starts_at(promo.to_day + timedelta(days=1), house.zone)] if promo.to_day else []
    return HandedOut(code.code, client.pk if client else None, min(ends, default=None))


def _refuse_to_hand_out(promo: PromoCode, client: Client | None, today: date) -> None:
    _refuse_shared(promo)
    facts = {"code": promo.code}
    if not promo.enabled:
        raise PromoCodeUnknown(_("The promo code %(code)s is switched off.") % facts)
    if promo.to_day is not None and today > promo.to_day:
        message = _("The promo code %(code)s ended on %(day)s.")
        raise PromoCodeExpired(message % {**facts, "day": show_day(promo.to_day)})
    if client is not None and promo.client_id not in (None, client.pk):
        raise PromoCodeNotApplicable(_("The promo code %(code)s belongs to another client.") % facts, field="client")


def _refuse_shared(promo: PromoCode) -> None:
    if not promo.is_batch:
        message = _("The promo code %(code)s is typed as it is by everybody: it has no unique codes.")
        raise PromoCodeNotApplicable(message % {"code": promo.code})


# --- limits and figures ----------------------------------------------------------------------------------------------


def most_used(promo: PromoCode) -> int:
    """How often that of its codes was used that was used most."""
    most: int | None = promo.issued.aggregate(most=Max("used"))["most"]
    return most or 0


def refuse_limit(promo: PromoCode, limit: int | None) -> None:
    """Raises `LimitBelowUse` if a code was used more often than this limit allows."""
    limit = (limit or 1) if promo.is_batch else limit
    most = most_used(promo) if limit is not None and promo.pk else 0
    if limit is not None and most > limit:
        text = ngettext("It was used once already.", "It was used %(count)d times already.", most)
        raise LimitBelowUse(text % {"count": most}, field="max_uses")


@in_one_transaction
def follow_limit(promo: PromoCode) -> None:
    """The codes that a batch has already follow its present limit. Raises `LimitBelowUse`."""
    if not promo.is_batch:
        return
    # Whoever is making codes finishes a chunk first; the next one reads the limit anew.
    list(promo.batches.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    refuse_limit(promo, promo.max_uses)
    limit = promo.max_uses or 1
    _update(promo.issued.exclude(limit=limit), limit=limit)


def _update(rows: QuerySet[IssuedCode], **values: Any) -> None:
    """In parts, by id: a hundred thousand rows in one statement might take longer than a statement may."""
    ends = rows.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is not None:
        for first in range(ends["first"], ends["last"] + 1, PART):
            rows.filter(pk__gte=first, pk__lt=first + PART).update(**values)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many codes are with somebody, and how many were used."""

    handed_out: int = 0
    used: int = 0


def figures(promo: PromoCode) -> dict[int, Figures]:
    """By batch. One query."""
    handed_out, used = Count("handed_out_at"), Count("pk", filter=Q(used__gt=0))
    rows = promo.issued.exclude(batch=None).order_by().values("batch").annotate(handed_out=handed_out, was_used=used)
    return {row["batch"]: Figures(row["handed_out"], row["was_used"]) for row in rows}


# --- who did it ------------------------------------------------------------------------------------------------------


def _being_made(batch: CodeBatch) -> str:
    return _("%(made)d of %(wanted)d codes are made. Wait until all are there.") % {
        "made": batch.made,
        "wanted": batch.wanted,
    }


def _exported(batch: CodeBatch) -> str:
    assert batch.exported_at is not None
    local = batch.exported_at.astimezone(rulebook().house.zone)
    who = batch.exported_by.partition(":")[2] or batch.exported_by
    facts = {"who": who, "day": show_day(local.date()), "time": local.strftime("%H:%M")}
    return _("These codes were exported by %(who)s on %(day)s at %(time)s. They are exported once only.") % facts


def _record(row: Model, name: str, action: int, changes: dict[str, list[str]], *, by: Actor, now: datetime) -> None:
    """An entry in the record of changes, as settings have them."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(row),
        object_pk=str(row.pk),
        object_id=row.pk,
        object_repr=name,
        action=action,
        changes=changes,
        timestamp=now,
        additional_data={"by": str(by)},
    )


def _written(at: datetime) -> str:
    return str(at.replace(microsecond=0, tzinfo=None))
