"""Which memberships may be used on a check: all that the client may use, or those that were named.

By themselves act the client's own, soonest to end first, and then those of others that name the client among the people
who may use them. One for whoever comes with it (`Plan.unnamed`) acts for another only where staff name it.

Whether it may be used here and now says the plan: at which locations, on which weekdays and at which hours by the clock
of the location, how many a day. A day is one of the business, and what counts is what the ledger says was used on it
by all its people together, without what has come back. A session taken for a missed appointment is no use.

One query finds all of it, however many memberships and people there are; none for whoever has no sessions at all. The
accounts of others are locked and read in the same statements as the client's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from clients.refusals import Invalid
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.explanations import show_day
from loyalty.free_services import is_free_service
from loyalty.ledger import Stock
from loyalty.mechanics import Scene
from loyalty.models import Account, Entry, Lot
from loyalty.periods import starts_at
from loyalty.pricing import Idle, Step
from loyalty.reader import Reader
from memberships.covering import Bar, Covering, Held, MembershipNotApplicable, Pot
from memberships.models import Membership, MembershipPerson
from memberships.plans import PlanRule, service_of

KEY = "memberships"
MAX_NAMED = 20
AUTO = "auto"


def read(reader: Reader) -> Mapping[str, Any]:
    """`memberships`: "auto" (left out too), or ids of those that may be used, in this order."""
    said = reader.raw.get(KEY, AUTO)
    if said is None or said == AUTO:
        return {KEY: AUTO}
    if not isinstance(said, list) or len(said) > MAX_NAMED:
        raise Invalid(_('must be "auto" or a list of at most %(n)d ids') % {"n": MAX_NAMED}, field=KEY)
    return {KEY: tuple(dict.fromkeys(_id(value, i) for i, value in enumerate(said)))}


def _id(value: Any, i: int) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(_("must be the id of a membership"), field=f"{KEY}[{i}]")
    return int(text)


# --- whose accounts --------------------------------------------------------------------------------------------------


def accounts(basket: Basket) -> Q | None:
    """The accounts of the memberships that are named. Only of memberships: whatever ids are sent, nothing else of
    anybody is touched.
    """
    said = basket.offers.get(KEY, AUTO)
    return Q(pk__in=Membership.objects.filter(pk__in=said).values("pk")) if said and said != AUTO else None


def shared_with(client: int) -> QuerySet[Any, Any]:
    """The accounts of others' memberships that name the client among their people."""
    return MembershipPerson.objects.filter(client=client).values("membership_id")


# --- which of them ---------------------------------------------------------------------------------------------------


def step(basket: Basket, scene: Scene, plans: Mapping[int, PlanRule]) -> Step:
    """What covers, in its order. Raises `MembershipNotApplicable` for one that was named and is not the client's to
    use; the step itself raises it for one that cannot be used here and now.
    """
    said = basket.offers.get(KEY, AUTO)
    if said == ():
        return Idle()
    lots = [lot for lot in scene.lots if lot.unit == Account.Unit.SESSION and not is_free_service(lot)]
    rows = list(_rows(lots, scene, plans)) if lots else []
    held = [one for row in rows if (one := _held(row, lots, scene, plans)) is not None]
    if said == AUTO:
        mine = [one for one in _in_order(held, scene) if one.is_theirs]
        return Covering(tuple(one.held for one in mine)) if mine else Idle()
    found = {one.held.id: one for one in held}
    return Covering(tuple(_named(pk, found.get(pk), basket, scene, f"{KEY}[{i}]") for i, pk in enumerate(said)))


class Row(NamedTuple):
    """What is read of a membership."""

    id: int
    plan: int
    client: int
    waits: bool
    is_suspended: bool
    is_shared: bool
    """The client of the check is one of its people."""
    used_today: int


class Found(NamedTuple):
    """A membership with sessions, and whether the client may use it without being asked."""

    held: Held
    is_theirs: bool


def _rows(lots: Sequence[Stock], scene: Scene, plans: Mapping[int, PlanRule]) -> Iterable[Row]:
    """The memberships of these lots. One query."""
    client = scene.person.id if scene.person is not None else None
    people = MembershipPerson.objects.filter(membership=OuterRef("pk"), client=client)
    is_counted = any(plan.per_day is not None for plan in plans.values())
    used: Any = Coalesce(Subquery(_used_on(scene.today, scene)), 0) if is_counted else Value(0)
    rows = Membership.objects.filter(pk__in={lot.account for lot in lots}, voided_at=None).annotate(
        is_suspended=Q(suspended_at__isnull=False), is_shared=Exists(people), used_today=used
    )
    names = ("pk", "plan_id", "client_id", "waits", "is_suspended", "is_shared", "used_today")
    return (Row(*row) for row in rows.order_by("pk").values_list(*names))


