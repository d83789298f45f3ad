"""The trial session: part of the price off one unit of a service, for clients who have not been here before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from loyalty.basket import Basket
from loyalty.house import House
from loyalty.mechanics import Mechanic, Person, Scene
from loyalty.models import TrialService
from loyalty.money import half_up
from loyalty.periods import is_running
from loyalty.pricing import Bill, Idle, Line, Note, Step
from loyalty.stacking import Offer


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial program."""

    code: str
    name: str
    percent: Decimal
    priority: int
    from_day: date | None
    to_day: date | None
    services: frozenset[str]
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class TrialStep(Idle):
    """Offers each trial on the dearest unit it applies to. `not_for`: those for certain clients, not for this one."""

    trials: tuple[Trial, ...]
    person: Person
    not_for: tuple[Trial, ...] = ()

    def offers(self, bill: Bill) -> Sequence[Offer]:
        if self.person.visits:
            return ()
        return [offer for trial in self.trials if (offer := self._offer(trial, bill)) is not None]

    def _offer(self, trial: Trial, bill: Bill) -> Offer | None:
        lines = [line for line in bill.lines if line.code in trial.services and line.is_service and line.paid_units]
        if not lines:
            return None
        line = max(lines, key=lambda line: half_up(line.price, trial.percent))
        units = {line.number: (1, line.paid_units)}
        return Offer("trials", trial.code, trial.name, units, trial.percent, priority=trial.priority)

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        """Only says why a newcomer's offer is not for a client who has been here, or for this newcomer."""
        if not self.person.visits:
            return bill.noted(*self._told("trial.not_for", self.not_for, bill))
        return bill.noted(*self._told("trial.not_new", self.trials, bill, visits=self.person.visits))

    def _told(self, code: str, trials: Sequence[Trial], bill: Bill, **facts: Any) -> Iterable[Note]:
        for trial in trials:
            if any(_tries(line, trial) for line in bill.lines):
                yield Note("discount", trial.code, code, facts={"name": trial.name, **facts})


def _tries(line: Line, trial: Trial) -> bool:
    return line.is_service and line.code in trial.services


class Trials(Mechanic):
    """Trial programs. "Once" needs no mark: whoever has had one has been here (a wholly refunded visit is none)."""

    code = "trials"
    explanations: ClassVar[Mapping[str, Any]] = {
        "trial.not_new": _("%(name)s is for newcomers. Visits of this client so far: %(visits)s."),
        "trial.not_for": _("%(name)s is for certain clients; this one is not among them."),
    }

    def rules(self, house: House) -> tuple[Trial, ...]:
        services: dict[int, set[str]] = {}
        programs = {}
        for row in TrialService.objects.filter(trial__enabled=True).select_related("trial", "service"):
            services.setdefault(row.trial_id, set()).add(row.service.code)
            programs[row.trial_id] = row.trial
        return tuple(
            Trial(
                code=program.code,
                name=program.name,
                percent=program.percent,
                priority=program.priority,
                from_day=program.from_day,
                to_day=program.to_day,
                services=frozenset(services[program.pk]),
                segment=program.segment_id,
            )
            for program in sorted(programs.values(), key=lambda program: (program.priority, program.code))
        )

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        trials = [trial for trial in scene.rules[self.code] if is_running(trial, scene.today)]
        if not trials or scene.person is None:
            return Idle()
        fitting = tuple(trial for trial in trials if not scene.gaps(trial.segment))
        return TrialStep(fitting, scene.person, tuple(trial for trial in trials if trial not in fitting))
