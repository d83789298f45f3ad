"""Cashback on a check: prepared, granted, taken back; and the climb to the next rung."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from dateutil.relativedelta import relativedelta
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.refusals import Invalid
from loyalty.basket import Basket
from loyalty.cashback.earning import NOTHING, CashbackStep, EarningOff, Giving, Received
from loyalty.cashback.program import Caps, Cumulative, Multiplier
from loyalty.cashback.standing import come_short, rise
from loyalty.explanations import show_limit, show_percent
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Mechanic, Person, Reversal, Sale, Scene
from loyalty.models import Account, CashbackMultiplier, CashbackProgram, CashbackTier, Entry, Visit
from loyalty.money import Money
from loyalty.periods import Week, is_running
from loyalty.pricing import Idle, Step
from loyalty.reader import Reader
from loyalty.scope import Scope
from loyalty.terms import Terms
from loyalty.tiers import Rung

EARN = "earn"


class Cashback(Mechanic):
    """Cumulative cashback programs."""

    code = "cashback"
    basket_keys = frozenset({EARN})
    explanations: ClassVar[Mapping[str, Any]] = {
        "cashback.multiplied": _("%(name)s, %(tier)s: %(factor)s times %(percent)s of %(base)s, %(amount)s bonuses."),
        "cashback.capped_check": _("%(name)s gives at most %(limit)s a check: %(amount)s bonuses, not %(would_be)s."),
        "cashback.capped_day": _("%(name)s gives at most %(limit)s a day: %(amount)s bonuses, not %(would_be)s."),
        "cashback.capped_month": _("%(name)s gives at most %(limit)s a month: %(amount)s bonuses, not %(would_be)s."),
        "cashback.not_for": _("%(name)s is for certain clients; this one is not among them."),
        "cashback.nothing_fits": _("%(name)s: nothing on this check is among what it is for."),
        "earning.off": _("Staff have said that this check earns nothing."),
        "hint.rises": _("After this check the client is on the tier “%(tier)s” with %(percent)s."),
        "hint.next_rung": _("One more visit like this and the client is on the tier “%(tier)s” with %(percent)s."),
        "cashback.earned": _("%(name)s, %(tier)s: %(percent)s of %(base)s, %(amount)s bonuses."),
        "cashback.earned_rounded": _(
            "%(name)s, %(tier)s: %(percent)s of %(base)s is %(exact)s; rounded down, %(amount)s bonuses."
        ),
        "cashback.multiplied_rounded": _(
            "%(name)s, %(tier)s: %(factor)s times %(percent)s of %(base)s is %(exact)s; rounded down,"
            " %(amount)s bonuses."
        ),
        "cashback.nothing_paid": _("%(name)s: nothing on this check was paid with money, so it earns nothing."),
        "cashback.no_tier": _("%(name)s: the client has not reached the first tier."),
    }

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`earn`: false, if staff say that the check earns nothing. Raises `Invalid`."""
        said = reader.raw.get(EARN)
        if said is not None and not isinstance(said, bool):
            raise Invalid(gettext("must be true or false"), field=EARN)
        return {EARN: False} if said is False else {}

    def rules(self, house: House) -> tuple[Cumulative, ...]:
        multipliers: dict[int, list[Multiplier]] = {}
        for one in CashbackMultiplier.objects.filter(program__enabled=True).order_by("pk"):
            found = Multiplier(one.factor, Week.of(one), one.from_day, one.to_day)
            multipliers.setdefault(one.program_id, []).append(found)
        rungs: dict[int, list[Rung]] = {}
        programs: dict[int, CashbackProgram] = {}
        for tier in CashbackTier.objects.filter(enabled=True, program__enabled=True).select_related("program"):
            rungs.setdefault(tier.program_id, []).append(Rung.of(tier))
            programs[tier.program_id] = tier.program
        return tuple(
            Cumulative(
                id=row.pk,
                code=row.code,
                name=row.name,
                window_days=row.window_days,
                from_day=row.from_day,
                to_day=row.to_day,
                rungs=tuple(rungs[row.pk]),
                terms=Terms.of(row),
                segment=row.segment_id,
                scope=Scope.of(row.services, row.exclude),
                multipliers=tuple(multipliers.get(row.pk, ())),
                caps=Caps(row.max_per_check, row.max_per_day, row.max_per_month),
                falls_one_step=row.falls == CashbackProgram.Falls.ONE_STEP,
            )
            for row in sorted(programs.values(), key=lambda row: (row.priority, row.code))
        )

    def ranks(self, rules: tuple[Cumulative, ...], person: Person, today: date) -> Iterable[str]:
        rungs = (program.rung_of(person, today) for program in rules if is_running(program, today))
        return [rung.name for rung in rungs if rung is not None]

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        is_off = basket.offers.get(EARN) is False
        if scene.person is None:
            return EarningOff() if is_off else Idle()
        running = self._running(scene)
        received = _received(scene.person, running, scene)
        givings = [
            Giving(one, not scene.gaps(one.segment), one.factor(scene), received.get(one.code, NOTHING))
            for one in running
        ]
        step = CashbackStep(tuple(givings), scene.person, scene.house.bonus_step, scene.today)
        return EarningOff(step) if is_off else step

    def settle(self, sale: Sale) -> Iterable[Movement]:
        if sale.scene.person is not None:
            rise(sale, sale.scene.person, sale.scene.rules[self.code])
        return sale.grants(self.code, {program.code: program.terms for program in sale.scene.rules[self.code]})

    def undo_accounts(self, visit: Visit) -> Q | None:
        """The client's own, also where the check earned nothing: what counts for the tier is read under its lock."""
        own = Q(client_id=visit.client_id, unit=Account.Unit.BONUS)
        return own if visit.client_id is not None else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        come_short(reversal, self.rules(reversal.house))
        return reversal.take_back_earned(self.code)

    def promises(self, house: House, rules: tuple[Cumulative, ...], today: date) -> Sequence[str]:
        return [_promise(program, house) for program in rules if is_running(program, today)]

    def _running(self, scene: Scene) -> tuple[Cumulative, ...]:
        return tuple(program for program in scene.rules[self.code] if is_running(program, scene.today))