def _used_on(day: date, scene: Scene) -> QuerySet[Entry, Any]:
    """How many sessions of a membership covered something on checks of this day and have not come back."""
    begin, end = (starts_at(one, scene.house.zone) for one in (day, day + timedelta(days=1)))
    of_day = Q(at__gte=begin) & (
        Q(visit__at__gte=begin, visit__at__lt=end) | Q(refund__visit__at__gte=begin, refund__visit__at__lt=end)
    )
    moves = Entry.objects.filter(of_day, account=OuterRef("pk"), operation__contains=":memberships:use:")
    sums = moves.order_by().values("account").annotate(used=-Sum("amount", output_field=IntegerField()))
    return sums.values("used")


def _held(row: Row, lots: Sequence[Stock], scene: Scene, plans: Mapping[int, PlanRule]) -> Found | None:
    """The membership with what is left of it. None where nothing is; and for a plan that these rules do not know: it
    was first sold after the quote whose promise they keep.
    """
    plan = plans.get(row.plan)
    left = [lot for lot in lots if lot.account == row.id and not lot.has_ended(scene.today)]
    if plan is None or not left:
        return None
    begun = ledger.soonest_first(lot for lot in left if lot.first_day <= scene.today)
    today = max(plan.per_day - row.used_today, 0) if plan.per_day is not None else None
    held = Held(
        id=row.id,
        client=row.client,
        plan=plan,
        pots=tuple(Pot(lot, service_of(lot.operation, lot.opened_by)) for lot in begun or left),
        waits=row.waits,
        today=today,
        bar=_bar(row, plan, scene, today) or (None if begun else _not_begun(left)),
    )
    is_theirs = scene.person is not None and (row.client == scene.person.id or row.is_shared)
    return Found(held, is_theirs)


def _not_begun(lots: Iterable[Stock]) -> Bar:
    return Bar("not_begun", {"first_day": min(lot.first_day for lot in lots)})


def _bar(row: Row, plan: PlanRule, scene: Scene, today: int | None) -> Bar | None:
    """What keeps it from this place and this moment."""
    if row.is_suspended:
        return Bar("suspended")
    if plan.places and scene.place.code not in plan.places:
        return Bar("elsewhere")
    if not plan.week.on(scene.local):
        return Bar("other_hours")
    return Bar("used_up_today", {"per_day": plan.per_day}) if today == 0 else None


def _in_order(found: Iterable[Found], scene: Scene) -> list[Found]:
    """The client's own first; then soonest to end, then oldest."""
    client = scene.person.id if scene.person is not None else None

    def order(one: Found) -> tuple[bool, date, int]:
        lot = one.held.pots[0].lot
        return (one.held.client != client, lot.last_day or date.max, lot.id)

    return sorted(found, key=order)


# --- named ones ------------------------------------------------------------------------------------------------------


def _named(pk: int, found: Found | None, basket: Basket, scene: Scene, field: str) -> Held:
    """The membership that was named. Raises `MembershipNotApplicable`."""
    if found is None:
        raise MembershipNotApplicable(_why_not(pk, scene), field=field)
    is_for_all = found.held.plan.unnamed and basket.by_staff
    if not (found.is_theirs or is_for_all):
        raise MembershipNotApplicable(_not_theirs(), field=field)
    return replace(found.held, field=field)


def _not_theirs() -> str:
    return str(_("This membership cannot be used: it is another client's."))


def _why_not(pk: int, scene: Scene) -> str:
    """Why nothing is left of it: it is told to those only whose it is."""
    client = scene.person.id if scene.person is not None else None
    whose = Q(client=client) | Q(people__client=client)
    row = Membership.objects.filter(whose, pk=pk).first() if client is not None else None
    if row is None:
        return _not_theirs()
    if row.voided_at is not None:
        return str(_("This membership cannot be used: it was returned, passed on or changed."))
    last_day = Lot.objects.filter(account=pk).order_by("-last_day").values_list("last_day", flat=True).first()
    if last_day is not None and last_day < scene.today:
        return str(_("This membership cannot be used: it ended on %(day)s.") % {"day": show_day(last_day)})
    return str(_("This membership cannot be used: it has no sessions left."))
