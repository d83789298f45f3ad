"""System checks of the till and the ledger. `LoyaltyConfig.ready` imports this module, so that they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from loyalty import append_only

INSTALLED_BY = ("loyalty", "0002_append_only")


@register(Tags.database)
def check_entries_never_change(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """The triggers that keep the ledger append-only stand in each of these databases.

    A database that has not run their migration yet is not complained about: `migrate` itself runs this check first.
    """
    return [
        Error(
            f"The ledger can be changed: trigger {name} is missing in the database {alias!r}.",
            hint="A migration that rebuilds loyalty_entry must end with loyalty.append_only.install(connection). "
            "To put the triggers back: manage.py migrate --skip-checks, when a migration does so, or "
            "manage.py shell -c 'from django.db import connection; from loyalty.append_only import install; "
            "install(connection)'.",
            id="loyalty.E001",
        )
        for alias in databases or ()
        if INSTALLED_BY in MigrationRecorder(connections[alias]).applied_migrations()
        for name in append_only.missing(connections[alias])
    ]
