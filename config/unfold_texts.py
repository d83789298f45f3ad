"""What unfold says on our pages and has no Russian for. Named here, it is in our catalogue, which comes first."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SAID = (
    _("Apply Filters"),
    _("Dark"),
    _("Expand row"),
    _("False"),
    _("Go back"),
    _("Light"),
    _("Loading more results..."),
    _("More actions"),
    _("Next"),
    _("No data"),
    _("No results found"),
    _("Previous"),
    _("Reset filters"),
    _("Return to site"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("System"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
)
