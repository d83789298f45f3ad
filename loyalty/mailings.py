"""Mass mailings: one letter to everybody of a segment, watched, paused, gone on with, called off.

Starting counts whom it is for and leaves the rest to a worker, which goes through the clients by their id, a thousand
letters a transaction, and remembers how far it has come (`Mailing.last_client`) in the same transaction. So it may be
killed anywhere, begun again or run twice: the row of the mailing is locked, and a letter is written once by its
operation. Whoever joined after the start is not written to.

Letters that wait are part of the mailing: pausing holds them back (they are due in the year 9999), going on makes them
due again, calling off refuses them. That is done in parts too; the worker finishes what the page has begun. A letter
that the sender is handing over at that moment goes. A mailing is done when nothing of it is still to be written or
waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.letters.reasons import CALLED_OFF
from clients.letters.wording import Words
from clients.letters.writing import USELESS_AFTER
from clients.models import Channel, Client, Consent, Message, Silence
from clients.refusals import Refusal
from loyalty import letters, segments
from loyalty.house import NotSetUp
from loyalty.letters import Notice
from loyalty.models import Mailing, Refund, Visit
from loyalty.money import Money
from loyalty.rulebook import Rulebook, rulebook
from loyalty.transactions import in_one_transaction

log = logging.getLogger(__name__)

State = Mailing.State
AT_ONCE = 1000
PART = 5000
SECONDS = 240
"""A task lives no longer than nine minutes; the next one goes on five minutes later."""
HELD = datetime(9999, 1, 1, tzinfo=UTC)
"""When letters of a paused mailing are due."""
TO_THE_END = 2**63 - 1
"""`last_client` when everybody has been written to."""
CAME_BACK_WITHIN = timedelta(days=14)


class NotNow(Refusal):
    """The mailing is not in a state in which this can be done."""


# --- what people do --------------------------------------------------------------------------------------------------


@in_one_transaction
def start(mailing: int, *, by: Actor, now: datetime) -> Mailing:
    """Count whom it is for, and let the worker begin. Raises `NotNow`: begun before, letter or segment off, nobody."""
    row = _locked(mailing)
    if row.state != State.DRAFT:
        raise NotNow(_("This mailing was started before."))
    if not row.template.enabled:
        raise NotNow(_("The letter “%(name)s” is switched off.") % {"name": row.template})
    if row.segment is not None and not row.segment.enabled:
        raise NotNow(_("The segment “%(name)s” is switched off: nobody belongs to it.") % {"name": row.segment})
    row.wanted = recipients(row, now=now).count()
    if not row.wanted:
        raise NotNow(_("Nobody belongs to the segment now: there is nobody to write to."))
    row.state, row.begun_at, row.last_client = State.RUNNING, now, 0
    row.save(update_fields=["state", "begun_at", "wanted", "last_client"])
    _record(row, State.DRAFT, by=by, now=now)
    return row


def pause(mailing: int, *, by: Actor, now: datetime) -> Mailing:
    """Write and send no more of it; what waits stays waiting. Raises `NotNow`."""
    return _turn(mailing, State.PAUSED, {State.RUNNING}, by=by, now=now)


def go_on(mailing: int, *, by: Actor, now: datetime) -> Mailing:
    """Go on where it was paused. Raises `NotNow`."""
    return _turn(mailing, State.RUNNING, {State.PAUSED}, by=by, now=now)


def cancel(mailing: int, *, by: Actor, now: datetime) -> Mailing:
    """Call it off: nobody else is written to, and what waits is not sent. Raises `NotNow`."""
    return _turn(mailing, State.CANCELLED, {State.DRAFT, State.RUNNING, State.PAUSED}, by=by, now=now)


def _turn(mailing: int, state: State, earlier: set[State], *, by: Actor, now: datetime) -> Mailing:
    row = _change(mailing, state, earlier, by, now)
    _follow_some(row, now)
    return row


@in_one_transaction
def _change(mailing: int, state: State, earlier: set[State], by: Actor, now: datetime) -> Mailing:
    row = _locked(mailing)
    if row.state not in earlier:
        raise NotNow(_refused(row.state))
    before, row.state = row.state, state
    row.save(update_fields=["state"])
    _record(row, before, by=by, now=now)
    return row


def _locked(mailing: int) -> Mailing:
    rows = Mailing.objects.select_related("template", "segment")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=mailing)


def _refused(state: str) -> str:
    return {
        State.DRAFT: _("This mailing has not been started."),
        State.RUNNING: _("This mailing is running already."),
        State.PAUSED: _("This mailing is paused already."),
        State.DONE: _("This mailing is done: all its letters have gone out."),
        State.CANCELLED: _("This mailing was called off."),
    }[State(state)]


def recipients(mailing: Mailing, *, now: datetime, book: Rulebook | None = None) -> QuerySet[Client]:
    """Whom it is for at this moment. Raises `NotSetUp`."""
    if mailing.segment is None:
        return Client.objects.filter(erased_at=None)
    return segments.members(mailing.segment, now=now, book=book)


def reachable(mailing: Mailing, *, now: datetime) -> int:
    """How many of them have an address for its channel, agreed to it and hear of its topic. Raises `NotSetUp`."""
    mine = {"client": OuterRef("pk")}
    agreed = Consent.objects.filter(**mine, topic=mailing.channel, withdrawn_at=None)
    silent = Silence.objects.filter(**mine, channel=mailing.channel, topic=mailing.template.topic)
    address = "email" if mailing.channel == Channel.EMAIL else "phone"
    people = recipients(mailing, now=now).filter(Exists(agreed), ~Exists(silent), **{f"{address}__gt": ""})
    return people.count()


def preview(mailing: Mailing, client: Client, *, now: datetime) -> Words:
    """What this client would read. Raises `NoText`, `NoFigure`."""
    return letters.preview(_notice(mailing, client.pk), house=rulebook().house, now=now)


# --- what the worker does --------------------------------------------------------------------------------------------


def write_due(*, now: datetime, seconds: float = SECONDS) -> int:
    """Write what is due of every mailing, oldest first, for about so many seconds; how many letters.

    One that fails stops no other.
    """
    count, until = 0, monotonic() + seconds
    unfinished = Q(state=State.RUNNING) | Q(state__in=[State.PAUSED, State.CANCELLED], done_at=None)
    for mailing in list(Mailing.objects.filter(unfinished).order_by("pk").values_list("pk", flat=True)):
        try:
            count += _write(mailing, now, until)
        except NotSetUp:
            return count
        except Exception:
            log.exception("the mailing %s could not be written; it is tried again later", mailing)
    return count


def _write(mailing: int, now: datetime, until: float) -> int:
    """All that is due of this mailing; how many letters this call wrote. None while somebody else is at it."""
    row = Mailing.objects.get(pk=mailing)
    while monotonic() < until and _follow_some(row, now):
        pass
    count, book = 0, rulebook()
    while monotonic() < until and (some := _write_some(mailing, now, book)):
        count += some
    _finish(mailing, now)
    return count


@in_one_transaction
def _write_some(mailing_id: int, now: datetime, book: Rulebook) -> int:
    """The letters to the next thousand clients, and their count."""
    mailing = _to_write(mailing_id, now)
    if mailing is None:
        return 0
    people = recipients(mailing, now=now, book=book).filter(
        pk__gt=mailing.last_client, created_at__lte=mailing.begun_at
    )
    clients = list(people.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    written = letters.write((_notice(mailing, client) for client in clients), house=book.house, now=now)
    last = clients[-1] if len(clients) == AT_ONCE else TO_THE_END
    Mailing.objects.filter(pk=mailing.pk).update(written=F("written") + written, last_client=last)
    return written


def _to_write(mailing: int, now: datetime) -> Mailing | None:
    """The mailing, locked, if something of it may be written now."""
    rows = Mailing.objects.filter(pk=mailing, state=State.RUNNING, last_client__lt=TO_THE_END)
    rows = rows.filter(Q(begins_at=None) | Q(begins_at__lte=now)).select_related("segment")
    return rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()


def _notice(mailing: Mailing, client: int) -> Notice:
    return Notice(
        operation=f"{mailing.occasion}:client:{client}",
        client=client,
        template=mailing.template_id,
        occasion=mailing.occasion,
        channel=mailing.channel,
    )


def _finish(mailing: int, now: datetime) -> None:
    """Done, or called off for good, when nothing waits any more."""
    waiting = Message.objects.filter(occasion=f"mailing:{mailing}", state=Message.State.WAITING)
    rows = Mailing.objects.filter(~Exists(waiting), pk=mailing, done_at=None)
    rows.filter(state=State.RUNNING, last_client=TO_THE_END).update(state=State.DONE, done_at=now)
    rows.filter(state=State.CANCELLED).update(done_at=now)


def _follow_some(mailing: Mailing, now: datetime) -> int:
    """Make some of the waiting letters follow the state of their mailing; how many they were, 0 when all do."""
    waiting = Message.objects.filter(occasion=mailing.occasion, state=Message.State.WAITING, sent_at=None)
    hold = {"due_at": HELD, "useless_at": HELD + USELESS_AFTER, "reason": ""}
    follow: dict[str, Callable[[], int]] = {
        State.PAUSED: lambda: _some(waiting.filter(due_at__lt=HELD), **hold),
        State.RUNNING: lambda: _some(waiting.filter(due_at=HELD), due_at=now, useless_at=now + USELESS_AFTER),
        State.CANCELLED: lambda: _some(waiting, state=Message.State.REFUSED, reason=CALLED_OFF),
    }
    return follow[mailing.state]() if mailing.state in follow else 0


@in_one_transaction
def _some(rows: QuerySet[Message], **values: object) -> int:
    """A few thousand of them. One that the sender holds at this moment is on its way, and is left to it."""
    found = rows.order_by("pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return Message.objects.filter(pk__in=list(found.values_list("pk", flat=True)[:PART])).update(**values)


# --- what came of it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the letters of a mailing, and of those who got one."""

    waiting: int
    sent: int
    refused: tuple[tuple[str, int], ...]
    """(reason, how many), most first."""
    failed: int
    came_back: int
    """Clients with a check within 14 days after their letter was sent that has not wholly come back."""
    spent: Money
    """What they paid on those checks, what was refunded taken off; in minor units."""


