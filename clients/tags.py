"""Words that staff or a till put on a client; segments go by them, letter by letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditlog.models import LogEntry
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Client, ClientTag, Staff
from clients.refusals import Invalid
from clients.texts import clean_text

MOST_TAGS = 20
TAG_LENGTH = 40


def clean_tags(said: Any) -> list[str]:
    """Tags as they are stored: trimmed, as they are written, each once. Raises `Invalid`, field "tags" or "tags[i]".

    Staff write several with commas between them, so a tag has none.
    """
    if said is None:
        return []
    if not isinstance(said, list | tuple):
        raise Invalid(_("must be a list"), field="tags")
    if len(said) > MOST_TAGS:
        raise Invalid(_("must be at most %(count)d tags") % {"count": MOST_TAGS}, field="tags")
    return list(dict.fromkeys(_one(tag, f"tags[{i}]") for i, tag in enumerate(said)))


def _one(said: Any, field: str) -> str:
    if not isinstance(said, str):
        raise Invalid(_("must be a text"), field=field)
    tag = clean_text(said, field, TAG_LENGTH)
    if not tag:
        raise Invalid(_("must not be empty"), field=field)
    if "," in tag:
        raise Invalid(_("must not have a comma"), field=field)
    return tag


def tags_of(client: Client) -> list[str]:
    """The tags of a client, in order; of many clients without a query each, once they are prefetched."""
    return sorted(tag.name for tag in client.tags.all())


def set_tags(client: Client, said: Any, *, by: Actor) -> None:
    """Make these the client's tags, all of them, and leave a record of the change. Raises `Invalid`.

    Inside the caller's transaction.
    """
    wanted = clean_tags(said)
    present = set(ClientTag.objects.filter(client=client).values_list("name", flat=True))
    if present == set(wanted):
        return
    ClientTag.objects.filter(client=client).exclude(name__in=wanted).delete()
    new = [ClientTag(client=client, name=name) for name in wanted if name not in present]
    ClientTag.objects.bulk_create(new, ignore_conflicts=True)  # at two tills at once each tag is put on once
    _record(client, sorted(present), sorted(wanted), by)


def _record(client: Client, before: Sequence[str], after: Sequence[str], by: Actor) -> None:
    """One line for the whole change; rows that come and go say nothing to a reader."""
    staff = Staff.objects.filter(username=by.name).first() if by.kind == "staff" else None
    LogEntry.objects.log_create(
        client,
        action=LogEntry.Action.UPDATE,
        changes={"tags": [", ".join(before), ", ".join(after)]},
        actor=staff,
        additional_data=None if staff else {"by": str(by)},
    )
