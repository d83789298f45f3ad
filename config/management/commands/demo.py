"""manage.py demo [--port 8000] [--fresh] [--date YYYY-MM-DD]: the whole program with sample data, ready to try."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config import clock
from config.demo import ground, telling
from config.demo.season import Season
from config.demo.stage import Bell, DidNotStart, PortTaken, Stage, check_port
from loyalty.house import load_house


class Command(BaseCommand):
    help = (
        "Prepares the embedded database with four months at a sample gym, starts web, worker and beat, and says where "
        "to look and how to sign in. Ctrl+C stops everything. A database of your own is never touched."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the web server listens (8000)")
        parser.add_argument("--fresh", action="store_true", help="throw the sample away and make a new one")
        parser.add_argument(
            "--date", type=day, help="begin on this day instead of today; later starts go on from there"
        )

    def handle(self, *_args: Any, port: int, fresh: bool, date: date | None, **_options: Any) -> None:
        settings.BASE_URL = f"http://localhost:{port}"
        bell = Bell()
        bell.listen()
        console = Console(highlight=False, soft_wrap=True)
        try:
            check_port(port)
            with ground.only_one():
                ground.check_ground()
                set_clock(date, fresh=fresh)
                make_ready(console, fresh=fresh)
                run(console, port, bell)
        except (PortTaken, DidNotStart, ground.NotTheDemo, ground.AlreadyRunning, ground.CannotGoBack) as reason:
            raise CommandError(str(reason)) from None
        except KeyboardInterrupt:
            with suppress(OSError):
                console.print("Stopped.")


MORNING = time_of_day(15)
"""In UTC: at the sample gym the desk has just opened."""


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a date like 2026-05-30") from None


def set_clock(on: date | None, *, fresh: bool) -> None:
    """Move the clock of this process and its children to that day; without one, to where the sample is if that is
    ahead. Raises `CannotGoBack`.
    """
    reached = None if fresh else ground.reached()
    now = timezone.now()
    moved = now if on is None else datetime.combine(on, MORNING, tzinfo=UTC)
    if reached is not None and moved < reached:
        if on is not None and on < reached.date():
            raise ground.CannotGoBack(reached.date())
        moved = reached
    if moved != now:
        clock.move(moved - now)
        os.environ[clock.VARIABLE] = str(round((moved - now).total_seconds()))


def make_ready(console: Console, *, fresh: bool) -> None:
    """The database with its sample: made on the first start (or anew), as it is on the next."""
    if fresh or not ground.is_complete():
        ground.clear()
    ground.prepare()
    if ground.is_complete():
        return
    ground.open_business()
    now = timezone.now()
    season = Season(now)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Four months at FlexGym, day by day", total=season.length)
        differences = ground.build(now, season, lambda: progress.advance(bar))
    if differences:
        raise CommandError("\n".join(["The ledger does not add up:", *differences]))
    console.print("The ledger was proved: every lot, balance and total adds up.")


def run(console: Console, port: int, bell: Bell) -> None:
    """Start everything, say where it is, and stay until something ends or we are told to stop."""
    stage = Stage(port, bell)
    try:
        stage.start()
        ground.reach(timezone.now())
        house = load_house()
        telling.tell(console, house, house.day(timezone.now()))
        while True:
            stage.check_alive()
            time.sleep(0.5)
    finally:
        with suppress(OSError):  # the window may be gone
            console.print("Stopping.")
        stage.stop()
