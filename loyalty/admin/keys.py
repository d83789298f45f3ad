"""Keys of the API: the key itself is shown once, on the page that answers its making."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from clients.admin_base import Confirm, OfficeAdmin, go_to, names
from loyalty.api.keys import make_key
from loyalty.models import ApiKey


class RevokeForm(Confirm):
    """Nothing to fill in: the dialog's text says what happens."""


@admin.register(ApiKey)
class ApiKeyAdmin(OfficeAdmin):
    list_display = ("name", "scope", "where", "created_at", "is_in_use")
    ordering = ("name",)
    fields = ("name", "scope", "locations")
    radio_fields = {"scope": admin.VERTICAL}
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("locations")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        request.made_key = make_key(obj.name, scope=obj.scope)  # type: ignore[attr-defined]
        obj.pk = ApiKey.objects.values_list("pk", flat=True).get(name=obj.name)
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The answer to the form is the only page that ever shows the key."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Key “%(name)s” is made") % {"name": obj.name},
            "key": request.made_key,  # type: ignore[attr-defined]
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/key_made.html", context, headers={"Cache-Control": "no-store"})

    @action(
        description=gettext_lazy("Revoke"),
        permissions=["revoke"],
        dialog={
            "title": gettext_lazy("Revoke this key?"),
            "description": gettext_lazy("Whatever uses it is refused from now on. It cannot be undone."),
            "form_class": RevokeForm,
            "form_submit_text": gettext_lazy("Revoke"),
        },
    )
    def revoke(self, request: HttpRequest, form: RevokeForm, object_id: str) -> HttpResponse:
        key = self.seen(request, object_id)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
        messages.success(request, _("The key is revoked."))
        return go_to(request, reverse("admin:loyalty_apikey_changelist"))

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, "loyalty.change_apikey", object_id)

    @display(description=gettext_lazy("locations"))
    def where(self, key: ApiKey) -> str:
        return names(key.locations.all()) or _("all")

    @display(description=gettext_lazy("in use"), boolean=True, ordering="revoked_at")
    def is_in_use(self, key: ApiKey) -> bool:
        return key.revoked_at is None
