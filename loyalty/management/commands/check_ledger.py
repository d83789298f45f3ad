"""manage.py check_ledger: prove every lot, balance, total and link."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from loyalty.models import Entry, Lot, Visit
from loyalty.proof import check_ledger


class Command(BaseCommand):
    help = (
        "Proves the ledger: works everything out again from entries, visits and refunds. One line for each difference, "
        "amounts in the smallest unit of the currency; exit status 1 if there is any."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        differences = check_ledger(now=timezone.now())
        for difference in differences:
            self.stdout.write(difference)
        if differences:
            self.stderr.write(f"{len(differences)} differences")
            sys.exit(1)
        lots, entries, visits = Lot.objects.count(), Entry.objects.count(), Visit.objects.count()
        self.stdout.write(f"Everything adds up: {lots} lots, {entries} entries, {visits} visits.")
