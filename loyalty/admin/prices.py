"""The price list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from clients.admin_codes import CodeForm
from loyalty.admin.pages import MoneyAdmin, column
from loyalty.models import Service


class ServiceForm(CodeForm):
    class Meta:
        model = Service
        fields = "__all__"
        help_texts = {
            "name": _("As it stands on the check, for example Training session."),
            "category": _("For example training. Programs can speak of a whole category."),
            "price": _("For example 20.00. A check keeps the price of its day."),
            "earns": _("What is paid for it counts for cashback and for the referrer."),
            "accepts_bonus": _("Off for what must be paid with money, for example towels."),
            "enabled": _("Off: it is not offered at the desk any more; old checks keep it."),
        }


@admin.register(Service)
class ServiceAdmin(MoneyAdmin):
    form = ServiceForm
    list_display = (
        "name",
        "category",
        "earns_shown",
        "accepts_shown",
        "enabled_shown",
        column(Service, "price"),
    )
    list_filter = ("enabled",)
    search_fields = ("name", "code", "category")
    ordering = ("category", "name", "id")
    fields = ("name", "category", "price", "earns", "accepts_bonus", "enabled", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    @display(description=_("earns"), boolean=True)
    def earns_shown(self, service: Service) -> bool:
        return service.earns

    @display(description=_("bonuses pay"), boolean=True)
    def accepts_shown(self, service: Service) -> bool:
        return service.accepts_bonus

    @display(description=_("on sale"), boolean=True)
    def enabled_shown(self, service: Service) -> bool:
        return service.enabled
