"""What the linter tells (`loyalty.linter`), in the admin: beside a page that was saved, and as links to pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from loyalty.admin.currency import business
from loyalty.findings import Finding, Where
from loyalty.linter import findings, findings_about

MOST = 10


def warn_about(request: HttpRequest, row: Model) -> None:
    """Tell whoever has saved this row what there is to look at in it."""
    if business() is None:
        return
    for finding in findings_about(row._meta.label_lower, row.pk, now=timezone.now())[:MOST]:
        messages.warning(request, finding.text)


def findings_for(user: Any) -> Sequence[Finding]:
    """What is to be looked at on pages that this person may see, at most 10, what is grave first."""
    found = findings(now=timezone.now())
    return [one for one in found if one.where is not None and user.has_perm(_right(one.where))][:MOST]


def _right(where: Where) -> str:
    app, model = where.label.split(".")
    return f"{app}.view_{model}"


def page_of(where: Where | None) -> str:
    """The address of the page; "" where there is none. What there is one of is found by its list."""
    if where is None:
        return ""
    name = f"admin:{where.label.replace('.', '_')}"
    try:
        return reverse(f"{name}_changelist") if where.pk is None else reverse(f"{name}_change", args=[where.pk])
    except NoReverseMatch:
        return ""
