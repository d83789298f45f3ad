"""Partners and what they are paid: the partner's page, and the statements of the months that are over."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm, ReadOnlyAdmin, actor, go_to, is_owner, own_locations
from clients.admin_codes import CodeForm
from clients.refusals import Invalid
from loyalty.admin.currency import once, present_currency, shown, shown_percent
from loyalty.admin.pages import MoneyAdmin, ProgramAdmin, Rows, column
from loyalty.admin.records import person
from loyalty.money import ZERO
from loyalty.rulebook import rulebook
from referrals import sentences_partners, statements
from referrals.models import Partner, PartnerStatement
from referrals.partners import check_code

RIGHT = "referrals.pay_partner"
LAST = 12
COLUMNS = ("visit", "day", "client", "amount", "counts")
"""Of the file; its words are for a program."""


# --- partners ---------------------------------------------------------------------------------------------------------


class PartnerForm(CodeForm):
    class Meta:
        model = Partner
        fields = "__all__"
        widgets = {"note": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "name": gettext_lazy("As newcomers read it when they come by the link, for example City Yoga."),
            "percent": gettext_lazy("For example 10: a client whom they brought pays 60, they get 6."),
            "months": gettext_lazy("For example 12, from the day the client named them. Empty: for ever."),
            "note": gettext_lazy("For example their bank account. Staff read it; it stands on the statements."),
            "enabled": gettext_lazy("Off: nobody can name them any more. For clients of theirs they are still paid."),
        }

    def clean_code(self) -> str:
        code = super().clean_code()
        same = Partner.objects.filter(code__iexact=code).exclude(pk=self.instance.pk).first()
        if same is not None:
            raise ValidationError(_("There is the partner %(code)s already."), params={"code": same.code})
        try:
            check_code(code)
        except Invalid as refusal:
            raise ValidationError(str(refusal)[:1].upper() + str(refusal)[1:]) from None
        return code

    def taken(self, stem: str) -> set[str]:
        return {code.lower() for code in Partner.objects.filter(code__istartswith=stem).values_list("code", flat=True)}


@admin.register(Partner)
class PartnerAdmin(ProgramAdmin):
    form = PartnerForm
    change_form_outer_before_template = "admin/partner_before.html"
    list_display = ("name", "code", "percent_shown", "clients_count", "unpaid_shown", "enabled")
    list_display_links = ("name",)
    list_filter = ("enabled",)
    search_fields = ("code", "name")
    fieldsets = (
        (None, {"fields": ("name", "code", "enabled")}),
        (gettext_lazy("They get"), {"fields": ("percent", "months")}),
        (gettext_lazy("How they are paid"), {"fields": ("email", "note")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        rows: QuerySet[Partner] = super().get_queryset(request)
        return rows.annotate(clients_now=Count("clients"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))

    def sentences(self, program: Partner, rows: Rows) -> Sequence[str]:
        return sentences_partners.partner(program, present_currency())

    def now(self, program: Partner) -> str:
        count = program.clients.count()
        text = ngettext(
            "So far they have brought %(count)d client.", "So far they have brought %(count)d clients.", count
        )
        return text % {"count": count}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        partner = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if partner is not None:
            context["link"] = f"{settings.BASE_URL}{reverse('portal:join-by-code', args=[partner.code])}"
            context["statements"] = [StatementRow(one) for one in partner.statements.order_by("-month")[:LAST]]
        return super().changeform_view(request, object_id, form_url, context)

    @display(description=gettext_lazy("share"), ordering="percent")
    def percent_shown(self, partner: Partner) -> str:
        return shown_percent(partner.percent)

    @display(description=gettext_lazy("clients"), ordering="clients_now")
    def clients_count(self, partner: Any) -> int:
        return int(partner.clients_now)

    @display(description=gettext_lazy("to pay out"))
    def unpaid_shown(self, partner: Partner) -> str:
        return shown(_unpaid().get(partner.pk, ZERO))


def _unpaid() -> dict[int, Any]:
    """Partner → what was stated and is not paid. Read once a page."""

    def read() -> dict[int, Any]:
        rows = PartnerStatement.objects.filter(paid_at=None, amount__gt=0).order_by().values_list("partner")
        return dict(rows.annotate(sum=Sum("amount")))

    known: dict[int, Any] = once("unpaid_partners", read)
    return known


# --- statements -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement as the partner's page shows it."""

    statement: PartnerStatement

    @property
    def month(self) -> str:
        return month_of(self.statement)

    @property
    def state(self) -> str:
        return state_of(self.statement)[1]


def month_of(statement: PartnerStatement) -> str:
    """ "March 2026"."""
    return date_format(statement.month, "F Y")


