"""What pages of programs have in common, and the trial session: in the order in which a person explains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from clients.admin_changes import Change, changes_of
from loyalty.admin import sentences
from loyalty.admin.currency import present_currency
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.program_forms import TrialForm
from loyalty.admin.words import told, words
from loyalty.models import Service, TrialProgram, TrialService

TERMS = (
    gettext_lazy("These bonuses"),
    {"fields": ("lifetime_days", "lifetime_months", "limit_percent", "min_check", "pending_days")},
)
DATES = (gettext_lazy("When it runs"), {"fields": ("from_day", "to_day")})
SWITCH = {"fields": ("name", "enabled")}
CODE = (gettext_lazy("For the setup document and the API"), {"fields": ("code", "priority")})


class NamedProgramAdmin(ProgramAdmin):
    """Programs of which there are several: their code is given once."""

    list_display: Sequence[Any] = ("name", "does", "is_on")
    list_display_links = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code stands last: people do not speak of it."""
        return [*super().get_fieldsets(request, obj), CODE]

    @display(description=gettext_lazy("what it does"))
    def does(self, program: Any) -> str:
        said = self.sentences(program, self.rows(program))
        return said[0] if program.enabled or len(said) < 2 else said[1]

    @display(description=gettext_lazy("on"), boolean=True, ordering="enabled")
    def is_on(self, program: Any) -> bool:
        return bool(program.enabled)


@admin.register(TrialProgram)
class TrialAdmin(NamedProgramAdmin):
    form = TrialForm
    list_select_related = ("segment",)
    fieldsets = (
        (None, SWITCH),
        (gettext_lazy("A newcomer may try"), {"fields": ("covers", "percent", "segment")}),
        DATES,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrialProgram]:
        rows: QuerySet[TrialProgram] = super().get_queryset(request).prefetch_related("services")
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see the services as a line of text."""
        return readable_covers(super().get_fieldsets(request, obj), self.has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "covered")

    @display(description=gettext_lazy("services"))
    def covered(self, program: TrialProgram) -> str:
        return ", ".join(str(service) for service in program.services.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_covers()

    def rows(self, program: TrialProgram) -> Rows:
        return {Service: list(program.services.all())}

    def chosen(self, form: Any) -> Rows:
        return {Service: list(form.cleaned_data["covers"])}

    def sentences(self, program: TrialProgram, rows: Rows) -> Sequence[str]:
        services = [(service.name, service.price) for service in rows[Service]]
        limits = []
        if program.segment_id:
            name = words().segments.get(program.segment_id, "")
            limits.append(_("Only newcomers of the segment %(segment)s get it.") % {"segment": sentences.quoted(name)})
        return sentences.trial(program, services, present_currency(), limits=limits)

    def changes(self, row: Any) -> list[Change]:
        return changes_of(row, inlines=[TrialService], shown=self.shown_value)

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)


def readable_covers(fieldsets: Any, may_change: bool) -> Any:
    """The checkboxes of services, or what stands for them where nothing may be changed."""
    if may_change:
        return fieldsets
    swapped = []
    for name, options in fieldsets:
        fields = ["covered" if field == "covers" else field for field in options["fields"]]
        swapped.append((name, {**options, "fields": fields}))
    return swapped