def _received(person: Person, programs: Sequence[Cumulative], scene: Scene) -> Mapping[str, Received]:
    """What the client got of each program today and this calendar month, by the business's clock, refunds taken off.

    The whole day and month of the check count, also what was settled after the moment that it is priced at. One query,
    and none where no program has such a cap. The client's account is locked when a check settles, so two checks at once
    do not pass a cap.
    """
    if not any(program.caps.day or program.caps.month for program in programs):
        return {}
    day = scene.now.astimezone(scene.house.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    granted = Entry.objects.filter(
        account=person.account,
        visit__at__gte=month,
        visit__at__lt=month + relativedelta(months=1),
        kind=Entry.Kind.GRANT,
    ).filter(operation__contains=":cashback:")
    rows = granted.annotate(back=Coalesce(Subquery(_taken_back()), 0)).values_list(
        "lot__program", "visit__at", "amount", "back"
    )
    received: dict[str, Received] = {}
    for program, at, amount, back in rows:
        code = program or ""
        had = received.get(code, NOTHING)
        left = Money(max(amount + back, 0))
        today = had.today + left if scene.house.day(at) == scene.today else had.today
        received[code] = Received(today, had.this_month + left)
    return received


def _taken_back() -> QuerySet[Any]:
    """What refunds took back of a grant: their operations begin with the grant's."""
    rows = Entry.objects.filter(refund__visit=OuterRef("visit"), account=OuterRef("account"), kind=Entry.Kind.TAKE_BACK)
    mine = rows.filter(operation__startswith=Concat(OuterRef("operation"), Value(":refund:")))
    return mine.order_by().values("account").annotate(sum=Sum("amount")).values("sum")


def _promise(program: Cumulative, house: House) -> str:
    first, last = program.rungs[0], program.rungs[-1]
    facts = {
        "low": show_percent(first.percent),
        "high": show_percent(last.percent),
        "pay": show_limit(program.terms.limit_percent, program.terms.min_check, house.currency),
    }
    if first is last:
        return gettext("%(low)s of what you pay comes back as bonuses. They %(pay)s.") % facts
    return gettext("%(low)s of what you pay comes back as bonuses, up to %(high)s as you go on. They %(pay)s.") % facts
