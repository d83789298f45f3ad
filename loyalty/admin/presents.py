"""Stamps and miles, gifts, prizes: one program, one page, in the order in which a person explains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Field, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from loyalty.admin import sentences_presents
from loyalty.admin.check_rules import READERS, reader, while_is
from loyalty.admin.currency import once, present_currency
from loyalty.admin.pages import Rows, column
from loyalty.admin.present_forms import GiftForm, PrizeForm, StampForm, given_names
from loyalty.admin.programs import DATES, SWITCH, TERMS, NamedProgramAdmin
from loyalty.admin.words import told, words
from loyalty.models import GiftProgram, Lot, Prize, StampProgram
from loyalty.prizes import left_of

FREE = reader("free", gettext_lazy("the free one is"), lambda program: words().all_called(program.free))
BOXES = {**READERS, "free": FREE}


class PresentAdmin(NamedProgramAdmin):
    """A page with boxes to tick; readers see names in their place."""

    boxes: tuple[str, ...] = ()

    class Media:
        css = {"all": ("regulars/rules.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not self._only_looks(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [BOXES[one] if one in self.boxes else one for one in options["fields"]]})
            for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *(BOXES[name] for name in self.boxes)) if self._only_looks(request, obj) else fields

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        return told(field, text) or super().shown_value(field, text)


@admin.register(StampProgram)
class StampAdmin(PresentAdmin):
    form = StampForm
    boxes = ("services", "exclude", "free", "locations")
    radio_fields = {"kind": admin.VERTICAL}
    list_select_related = ("segment",)
    fieldsets = (
        (None, SWITCH),
        (gettext_lazy("A client collects"), {"fields": ("kind", "per_amount", "services", "exclude", "stamp_days")}),
        (gettext_lazy("And gets"), {"fields": ("needed", "free", "free_days")}),
        (gettext_lazy("For whom and where"), {"fields": ("segment", "locations")}),
        DATES,
    )
    conditional_fields = {"per_amount": while_is("kind", [StampProgram.Kind.MILES.value])}

    def sentences(self, program: StampProgram, rows: Rows) -> Sequence[str]:
        return sentences_presents.stamps(program, words(), present_currency())

    def now(self, program: StampProgram) -> str:
        held = Lot.objects.filter(account__operation__startswith=f"stamps:{program.code}:", remaining__gt=0)
        counts = held.aggregate(clients=Count("account", distinct=True), left=Sum("remaining"))
        given = Lot.objects.filter(program=program.code, account__free_service__isnull=False).aggregate(
            units=Sum("amount")
        )
        if not counts["clients"] and not given["units"]:
            return _("Nobody has collected yet.")
        text = ngettext(
            "%(clients)d client is collecting and has %(left)s. Free ones given so far: %(units)s.",
            "%(clients)d clients are collecting and have %(left)s. Free ones given so far: %(units)s.",
            counts["clients"],
        )
        facts = {"left": int(counts["left"] or 0), "units": int(given["units"] or 0)}
        return text % {"clients": counts["clients"], **facts}


@admin.register(GiftProgram)
class GiftAdmin(PresentAdmin):
    form = GiftForm
    boxes = ("locations",)
    radio_fields = {"when": admin.VERTICAL}
    list_select_related = ("segment", "service")
    fieldsets = (
        (None, SWITCH),
        (gettext_lazy("Occasion"), {"fields": ("when", "from_sum", "once")}),
        (gettext_lazy("The client gets"), {"fields": ("service", "good", "amount")}),
        (gettext_lazy("For whom and where"), {"fields": ("segment", "locations")}),
        (gettext_lazy("How long it lives; of bonuses, what they pay"), TERMS[1]),
        DATES,
    )
    conditional_fields = {"once": while_is("when", [GiftProgram.When.CHECK.value])}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"when": GiftProgram.When.CHECK.value, **super().get_changeform_initial_data(request)}

    def sentences(self, program: GiftProgram, rows: Rows) -> Sequence[str]:
        name = once("what is given", given_names).get(program.good, "") if program.good else ""
        return sentences_presents.gift(program, words(), present_currency(), name)

    def now(self, program: GiftProgram) -> str:
        count = Lot.objects.filter(program=program.code, operation__startswith="visit:").count()
        text = ngettext("Given %(count)d time so far.", "Given %(count)d times so far.", count)
        return text % {"count": count} if count else _("Not given to anybody yet.")


@admin.register(Prize)
class PrizeAdmin(NamedProgramAdmin):
    form = PrizeForm
    list_display = ("name", column(Prize, "price"), "left", "is_on")
    list_select_related = ("segment", "service", "taken_stock")
    fieldsets = (
        (None, {"fields": ("name", "enabled", "description")}),
        (gettext_lazy("The client gets"), {"fields": ("service", "price", "free_days")}),
        (gettext_lazy("How many"), {"fields": ("stock", "per_client")}),
        (gettext_lazy("For whom"), {"fields": ("segment", "by_client")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prize]:
        rows: QuerySet[Prize] = super().get_queryset(request).select_related("service", "segment", "taken_stock")
        return rows

    def sentences(self, program: Prize, rows: Rows) -> Sequence[str]:
        return sentences_presents.prize(program, words(), present_currency())

    def now(self, program: Prize) -> str:
        taken = program.claims.exclude(state="cancelled").count()
        waiting = program.claims.filter(state="waiting").count()
        facts = {"taken": taken, "waiting": waiting, "left": self.left(program)}
        return _("Taken so far: %(taken)s; to be handed over: %(waiting)s; left: %(left)s.") % facts

    @display(description=gettext_lazy("left"))
    def left(self, prize: Prize) -> str:
        left = left_of(prize)
        return _("any number") if left is None else str(left)