def state_of(statement: PartnerStatement) -> tuple[str, str]:
    if statement.paid_at is not None:
        return "paid", _("paid out")
    if statement.amount > 0:
        return "open", _("to pay out")
    return "none", _("carried over") if statement.amount < 0 else _("nothing to pay")


class PaidForm(Confirm):
    note = forms.CharField(
        label=gettext_lazy("How it was paid"),
        required=False,
        max_length=statements.NOTE_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("For example the number of the transfer."),
    )

    def carry_out(self) -> None:
        statements.mark_paid(
            statement=PartnerStatement.objects.get(pk=self.object_id),
            note=self.cleaned_data["note"],
            by=actor(self.request),
            now=timezone.now(),
        )


class PaidFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("to pay out")), ("paid", _("paid out"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.filter(paid_at=None, amount__gt=0)
        return queryset.exclude(paid_at=None) if self.value() == "paid" else queryset


@admin.register(PartnerStatement)
class StatementAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Months that are over. They are of the whole house, so whoever works at some locations only sees none."""

    list_display = ("month_shown", "partner", "visits", column(PartnerStatement, "paid_in"), "state", "amount_shown")
    list_display_links = ("month_shown",)
    list_filter = (PaidFilter, "partner")
    list_select_related = ("partner",)
    ordering = ("-month", "partner")
    actions_detail = ("mark_paid",)
    change_form_outer_before_template = "admin/partner_statement_before.html"
    fields = (
        *("partner", "month_shown", "clients", "visits"),
        *(column(PartnerStatement, name) for name in ("paid_in", "refunded", "percent", "carried", "amount")),
        *("state_read", "made_at", "paid_at", "paid_by_shown", "paid_note"),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj)) and own_locations(request.user) is None

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        statement = self.get_object(request, str(object_id))
        is_open = statement is not None and state_of(statement)[0] == "open"
        return super().get_actions_detail(request, object_id) if is_open else []

    @action(
        description=gettext_lazy("Mark as paid out"),
        permissions=["pay"],
        dialog={
            "title": gettext_lazy("Was this statement paid out?"),
            "description": gettext_lazy("It is marked with your name. The mark stays."),
            "form_class": PaidForm,
            "form_submit_text": gettext_lazy("Mark as paid out"),
        },
    )
    def mark_paid(self, request: HttpRequest, form: PaidForm, object_id: str) -> HttpResponse:
        messages.success(request, _("The statement is marked as paid out."))
        return go_to(request, reverse("admin:referrals_partnerstatement_change", args=[object_id]))

    def has_pay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, RIGHT, object_id)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"may_export": is_owner(request.user), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    # --- on paper and as a file ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:object_id>/paper/", view(self.paper), name="referrals_partnerstatement_paper"),
            path("<int:object_id>/checks.csv", view(self.checks_file), name="referrals_partnerstatement_checks"),
            *super().get_urls(),
        ]

    def paper(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """For the partner: nobody is named on it, checks have numbers."""
        statement = self.seen(request, str(object_id))
        house = rulebook().house
        context = {
            "statement": statement,
            "month": month_of(statement),
            "state": state_of(statement),
            "checks": statements.checks_of(statement, house),
            "house": house,
            "currency": house.currency,
            "share": statement.amount - statement.carried,
        }
        return TemplateResponse(request, "admin/partner_statement_paper.html", context)

    def checks_file(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What it is made of, for a spreadsheet. For the owner only, as every export; clients are numbers."""
        statement = self.seen(request, str(object_id))
        if not is_owner(request.user):
            raise PermissionDenied
        house = rulebook().house
        text = StringIO()
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        for check in statements.checks_of(statement, house):
            amount = house.currency.text(check.base)
            rows.writerow([check.number, house.day(check.at), check.client, amount, "yes" if check.counts else "no"])
        name = f"{statement.partner.code}-{statement.month:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)

    def seen(self, request: HttpRequest, object_id: str) -> PartnerStatement:
        if len(object_id) > 18:
            raise Http404
        statement: PartnerStatement = super().seen(request, object_id)
        return statement

    # --- columns ---

    @display(description=gettext_lazy("month"), ordering="month")
    def month_shown(self, statement: PartnerStatement) -> str:
        return month_of(statement)

    @display(description=gettext_lazy("state"), label={"open": "warning", "paid": "success"})
    def state(self, statement: PartnerStatement) -> tuple[str, str]:
        return state_of(statement)

    @display(description=gettext_lazy("state"))
    def state_read(self, statement: PartnerStatement) -> str:
        return state_of(statement)[1]

    @display(description=gettext_lazy("to pay out"), ordering="amount")
    def amount_shown(self, statement: PartnerStatement) -> str:
        return shown(statement.amount)

    @display(description=gettext_lazy("marked by"))
    def paid_by_shown(self, statement: PartnerStatement) -> str:
        return person(statement.paid_by) if statement.paid_by else ""
