"""What the pages of discounts and promo codes share: the order of the fields, and how readers see choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Field, ForeignKey
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from loyalty.admin.programs import NamedProgramAdmin
from loyalty.admin.words import told, weekdays_called, words
from loyalty.models import CheckRule

ON_WHAT = (gettext_lazy("On what"), {"fields": ("services", "exclude", "min_check")})
WHEN = (
    gettext_lazy("When and where"),
    {"fields": ("from_day", "to_day", "weekdays", "from_time", "to_time", "locations")},
)
TOGETHER = (gettext_lazy("Together with other discounts"), {"fields": ("combinable", "priority", "earns")})


def reader(name: str, label: Any, read: Callable[[Any], str]) -> Callable[[Any], str]:
    """A line of text in place of boxes."""

    def shown(rule: Any) -> str:
        return read(rule) or _("—")

    shown.__name__, shown.short_description = f"{name}_read", label  # type: ignore[attr-defined]
    return shown


READERS: Mapping[str, Callable[[Any], str]] = {
    "services": reader("services", gettext_lazy("on the services"), lambda rule: words().all_called(rule.services)),
    "exclude": reader("exclude", gettext_lazy("but not on"), lambda rule: words().all_called(rule.exclude)),
    "locations": reader("locations", gettext_lazy("at the locations"), lambda rule: words().at(rule.locations)),
    "weekdays": reader("weekdays", gettext_lazy("weekdays"), lambda rule: weekdays_called(rule.weekdays)),
    "tier": reader("tier", gettext_lazy("on the tier"), lambda rule: str(rule.tier)),
}
"""What stands for checkboxes where nothing may be changed."""


class CheckRuleAdmin(NamedProgramAdmin):
    """A discount or a promo code."""

    change_form_template = "admin/check_rule.html"
    list_select_related = ("client", "segment")

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see names in place of boxes. The code and the priority stand where this page has them."""
        fieldsets = super(NamedProgramAdmin, self).get_fieldsets(request, obj)
        if not self._only_looks(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [READERS.get(str(field), field) for field in options["fields"]]})
            for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (*super(NamedProgramAdmin, self).get_readonly_fields(request, obj), *(("code",) if obj else ()))
        return (*fields, *READERS.values()) if self._only_looks(request, obj) else fields

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Nobody is listed: a client is found by what stands on their card (`ClientField`)."""
        if db_field.remote_field.model is Client:
            kwargs["queryset"] = Client.objects.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def client_of(self, rule: CheckRule) -> str:
        """The name of the only client it is for."""
        client: Client | None = getattr(rule, "client", None)
        return str(client) if client is not None else ""

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)


def while_is(name: str, values: Sequence[str]) -> str:
    """An expression of unfold's script: this field has one of these values, or is not on the page."""
    wanted = " || ".join(f"{name} == '{value}'" for value in values)
    return f"typeof {name} === 'undefined' || {wanted}"


def while_filled(name: str) -> str:
    return f"typeof {name} === 'undefined' || {name}"
