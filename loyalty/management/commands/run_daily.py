"""manage.py run_daily [--date YYYY-MM-DD]: all that a night does, by hand."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.house import NotSetUp
from loyalty.models import NightRun
from loyalty.night import run_daily

WORDS = {
    "loyalty.activate_pending": "lots that became usable",
    "loyalty.grant_birthday_bonuses": "birthday bonuses",
    "loyalty.grant_winback_bonuses": "win-back bonuses",
    "loyalty.review_tiers": "tiers that changed",
    "loyalty.expire_lots": "lots that ended",
}


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a date like 2026-05-30") from None


class Command(BaseCommand):
    help = (
        "Runs in order all that a night runs: pending bonuses, birthdays, win-back, tiers, expiry. Repeatable. "
        "Without --date every night that is owed, and today."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=day, help="run this night alone. One that lies ahead ends lots early")

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
    said = run.failure or f"{run.count} ({run.took_ms} ms)"
    return f"{run.day}  {WORDS.get(run.task, run.task)}: {said}"
