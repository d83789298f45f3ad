"""What unfold says on our pages and has no Russian for. Named here, it is in our catalogue, which comes first.

Also what Django's Russian says in the wrong case or gender of whatever name stands in it.
"""

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
OF_DJANGO = (
    _("Add %s"),
    _("Add another %(verbose_name)s"),
    _("Change %s"),
    _("Select %s to change"),
    _("Select %s to view"),
    _("The %(name)s “%(obj)s” was deleted successfully."),
    _("The {name} “{obj}” was added successfully."),
    _("The {name} “{obj}” was added successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully."),
    _("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully. You may edit it again below."),
    _("View %s"),
    _("You may edit it again below."),
)
