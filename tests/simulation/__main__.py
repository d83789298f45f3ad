"""Three years of one business, a thousand clients, a worker that is off now and then; compared with the words.

    uv run python -m tests.simulation [--clients 1000] [--days 1096] [--seed TEXT] [--outages flu]
    DATABASE_URL=postgres://… SECRET_KEY=… uv run python -m tests.simulation …

Plays in a test database of its own. Prints what happened and every difference; with other outages and the same seed
the same clients must come to the same. Ends with 1 if anything differs or the ledger does not prove.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from datetime import date, timedelta

import django

NAMES = ("flu", "builders")
FIRST = date(2027, 1, 15)


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--days", type=int, default=1096)
    parser.add_argument("--seed", default="years")
    parser.add_argument("--outages", choices=NAMES, default=NAMES[0])
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from django.conf import settings
    from django.db import connection

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    connection.settings_dict["OPTIONS"].pop("pool", None)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return play(asked.clients, asked.days, asked.seed, asked.outages)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def play(clients: int, days: int, seed: str, name: str) -> int:
    from django.utils import timezone

    from loyalty.models import Entry, Lot, Visit
    from loyalty.proof import check_ledger
    from tests.simulation.play import House, differences, of_the_house, of_the_words
    from tests.simulation.reference import Reference
    from tests.simulation.script import Script, calm_days, outages

    last = FIRST + timedelta(days=days)
    patterns = {one: outages(f"{seed}:{one}", FIRST, last) for one in NAMES}
    script = Script(FIRST, last, seed, clients=clients, calm=calm_days(FIRST, last, list(patterns.values())))
    began = time.perf_counter()
    meant = of_the_words(Reference(script).play())
    print(f"{clients} clients, {days} days, seed {seed!r}: {len(script.events)} events")
    print(f"the words: {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    house = House(script, patterns[name])
    house.play()
    took = time.perf_counter() - began
    print(f"the house, outages {name!r} ({len(patterns[name])} days without a worker): {took:.0f} s")
    print(f"{Visit.objects.count()} checks, {Lot.objects.count()} lots, {Entry.objects.count()} entries")
    found = [*differences(meant, of_the_house(house)), *map(str, check_ledger(now=timezone.now()))]
    print("\n".join(found) or "every client holds what the words say, and the ledger proves")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
