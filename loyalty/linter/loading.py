"""Reads for the linter what is on: the rulebook, and what it does not hold. So many queries, however many programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import Lag

from clients.models import Business, Client, PersonalDate
from loyalty import budgets
from loyalty.cashback import Cumulative
from loyalty.discounts.rules import CodeRule, DiscountBook, Rule
from loyalty.findings import Known, Where
from loyalty.house import segment_of
from loyalty.linter.programs import (
    NO_CODES,
    Cashback,
    Codes,
    Deal,
    Gift,
    Kinds,
    Program,
    Programs,
    Trial,
    speak_of,
)
from loyalty.models import (
    BonusProgram,
    CashbackProgram,
    CodeBatch,
    IssuedCode,
    PromoCode,
    Segment,
    TrialProgram,
    Visit,
)
from loyalty.periods import is_running
from loyalty.rulebook import Rulebook
from loyalty.scope import Scope
from loyalty.segments import members
from loyalty.terms import Terms

A_YEAR = timedelta(days=365)
A_DAY = timedelta(days=1)
MOST_VISITS = 5000
"""The latest of the year; the middle of more would be no other."""
LEAST_RETURNS = 30


def load_programs(book: Rulebook, now: datetime) -> Programs:
    """Everything that is on, as the linter sees it."""
    today = book.house.day(now)
    segments = list(Segment.objects.select_related("location"))
    deals, cashback = _deals(book), _cashback(book)
    gifts, trials = _gifts(), _trials()
    return Programs(
        house=book.house,
        known=Known(today, usual_return(now)),
        deals=deals,
        cashback=cashback,
        gifts=gifts,
        trials=trials,
        segments={row.pk: segment_of(row, book.house.scale) for row in segments},
        empty_segments=_empty(segments, [*deals, *cashback, *gifts, *trials], book, now),
        forgotten=_forgotten(deals),
    )


# --- discounts and promo codes ----------------------------------------------------------------------------------------


def _deals(book: Rulebook) -> list[Deal]:
    rules: DiscountBook = book.rules["discounts"]
    codes = _codes()
    typed = [one for one in rules.codes.values() if one.rule.enabled]
    return [
        *(deal_of(rule) for rule in rules.discounts),
        *(deal_of(one.rule, one, codes.get(one.rule.id, NO_CODES)) for one in typed),
    ]


def deal_of(rule: Rule, code: CodeRule | None = None, codes: Codes = NO_CODES) -> Deal:
    """A discount, or with `code` a promo code, as the linter sees it."""
    is_batch = code is not None and code.is_batch
    program = Program(
        where=Where("loyalty.discount" if code is None else "loyalty.promocode", rule.id),
        name=speak_of(rule.name, rule.code, is_typed=code is not None, is_batch=is_batch),
        from_day=rule.from_day,
        to_day=rule.to_day,
        week=rule.week,
        places=rule.places,
        scope=rule.scope,
        segment=rule.segment,
        tier=rule.tier,
        client=rule.client,
        bonuses=code.terms if code is not None and code.bonus is not None else None,
        is_typed=code is not None,
    )
    return Deal(program, rule, code, codes)


def _codes() -> Mapping[int, Codes]:
    """Of each promo code that is on: whether codes of it can be typed. One query, however many codes there are.

    Codes without a batch are the shared ones; of a promo code with unique codes such a row is a left-over.
    """
    fits = Q(promo__is_batch=True, batch__isnull=False) | Q(promo__is_batch=False, batch=None)
    own = IssuedCode.objects.filter(fits, promo=OuterRef("pk"))
    usable = Q(limit=None) | Q(used__lt=F("limit"))
    unfinished = CodeBatch.objects.filter(promo=OuterRef("pk"), made__lt=F("wanted"))
    asked = (Exists(own), Exists(own.filter(usable)), Exists(unfinished))
    rows = PromoCode.objects.filter(enabled=True).values_list("pk", *asked)
    return {promo: Codes(made, left, in_work) for promo, made, left, in_work in rows}


# --- programs that give bonuses ---------------------------------------------------------------------------------------


def _cashback(book: Rulebook) -> list[Cashback]:
    """Those without a tier too, which the rulebook leaves out."""
    rules: Sequence[Cumulative] = book.rules["cashback"]
    known = {one.id: one for one in rules}
    return [
        Cashback(
            _program(
                row,
                scope=Scope.of(row.services, row.exclude),
                segment=row.segment_id,
                bonuses=Terms.of(row),
            ),
            known.get(row.pk),
        )
        for row in CashbackProgram.objects.filter(enabled=True)
    ]


def _gifts() -> list[Gift]:
    """At most three queries: what is left of budgets, and which personal dates there are, only if a program asks."""
    rows = list(BonusProgram.objects.filter(enabled=True))
    left = budgets.left_of([row.code for row in rows if row.budget is not None])
    names = {row.date_name for row in rows if row.trigger == BonusProgram.Trigger.PERSONAL_DATE}
    dates = PersonalDate.objects.filter(name__in=names).order_by().values_list("name", flat=True)
    known = set(dates.distinct()) if names else set()
    return [
        Gift(
            _program(row, bonuses=Terms.of(row), segment=row.segment_id, places=frozenset(row.locations)),
            row.trigger,
            row.percent is not None and not row.percent,
            amount=row.amount,
            budget=row.budget,
            left=left.get(row.code),
            unknown_date=row.date_name if row.date_name in names - known else "",
        )
        for row in rows
    ]


def _trials() -> list[Trial]:
    """One row a service; a trial without services has one too."""
    services: dict[int, set[str]] = defaultdict(set)
    programs: dict[int, TrialProgram] = {}
    for row in TrialProgram.objects.filter(enabled=True).annotate(tries=F("services__code")):
        programs[row.pk] = row
        services[row.pk] |= {row.tries} - {None}
    return [
        Trial(_program(row, segment=row.segment_id), frozenset(services[row.pk]), not row.percent)
        for row in programs.values()
    ]


def _program(row: Any, **more: Any) -> Program:
    name = speak_of(row.name, row.code, is_typed=False)
    return Program(Where(row._meta.label_lower, row.pk), name, from_day=row.from_day, to_day=row.to_day, **more)


# --- people -----------------------------------------------------------------------------------------------------------


def _empty(segments: Iterable[Segment], programs: Iterable[Kinds], book: Rulebook, now: datetime) -> frozenset[int]:
    """Segments of running programs to which nobody belongs now; none while the house has no clients. One query."""
    today = book.house.day(now)
    used = {one.program.segment for one in programs if is_running(one.program, today)}
    asked = [row for row in segments if row.enabled and row.pk in used]
    if not asked:
        return frozenset()
    anybody = Exists(Client.objects.filter(erased_at=None))
    found = Business.objects.values_list(anybody, *(Exists(members(row, now=now, book=book)) for row in asked)).first()
    if not found or not found[0]:
        return frozenset()
    return frozenset(row.pk for row, has_members in zip(asked, found[1:], strict=True) if not has_members)


def _forgotten(deals: Iterable[Deal]) -> frozenset[int]:
    """Of the clients for whom a discount or code is alone: those who have asked to be forgotten."""
    clients = {deal.rule.client for deal in deals if deal.rule.client is not None}
    if not clients:
        return frozenset()
    gone = Client.objects.filter(pk__in=clients, erased_at__isnull=False)
    return frozenset(gone.values_list("pk", flat=True))


def usual_return(now: datetime) -> int | None:
    """The median of the days between two visits of a client, of the last year; None while under 30 are known.

    Worked out in the database, over the latest visits only. Two queries.
    """
    year = Visit.objects.filter(is_visit=True, client__isnull=False, at__gt=now - A_YEAR, at__lte=now)
    latest = year.exclude(refunds__is_whole=True).order_by("-at").values("pk")[:MOST_VISITS]
    before = Window(Lag("at"), partition_by=["client"], order_by=["at", "pk"])
    returns = Visit.objects.filter(pk__in=latest).annotate(before=before).filter(before__isnull=False)
    gaps = returns.annotate(gap=F("at") - F("before")).order_by("gap").values_list("gap", flat=True)
    count = gaps.count()
    if count < LEAST_RETURNS:
        return None
    median: timedelta = gaps[(count - 1) // 2]
    return median // A_DAY
