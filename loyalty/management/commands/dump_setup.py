"""manage.py dump_setup: the present setup as a document. Loading it back changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from loyalty.management.commands.load_setup import check_tables
from loyalty.setup import dump, write_yaml


class Command(BaseCommand):
    help = "Prints the present setup as a YAML document that load_setup takes."

    def handle(self, *_args: Any, **_options: Any) -> None:
        check_tables(dry_run=False)
        self.stdout.write(write_yaml(dump()), ending="")
