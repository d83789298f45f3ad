"""Load a setup document: all of it or nothing, as often as you like. And write the present setup as one.

The whole document is read first, and every error reported with its path; only then anything is written. A section
that is not given is left alone; a row missing from a section that is given is switched off, never deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from auditlog.context import set_extra_data
from django.db import connection, transaction
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Business
from clients.refusals import Refusal
from loyalty.money import Currency
from loyalty.setup.house import BusinessSection, currency_of
from loyalty.setup.reading import Context, Reading, Spot
from loyalty.setup.section import Change, Section, sections

log = logging.getLogger(__name__)

# While the currency is not known, amounts are still read for other mistakes. No currency has more digits.
ANY_CURRENCY = Currency(code="XXX", digits=4)


class SetupRefused(Refusal):
    """The document cannot be loaded; nothing was stored. `errors` are (path, message), all of them."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        lines = [f"{path}: {message}" if path else message for path, message in errors]
        super().__init__("\n".join(lines), field=errors[0][0])


def load(document: Mapping[str, Any], *, by: Actor, dry_run: bool = False) -> list[Change]:
    """Make the setup what the document says, and return what that changed. Raises `SetupRefused`.

    A dry run returns the same and writes nothing; it needs no tables, so that a document can be tried first.
    """
    with transaction.atomic(), set_extra_data({"additional_data": {"by": str(by)}}):
        has_tables = not dry_run or Business._meta.db_table in connection.introspection.table_names()
        present = Business.objects.select_for_update(no_key=True).first() if has_tables else None
        data, context = _read(document, present, by=by, dry_run=dry_run, has_tables=has_tables)
        changes = [change for section, checked in data for change in section.apply(checked, context)]
    for change in () if dry_run else changes:
        log.info("%s: %s", by, change)
    return changes


def _read(
    document: Any, present: Business | None, *, by: Actor, dry_run: bool, has_tables: bool
) -> tuple[list[tuple[Section, Any]], Context]:
    """The checked data of every section that is given. Raises `SetupRefused`."""
    if not isinstance(document, Mapping):
        raise SetupRefused([("", _("the document must be a mapping of sections"))])
    currency = currency_of(document, present) or ANY_CURRENCY
    context = Context(by=by, currency=currency, dry_run=dry_run, has_tables=has_tables)
    top, known = Spot(Reading(context)), sections()
    if document and present is None and BusinessSection.key not in document:
        top.key(BusinessSection.key).refuse(_("is missing, and there is no business yet"))
    for key in document:
        if key not in {section.key for section in known}:
            top.key(key).refuse(_("unknown key"))
    given = [section for section in known if section.key in document]
    data = [(section, section.read(document[section.key], top.key(section.key))) for section in given]
    if top.reading.errors:
        raise SetupRefused(top.reading.errors)
    return data, context


def dump() -> dict[str, Any]:
    """The present setup as a document of plain data: loading it back changes nothing. Empty before the first load."""
    business = Business.objects.first()
    if business is None:
        return {}
    currency = Currency.of(business.currency)
    written = {section.key: section.dump(currency) for section in sections()}
    return {key: section for key, section in written.items() if section is not None}
