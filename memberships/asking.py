"""What a change would do, in words, before it is done: it is made and undone again, so nothing is worked out twice."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from loyalty.house import House
from memberships import story
from memberships.models import Change, Membership


def before(change: Callable[[], Membership], house: House) -> str:
    """The sentence of this change; "" if it changes nothing. Raises what the change raises."""
    with transaction.atomic():
        last = Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        row = change()
        made = next((told for told in story.changes_of(row, house) if told.change.pk > last), None)
        transaction.set_rollback(True)
    return made.text if made is not None else ""
