"""Promo codes: one that everybody says, or unique ones that are made, exported and handed out on the same page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Upper
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.decorators import action, display

from clients.admin_base import actor, go_to, own_locations
from clients.models import Client
from clients.refusals import Refusal
from loyalty import promo_batches
from loyalty.admin import sentences_promo_codes
from loyalty.admin.check_rules import ON_WHAT, TOGETHER, WHEN, CheckRuleAdmin, while_filled
from loyalty.admin.code_batches import HandOutForm, MakeForm, codes_of, last_uses, used_sentence, used_text
from loyalty.admin.currency import present_currency
from loyalty.admin.discount_forms import PromoCodeForm
from loyalty.admin.pages import Rows
from loyalty.admin.words import words
from loyalty.models import CodeBatch, IssuedCode, PromoCode, PromoUse

HANDED_OUT = "regulars_handed_out"
"""Where the session keeps a code between handing it out and showing it, once."""

BONUS_TERMS = (
    "bonus_lifetime_days",
    "bonus_lifetime_months",
    "bonus_limit_percent",
    "bonus_min_check",
    "bonus_pending_days",
)


@admin.register(PromoCode)
class PromoCodeAdmin(CheckRuleAdmin):
    form = PromoCodeForm
    change_form_outer_before_template = "admin/promo_code_before.html"
    change_form_outer_after_template = "admin/promo_code_after.html"
    list_display = ("code", "name", "does", "uses_shown", "is_on")
    list_display_links = ("code",)
    list_filter = ("is_batch", "enabled")
    search_fields = ("code", "name")
    actions_detail = ("make_codes", "hand_out")
    fieldsets = (
        (None, {"fields": ("code", "name", "enabled", "is_batch")}),
        (gettext_lazy("It gives"), {"fields": ("percent", "amount", "max_discount", "bonus_amount", *BONUS_TERMS)}),
        (gettext_lazy("How often"), {"fields": ("max_uses", "max_uses_per_client", "valid_hours")}),
        (gettext_lazy("For whom"), {"fields": ("segment", "client", "new_clients_only", "staff_only")}),
        ON_WHAT,
        WHEN,
        TOGETHER,
    )
    conditional_fields = dict.fromkeys(BONUS_TERMS, while_filled("bonus_amount")) | {
        "valid_hours": while_filled("is_batch")
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromoCode]:
        """`used`: of one code for all its own count, of unique ones the checks on which any of them counts."""
        own = IssuedCode.objects.filter(code=Upper(OuterRef("code"))).values("used")[:1]
        uses = PromoUse.objects.filter(promo=OuterRef("pk"), released_at=None).order_by().values("promo")
        counted = uses.annotate(count=Count("pk")).values("count")
        used = Case(When(is_batch=True, then=_whole(counted)), default=_whole(own), output_field=IntegerField())
        rows: QuerySet[PromoCode] = super().get_queryset(request).annotate(used=used)
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was decided when it was added is not asked again."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        idle = {"is_batch"} if obj.is_batch else {"is_batch", "valid_hours"}
        if self._only_looks(request, obj) and not obj.bonus_amount:
            idle |= {*BONUS_TERMS, "bonus_limit_percent_shown", "bonus_min_check_shown"}
        return [
            (name, {**options, "fields": [field for field in options["fields"] if _name(field) not in idle]})
            for name, options in fieldsets
        ]

    def sentences(self, program: PromoCode, rows: Rows) -> Sequence[str]:
        return sentences_promo_codes.promo_code(program, words(), present_currency(), self.client_of(program))

    def now(self, program: PromoCode) -> str:
        """How often it was used. Of unique codes their own table tells."""
        return "" if program.is_batch else used_sentence(_used(program), program.max_uses)

    @display(description=gettext_lazy("uses"))
    def uses_shown(self, promo: PromoCode) -> str:
        return used_text(_used(promo), None if promo.is_batch else promo.max_uses)

    def save_model(self, request: HttpRequest, obj: PromoCode, form: Any, change: Any) -> None:
        """The codes that exist follow the limit. Raises a refusal if one was used more often since it was typed."""
        try:
            super().save_model(request, obj, form, change)
        except IntegrityError:
            text = _("Something changed at the till while the page was open. Look again and save once more.")
            raise promo_batches.LimitBelowUse(text, field="max_uses") from None
        promo_batches.follow_limit(obj)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        promo = self.get_object(request, object_id) if object_id and self.has_view_permission(request) else None
        if promo is not None and request.method == "GET":
            context["uses"] = last_uses(promo, own_locations(request.user))
            context["codes"] = codes_of(promo) if promo.is_batch else None
            context["may_export"] = self.has_codes_permission(request, object_id)
        return super().changeform_view(request, object_id, form_url, context)

    # --- unique codes ---

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        promo = self.get_object(request, str(object_id))
        return super().get_actions_detail(request, object_id) if promo is not None and promo.is_batch else []

    @action(
        description=gettext_lazy("Make codes"),
        permissions=["codes"],
        dialog={
            "title": gettext_lazy("Make unique codes"),
            "description": gettext_lazy("They are made in the background: this page shows how far they are."),
            "form_class": MakeForm,
            "form_submit_text": gettext_lazy("Make"),
        },
    )
    def make_codes(self, request: HttpRequest, form: MakeForm, object_id: str) -> HttpResponse:
        return go_to(request, self._page(object_id))

    @action(
        description=gettext_lazy("Hand out a code"),
        permissions=["codes"],
        dialog={
            "title": gettext_lazy("Hand out a code"),
            "description": gettext_lazy("The next free one. It is shown once, on the page that follows."),
            "form_class": HandOutForm,
            "form_submit_text": gettext_lazy("Hand out"),
        },
    )
    def hand_out(self, request: HttpRequest, form: HandOutForm, object_id: str) -> HttpResponse:
        given = form.given
        until = given.valid_until.isoformat() if given.valid_until else None
        request.session[HANDED_OUT] = {
            "promo": int(object_id),
            "code": given.code,
            "client": given.client,
            "until": until,
        }
        return go_to(request, reverse("admin:loyalty_promocode_handed_out", args=[object_id]))

    def has_codes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.change_codebatch", object_id)

    def get_urls(self) -> list[URLPattern]:
        label, view = "loyalty_promocode", self.admin_site.admin_view
        return [
            path("<int:object_id>/codes/", view(self.codes_view), name=f"{label}_codes"),
            path("<int:object_id>/codes/<int:batch_id>/", view(self.export_view), name=f"{label}_export"),
            path("<int:object_id>/handed_out/", view(never_cache(self.handed_out_view)), name=f"{label}_handed_out"),
            *super().get_urls(),
        ]

    def codes_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The table of batches alone: the page asks for it again while codes are being made."""
        promo = self._batch_promo(request, object_id)
        context = {"original": promo, "codes": codes_of(promo), "request": request}
        context["may_export"] = self.has_codes_permission(request, object_id)
        return TemplateResponse(request, "admin/promo_code_batches.html", context)

    def export_view(self, request: HttpRequest, object_id: int, batch_id: int) -> HttpResponseBase:
        """Asks; the answer to its form is the file, once."""
        promo = self._batch_promo(request, object_id)
        if not self.has_codes_permission(request, object_id):
            raise PermissionDenied
        batch = get_object_or_404(CodeBatch, pk=batch_id, promo=promo)
        if request.method != "POST":
            return self._ask_to_export(request, promo, batch)
        try:
            lines = promo_batches.export(batch=batch, by=actor(request), now=timezone.now())
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self._page(object_id))
        headers = {
            "Content-Disposition": f'attachment; filename="{promo.code}-{batch.pk}.csv"',
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

    def _ask_to_export(self, request: HttpRequest, promo: PromoCode, batch: CodeBatch) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export the codes of %(code)s") % {"code": promo.code},
            "opts": self.opts,
            "original": promo,
            "batch": batch,
            "is_finished": batch.made >= batch.wanted,
            "left": batch.codes.filter(handed_out_at=None).count(),
        }
        return TemplateResponse(request, "admin/export_codes.html", context)

    def handed_out_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The only page that ever shows a code that was handed out; shown again it says so no more."""
        promo = self._batch_promo(request, object_id)
        given = request.session.pop(HANDED_OUT, None)
        if given is None or given["promo"] != promo.pk:
            messages.info(request, _("The code was shown once already."))
            return HttpResponseRedirect(self._page(object_id))
        until = datetime.fromisoformat(given["until"]) if given["until"] else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("A code of %(code)s") % {"code": promo.code},
            "opts": self.opts,
            "original": promo,
            "code": given["code"],
            "client": Client.objects.filter(pk=given["client"]).first(),
            "until": until,
        }
        return TemplateResponse(request, "admin/code_handed_out.html", context)

    def _batch_promo(self, request: HttpRequest, object_id: int) -> PromoCode:
        """Raises `Http404`, also for a code that all clients use, and `PermissionDenied`."""
        promo: PromoCode = self.seen(request, str(object_id))
        if not promo.is_batch:
            raise Http404
        return promo

    def _page(self, object_id: Any) -> str:
        return reverse("admin:loyalty_promocode_change", args=[object_id])


def _name(field: Any) -> str:
    return field if isinstance(field, str) else field.__name__


def _whole(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)


def _used(promo: Any) -> int:
    """As `PromoCodeAdmin.get_queryset` counts it."""
    return int(promo.used)
