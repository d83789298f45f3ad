"""What the pages of the programs have in common: amounts, and the sentence that says what the present values do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model
from django.forms import all_valid
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from clients.admin_base import OfficeAdmin, OfficeInline
from loyalty.admin.currency import business, currency, shown, shown_percent
from loyalty.admin.fields import amount_form_field, is_amount, with_comma, within_bounds
from loyalty.admin.findings import warn_about
from loyalty.fields import PercentField
from loyalty.money import Money, percent_text

Rows = Mapping[type[Model], Sequence[Any]]


class Amounts:
    """Mixed into pages and inlines: amounts are typed and read in the currency, never in minor units."""

    model: type[Model]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if is_amount(db_field):
            return amount_form_field(db_field, **kwargs)
        return within_bounds(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever may only look reads amounts in the currency too."""
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if not self._only_looks(request, obj):
            return fieldsets
        return [(name, {**options, "fields": self._readable(options["fields"])}) for name, options in fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        if not self._only_looks(request, obj):
            return fields
        return (*fields, *(reading(column) for column in self.model._meta.fields if is_amount(column)))

    def _only_looks(self, request: HttpRequest, obj: Any) -> bool:
        may_add = obj is None and self._may_add(request)
        return not (may_add or self.has_change_permission(request, obj))  # type: ignore[attr-defined]

    def _may_add(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request))  # type: ignore[attr-defined]

    def _readable(self, fields: Sequence[Any]) -> list[Any]:
        return [self._readable(name) if isinstance(name, tuple | list) else self._readable_one(name) for name in fields]

    def _readable_one(self, name: Any) -> Any:
        columns = {column.name: column for column in self.model._meta.fields}
        return reading(columns[name]) if isinstance(name, str) and is_amount(columns.get(name)) else name


@cache
def reading(column: Any) -> Callable[[Any], str]:
    """A read-only field (or a column of a list) that shows this amount."""

    def read(row: Any) -> str:
        value = getattr(row, column.name)
        return shown_percent(value) if isinstance(column, PercentField) else shown(value)

    read.short_description = column.verbose_name  # type: ignore[attr-defined]
    read.admin_order_field = column.name  # type: ignore[attr-defined]
    read.__name__ = f"{column.name}_shown"
    return read


def column(model: type[Model], name: str) -> Callable[[Any], str]:
    """The amount column of a list."""
    return reading(model._meta.get_field(name))


class MoneyAdmin(Amounts, OfficeAdmin):
    """A page with amounts. Before there is a business it sends to the first page, where one is chosen."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return self._first_a_business(request) or super().changelist_view(request, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        return self._first_a_business(request) or super().changeform_view(request, object_id, form_url, extra_context)

    def _first_a_business(self, request: HttpRequest) -> HttpResponseBase | None:
        if business() is not None or not self.has_view_or_change_permission(request):
            return None
        messages.info(request, _("First choose what kind of business this is."))
        return HttpResponseRedirect(reverse("admin:index"))

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        known = currency()
        if not is_amount(field) or known is None:
            return text
        if isinstance(field, PercentField) and field.name == "factor":
            return with_comma(percent_text(Decimal(text)))
        if isinstance(field, PercentField):
            return f"{with_comma(percent_text(Decimal(text)))}\N{NO-BREAK SPACE}%"
        return shown(Money(int(text))) if text.lstrip("-").isdigit() else text


class MoneyInline(Amounts, OfficeInline):
    """Rows with amounts. Who may change the program may take a row away."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_change_permission(request, obj))

    def _may_add(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request, None))


@dataclass(frozen=True, slots=True)
class Effect:
    """What stands above a program's form. `now` counts what is there and does not change while typing."""

    sentences: Sequence[str]
    now: str
    preview: str


class ProgramAdmin(MoneyAdmin):
    """A program's page: above the form, in words, what the values mean; rewritten as one types.

    Saved, it tells what the linter finds in it.
    """

    change_form_template = "admin/program.html"
    change_form_outer_before_template = "admin/effect.html"

    def sentences(self, program: Any, rows: Rows) -> Sequence[str]:
        """What these values mean. `rows` are those of the inlines and, under `Service`, what is covered."""
        raise NotImplementedError

    def now(self, program: Any) -> str:
        """Who takes part now."""
        return ""

    def rows(self, program: Any) -> Rows:
        """The stored rows of the inlines."""
        return {}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        if business() is not None and request.method == "GET":
            context["effect"] = self._effect(request, object_id)
        return super().changeform_view(request, object_id, form_url, context)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponseBase:
        answer: HttpResponseBase = super().response_add(request, obj, post_url_continue)
        warn_about(request, obj)
        return answer

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponseBase:
        answer: HttpResponseBase = super().response_change(request, obj)
        warn_about(request, obj)
        return answer

    def _effect(self, request: HttpRequest, object_id: str | None) -> Effect | None:
        program = self.get_object(request, object_id) if object_id else None
        label = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if object_id and program is None:
            return None
        if program is None:
            return Effect([], "", reverse(f"{label}_effect_of_new"))
        said = self.sentences(program, self.rows(program))
        return Effect(said, self.now(program), reverse(f"{label}_effect", args=[program.pk]))

    def get_urls(self) -> list[URLPattern]:
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view(self.preview)
        return [
            path("effect/", view, name=f"{label}_effect_of_new"),
            path("<int:object_id>/effect/", view, name=f"{label}_effect"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, object_id: int | None = None) -> HttpResponseBase:
        """The sentences of a form that is being filled in; it writes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        program = None if object_id is None else self.seen(request, str(object_id))
        if not (self.has_change_permission(request, program) if program else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, program, change=program is not None)(request.POST, instance=program)
        whole = form.is_valid()
        formsets, _inlines = self._create_formsets(request, form.instance, change=program is not None)
        if not (all_valid(formsets) and whole) or business() is None:
            return JsonResponse({"sentences": []})
        rows: dict[type[Model], Sequence[Any]] = {formset.model: kept(formset) for formset in formsets}
        return JsonResponse({"sentences": list(self.sentences(form.instance, {**rows, **self.chosen(form)}))})

    def chosen(self, form: Any) -> Rows:
        """What the form holds besides the program's own columns."""
        return {}


def kept(formset: Any) -> list[Any]:
    """The rows that the posted inlines leave."""
    gone = [form for form in formset.forms if formset._should_delete_form(form)]
    return [form.instance for form in formset.forms if form not in gone and (form.instance.pk or form.has_changed())]