def report(mailing: Mailing) -> Report:
    """Three queries, however many letters."""
    rows = Message.objects.filter(occasion=mailing.occasion).order_by().values("state", "reason")
    counts = [(row["state"], row["reason"], row["count"]) for row in rows.annotate(count=Count("pk"))]

    def of(state: str) -> int:
        return sum(count for found, _reason, count in counts if found == state)

    refused = [(reason, count) for state, reason, count in counts if state == Message.State.REFUSED]
    clients, spent = _came_back(mailing) if of(Message.State.SENT) else (0, Money(0))
    return Report(
        waiting=of(Message.State.WAITING),
        sent=of(Message.State.SENT),
        refused=tuple(sorted(refused, key=lambda pair: (-pair[1], pair[0]))),
        failed=of(Message.State.FAILED),
        came_back=clients,
        spent=spent,
    )


def _came_back(mailing: Mailing) -> tuple[int, Money]:
    """A client has one letter of a mailing, so no check is counted twice."""
    since = Message.objects.filter(
        occasion=mailing.occasion,
        state=Message.State.SENT,
        client=OuterRef("client"),
        sent_at__lte=OuterRef("at"),
        sent_at__gte=OuterRef("at") - CAME_BACK_WITHIN,
    )
    first = mailing.begun_at or mailing.made_at
    whole = Refund.objects.filter(visit=OuterRef("pk"), is_whole=True)
    visits = Visit.objects.filter(Exists(since), ~Exists(whole), at__gte=first)
    found = visits.aggregate(clients=Count("client", distinct=True), paid=Sum("to_pay"))
    back = Refund.objects.filter(visit__in=visits).aggregate(money=Sum("money"))["money"]
    return found["clients"], Money((found["paid"] or 0) - (back or 0))


def _record(row: Mailing, before: str, *, by: Actor, now: datetime) -> None:
    """An entry in the record of changes, as settings have them."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(row),
        object_pk=str(row.pk),
        object_id=row.pk,
        object_repr=str(row),
        action=LogEntry.Action.UPDATE,
        changes={"state": [str(before), str(row.state)]},
        timestamp=now,
        additional_data={"by": str(by)},
    )
