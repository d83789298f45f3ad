"""Batches of gift cards: made on the page of their type, exported once from their own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import action, display

from clients.admin_base import ReadOnlyAdmin, actor
from clients.refusals import Invalid, Refusal
from giftcards.export import MOST_PAGES, as_pages, as_table, export
from giftcards.models import GiftCard, GiftCardBatch
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.admin.records import person

RIGHT = "giftcards.export_codes"


@admin.register(GiftCardBatch)
class BatchAdmin(MoneyAdmin, ReadOnlyAdmin):
    """Batches: how many are sold, and whether their codes have left the house."""

    list_display = ("name", "made_at", column(GiftCardBatch, "amount"), "count", "sold", "exported")
    list_filter = ("type",)
    ordering = ("-id",)
    list_select_related = ("type",)
    fields = ("name", column(GiftCardBatch, "amount"), "count", "made_at", "maker", "sold", "unusable", "exported")
    actions_detail = ("to_codes",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GiftCardBatch]:
        rows: QuerySet[GiftCardBatch] = super().get_queryset(request)
        barred = Q(cards__sold_on=None) & (Q(cards__blocked_at__isnull=False) | Q(cards__voided_at__isnull=False))
        return rows.annotate(
            sold_count=Count("cards", filter=Q(cards__sold_on__isnull=False)), barred=Count("cards", filter=barred)
        )

    @action(description=gettext_lazy("Export the codes"), permissions=["codes"], url_path="to-codes")
    def to_codes(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:giftcards_giftcardbatch_codes", args=[object_id]))

    def has_codes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, RIGHT, object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        batch = self.get_object(request, str(object_id))
        is_open = batch is not None and batch.exported_at is None
        return super().get_actions_detail(request, object_id) if is_open else []

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.codes)
        return [path("<int:object_id>/codes/", view, name="giftcards_giftcardbatch_codes"), *super().get_urls()]

    def codes(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Asks; the answer to its form is the file, once."""
        batch: GiftCardBatch = self.seen(request, str(object_id))
        if not self.has_codes_permission(request, object_id):
            raise PermissionDenied
        page = reverse("admin:giftcards_giftcardbatch_change", args=[batch.pk])
        if request.method == "POST":
            try:
                return _file(batch, as_pdf=request.POST.get("form") == "pdf", request=request)
            except Invalid as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(request.path)
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(page)
        left = GiftCard.objects.filter(batch=batch, sold_on=None, voided_at=None).exclude(sealed_code="").count()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export the codes of %(batch)s") % {"batch": batch},
            "opts": self.opts,
            "original": batch,
            "page": page,
            "left": left,
            "may_pdf": left <= MOST_PAGES,
            "most": MOST_PAGES,
        }
        return TemplateResponse(request, "admin/gift_card_codes.html", context)

    @display(description=pgettext_lazy("of gift cards", "batch"), ordering="id")
    def name(self, batch: GiftCardBatch) -> str:
        return str(batch)

    @display(description=gettext_lazy("made by"))
    def maker(self, batch: GiftCardBatch) -> str:
        return person(batch.by)

    @display(description=pgettext_lazy("how many", "sold"))
    def sold(self, batch: Any) -> int:
        return int(batch.sold_count)

    @display(description=gettext_lazy("blocked or void before they were sold"))
    def unusable(self, batch: Any) -> int:
        return int(batch.barred)

    @display(description=pgettext_lazy("of gift cards", "codes"))
    def exported(self, batch: GiftCardBatch) -> str:
        if batch.exported_at is None:
            return _("not exported yet")
        day = timezone.localtime(batch.exported_at)
        facts = {"by": person(batch.exported_by), "at": f"{day:%Y-%m-%d %H:%M}"}
        return _("exported by %(by)s, %(at)s") % facts


def _file(batch: GiftCardBatch, *, as_pdf: bool, request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    told = export(batch=batch.pk, as_pdf=as_pdf, by=actor(request), now=now)
    ending = "pdf" if as_pdf else "csv"
    headers = {
        "Content-Disposition": f'attachment; filename="gift-cards-{batch.pk}.{ending}"',
        "Cache-Control": "no-store",
    }
    if as_pdf:
        return HttpResponse(as_pages(told, now=now), content_type="application/pdf", headers=headers)
    return HttpResponse(as_table(told), content_type="text/csv; charset=utf-8", headers=headers)
