"""Bonus programs: the occasion, what the client gets, for whom and where, how much in all, with which letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Field, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.admin import sentences
from loyalty.admin.bonus_forms import USES, BonusForm
from loyalty.admin.check_rules import READERS, while_is
from loyalty.admin.currency import bonus_step, present_currency, shown
from loyalty.admin.pages import Rows
from loyalty.admin.programs import DATES, SWITCH, TERMS, NamedProgramAdmin
from loyalty.admin.sentences_bonuses import limits
from loyalty.admin.words import told, words
from loyalty.models import BonusProgram, Budget, Lot


@admin.register(BonusProgram)
class BonusAdmin(NamedProgramAdmin):
    form = BonusForm
    radio_fields = {"trigger": admin.VERTICAL}
    list_select_related = ("segment", "letter")
    fieldsets = (
        (None, SWITCH),
        (gettext_lazy("Occasion"), {"fields": ("trigger", *USES)}),
        (gettext_lazy("The client gets"), {"fields": ("amount", "percent", "letter")}),
        (gettext_lazy("For whom and where"), {"fields": ("segment", "locations", "budget")}),
        TERMS,
        DATES,
    )
    # Only what the occasion needs is asked.
    conditional_fields = {name: while_is("trigger", [str(one) for one in triggers]) for name, triggers in USES.items()}

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see names in place of boxes, and only what this occasion uses."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self._only_looks(request, obj):
            return fieldsets
        idle = {name for name, triggers in USES.items() if obj.trigger not in triggers}
        idle |= {f"{name}_shown" for name in idle}
        return [
            (name, {**options, "fields": [_readable(one) for one in options["fields"] if _name(one) not in idle]})
            for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, READERS["locations"]) if self._only_looks(request, obj) else fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one begins as the simplest."""
        return {"trigger": BonusProgram.Trigger.REGISTRATION.value, **super().get_changeform_initial_data(request)}

    def sentences(self, program: BonusProgram, rows: Rows) -> Sequence[str]:
        letter = program.letter.name if program.letter is not None else ""
        said = limits(program, words(), present_currency(), letter)
        return sentences.bonus(program, present_currency(), bonus_step(), limits=said)

    def now(self, program: BonusProgram) -> str:
        given = Lot.objects.filter(program=program.code).aggregate(times=Count("pk"), amount=Sum("amount"))
        if not given["times"]:
            return _("Not given to anybody yet.")
        text = ngettext("Given once so far: %(amount)s.", "Given %(times)d times so far: %(amount)s.", given["times"])
        text %= {"times": given["times"], "amount": shown(given["amount"])}
        used = Budget.objects.filter(pk=program.pk, program__budget__isnull=False).first()
        if used is None:
            return text
        facts = {"given": shown(used.given), "budget": shown(program.budget)}
        return f"{text} " + _("Of its budget: %(given)s of %(budget)s.") % facts

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)


def _name(field: Any) -> str:
    return field if isinstance(field, str) else field.__name__


def _readable(field: Any) -> Any:
    return READERS["locations"] if field == "locations" else field
