"""manage.py run_daily [--date YYYY-MM-DD]: all that a night does, by hand."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty import watermarks
from loyalty.house import NotSetUp
from loyalty.models import NightRun
from loyalty.night import duties, run_daily

FAILURES = {watermarks.TOO_LONG: "it took too long; run it again, it goes on where it stopped"}


YEARS = range(2000, 2101)


def day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a date like 2026-05-30") from None
    if found.year not in YEARS:
        raise ArgumentTypeError(f"{text} is not between {YEARS[0]} and {YEARS[-1]}")
    return found


class Command(BaseCommand):
    help = (
        "Runs in order all that a night runs: pending bonuses, rewards, birthdays, win-back, tiers, subscriptions, "
        "expiry, balances, reminders, suspicion, statements. Repeatable: every night that is owed, and then the one "
        "of --date (today)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        last = "the last night to be run, whether it is owed or not. One that lies ahead ends lots early"
        parser.add_argument("--date", type=day, help=last)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            runs = run_daily(now=timezone.now(), day=options["date"])
        except NotSetUp as refusal:
            raise CommandError(str(refusal)) from None
        for run in runs:
            self.stdout.write(line(run))
        if any(run.failure for run in runs):
            sys.exit(1)


def line(run: NightRun) -> str:
    said = FAILURES.get(run.failure, run.failure) or f"{run.count} ({run.took_ms} ms)"
    counts = next((str(duty.counts) for duty in duties() if duty.task == run.task), run.task)
    return f"{run.day}  {counts}: {said}"
