"""The people who may use a membership besides its holder: named, up to as many as the plan is for."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, NotFound, Refusal
from loyalty.transactions import in_one_transaction
from memberships import changes
from memberships.models import Change, Membership, MembershipPerson

Did = Change.Kind


class TooManyPeople(Refusal):
    """The plan is for no more."""

    code = "too_many_people"


@in_one_transaction
def add(*, membership: int, client: Client, by: Actor, now: datetime, key: str) -> Membership:
    """Name somebody who may use it. Named twice they are named once.

    Raises `TooManyPeople`; `Invalid` for the holder, or whoever has asked to be forgotten; `CannotChange`.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.PERSON_ADDED):
        return row
    _refuse_void(row)
    if client.pk == row.client_id:
        raise Invalid(_("It is their own membership."), field="client")
    if client.erased_at is not None:
        raise Invalid(_("This client has asked to be forgotten."), field="client")
    named = set(MembershipPerson.objects.filter(membership=row).values_list("client", flat=True))
    if client.pk in named:
        return row
    if len(named) + 1 >= row.plan.people:
        most = row.plan.people
        message = ngettext(
            "“%(name)s” is for %(most)d person, its holder.",
            "“%(name)s” is for %(most)d people, its holder among them.",
            most,
        )
        raise TooManyPeople(message % {"name": row.plan.name, "most": most}, field="client")
    MembershipPerson.objects.create(membership=row, client=client, by=str(by), added_at=now)
    changes.write(row, Did.PERSON_ADDED, key=key, by=by, now=now, facts={"client": client.pk})
    return row


@in_one_transaction
def remove(*, membership: int, client: int, by: Actor, now: datetime, key: str) -> Membership:
    """Somebody may not use it any more. Raises `NotFound` for whoever is not named."""
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.PERSON_REMOVED):
        return row
    person = MembershipPerson.objects.filter(membership=row, client=client).first()
    if person is None:
        raise NotFound(_("This person is not named."), field="client")
    person.delete()
    changes.write(row, Did.PERSON_REMOVED, key=key, by=by, now=now, facts={"client": client})
    return row


def _refuse_void(row: Membership) -> None:
    if row.voided_at is not None:
        raise changes.CannotChange(_("“%(name)s” is not used any more.") % {"name": row.plan.name})
