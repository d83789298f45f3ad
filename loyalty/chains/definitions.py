"""Chains as the rules see them, read from the database."""

from __future__ import annotations

from collections.abc import Iterable

from loyalty.chains.steps import Chain, Step
from loyalty.models import Chain as Row
from loyalty.models import ChainStep


def chains(rows: Iterable[Row]) -> dict[int, Chain]:
    """By id. One query for the steps of all of them."""
    found: dict[int, list[Step]] = {row.pk: [] for row in rows}
    for step in ChainStep.objects.filter(chain__in=found, enabled=True).order_by("number"):
        found[step.chain_id].append(step_of(step))
    return {row.pk: chain_of(row, found[row.pk]) for row in rows}


def chain_of(row: Row, steps: Iterable[Step]) -> Chain:
    return Chain(
        id=row.pk,
        code=row.code,
        name=row.name,
        steps=tuple(sorted(steps, key=lambda step: step.number)),
        stop_when_visited=row.stop_when_visited,
        stop_when_spent=row.stop_when_spent,
    )


def step_of(row: ChainStep) -> Step:
    return Step(
        number=row.number,
        action=row.action,
        days=row.after_days,
        hours=row.after_hours,
        condition=row.condition,
        segment=row.segment_id,
        template=row.template_id,
        channel=row.channel,
        program=row.program_id,
        then=row.then,
        otherwise=row.otherwise,
    )
