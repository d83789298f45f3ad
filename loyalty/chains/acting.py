"""What the steps of a batch do: bonuses first, then letters, which may speak of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import Q

from clients.actors import Actor
from clients.models import LetterTemplate
from loyalty import ledger, letters
from loyalty.chains.knowledge import Knowledge
from loyalty.chains.steps import SKIPPED, Action, Chain, Taken, Way
from loyalty.house import House
from loyalty.letters import Notice
from loyalty.models import Account, BonusProgram, ChainRun, Entry, Lot
from loyalty.occasions import Due, Tonight, audience, give_all
from loyalty.periods import is_running, starts_at

BY = Actor.task("loyalty.chains")
Ways = Sequence[tuple[ChainRun, Way]]


def operation_of(run: ChainRun, number: int) -> str:
    """A step does what it does once on a way."""
    return f"chain:run:{run.pk}:step:{number}"


def give(ways: Ways, *, house: House, now: datetime) -> Ways:
    """Grant the bonuses of these steps as every program gives, counted from the day on which they were due.

    A program that is off, does not run on that day, is for others, has given all of its budget or has counted already
    for the client (`once`, `repeat_days`) gives nothing: the step is skipped.
    """
    wanted = [(run, one) for run, way in ways for one in way.taken if one.did == Action.BONUS]
    if not wanted:
        return ways
    programs = BonusProgram.objects.select_related("segment").in_bulk({one.step.program or 0 for _run, one in wanted})
    if any(_counts_seldom(program) for program in programs.values()):  # as `loyalty.actions`: accounts before budgets
        ledger.lock(Q(client__in={run.client_id for run, _one in wanted}, unit=Account.Unit.BONUS))
    together: dict[tuple[int, date], dict[int, list[str]]] = defaultdict(dict)
    for run, one in wanted:
        operations = together[one.step.program or 0, house.day(one.due)]
        operations.setdefault(run.client_id, []).append(operation_of(run, one.step.number))
    for (program, day), operations in sorted(together.items()):  # all lock budgets in one order
        if program in programs:
            _give(programs[program], operations, Tonight(day, house, now, BY))
    operations_of_all = [operation_of(run, one.step.number) for run, one in wanted]
    given = set(Lot.objects.filter(operation__in=operations_of_all).values_list("operation", flat=True))
    return [(run, _without(run, way, set(operations_of_all) - given)) for run, way in ways]


def _give(program: BonusProgram, operations: Mapping[int, Sequence[str]], on: Tonight) -> None:
    """`operations`: client → what each grant is for."""
    is_for_actions = program.trigger == BonusProgram.Trigger.ACTION
    if not (program.enabled and is_for_actions and is_running(program, on.day)):
        return
    operations = _that_may_count(program, operations, on) if _counts_seldom(program) else operations
    people = audience(program, on).filter(client__in=operations).order_by("pk").values_list("pk", "client")
    due = (Due(account, client, one) for account, client in people if client for one in operations[client])
    give_all(program, due, on)


def _counts_seldom(program: BonusProgram) -> bool:
    return program.once or bool(program.repeat_days)


def _that_may_count(
    program: BonusProgram, operations: Mapping[int, Sequence[str]], on: Tonight
) -> dict[int, Sequence[str]]:
    """One each for those to whom the program gave nothing, ever or within `repeat_days`. Of a step that is made up late
    also what came since counts: it lies as near as what came before.
    """
    grants = Entry.objects.filter(account__client__in=operations, lot__program=program.code, kind=Entry.Kind.GRANT)
    if not program.once:
        days, zone = timedelta(days=program.repeat_days or 0), on.house.zone
        first, end = on.day - days + timedelta(days=1), on.day + days
        grants = grants.filter(at__gte=starts_at(first, zone), at__lt=starts_at(end, zone))
    counted = set(grants.values_list("account__client", flat=True))
    return {client: of_client[:1] for client, of_client in operations.items() if client not in counted}


def _without(run: ChainRun, way: Way, refused: Collection[str]) -> Way:
    taken = tuple(
        replace(one, did=SKIPPED) if one.did == Action.BONUS and operation_of(run, one.step.number) in refused else one
        for one in way.taken
    )
    return replace(way, taken=taken)


def tell(ways: Ways, known: Knowledge, chains: Mapping[int, Chain], *, house: House, now: datetime) -> None:
    """Write the letters of these steps."""
    wanted = [(run, one) for run, way in ways for one in way.taken if one.did == Action.LETTER]
    if not wanted:
        return
    given = _given([run for run, _one in wanted], chains)
    on = set(LetterTemplate.objects.filter(enabled=True).values_list("pk", flat=True))
    letters.write(
        (
            _notice(run, one, chains[run.chain_id], known, given.get(run.pk), house)
            for run, one in wanted
            if one.step.template in on
        ),
        house=house,
        now=now,
    )


def _notice(run: ChainRun, one: Taken, chain: Chain, known: Knowledge, given: Lot | None, house: House) -> Notice:
    """About the bonuses that the chain gave last, else those that it began with, else the tier that falls."""
    lot = given or known.lots.get(run.lot_id or 0)
    last_day = lot.last_day if lot else _falls_on(run)
    begun_with = lot is not None and given is None
    return Notice(
        operation=operation_of(run, one.step.number),
        client=run.client_id,
        template=one.step.template or 0,
        occasion=f"chain:{chain.code}",
        channel=one.step.channel,
        amount=None if lot is None else known.ends_with(lot) if begun_with else lot.remaining,
        last_day=last_day,
        program=lot.name if lot else "",
        useless_at=letters.end_of(last_day, house) if last_day else None,
    )


def _given(runs: Sequence[ChainRun], chains: Mapping[int, Chain]) -> dict[int, Lot]:
    """What each way has given last, if it gives anything."""
    operations = {
        operation_of(run, step.number): run.pk
        for run in runs
        for step in chains[run.chain_id].steps
        if step.action == Action.BONUS
    }
    lots = Lot.objects.filter(operation__in=operations).order_by("pk") if operations else Lot.objects.none()
    return {operations[lot.operation]: lot for lot in lots}


def _falls_on(run: ChainRun) -> date | None:
    """The last day with the tier, of a chain that began because it falls."""
    parts = run.operation.split(":")
    return date.fromisoformat(parts[4]) - timedelta(days=1) if parts[2] == "falls" else None
