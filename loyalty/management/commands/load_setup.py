"""manage.py load_setup FILE.yaml [--dry-run]: make the setup what a document says, all of it or nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clients.actors import Actor
from clients.models import Business
from loyalty.setup import SetupRefused, load, read_yaml


class Command(BaseCommand):
    help = "Loads a setup document: all of it or nothing, as often as you like. Prints what changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", help="a YAML file, for example loyalty/presets/flexgym.yaml; - reads standard input"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *_args: Any, file: str, dry_run: bool, **_options: Any) -> None:
        check_tables(dry_run=dry_run)
        try:
            changes = load(read_yaml(read_text(file)), by=Actor.command("load_setup"), dry_run=dry_run)
        except SetupRefused as refusal:
            raise CommandError(f"{file} was not loaded, nothing was stored:\n{refusal}") from None
        for change in changes:
            self.stdout.write(str(change))
        if not changes:
            self.stdout.write("nothing to change")
        elif dry_run:
            self.stdout.write("this was a dry run: nothing was changed")


def read_text(file: str) -> str:
    """The text of the file, or of standard input."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{file} cannot be read: line {line}: it is not UTF-8 text") from None


def check_tables(*, dry_run: bool) -> None:
    """Say so before a table is missed. A dry run may meet a database with none at all."""
    if dry_run and Business._meta.db_table not in connection.introspection.table_names():
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not prepared: run `manage.py migrate` first.")
