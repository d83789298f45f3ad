"""The beginning: an owner chooses what kind of business this is."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clients.admin_base import actor, is_owner
from clients.models import Business
from loyalty.setup import SetupRefused, load, presets, read_yaml


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Load a preset, once: later the setup is changed on its pages."""
    if not is_owner(request.user):
        raise PermissionDenied
    preset = next((one for one in presets() if one.code == code), None)
    if preset is None:
        raise Http404
    if Business.objects.exists():
        messages.warning(request, _("The business is set up already. Change it on its pages."))
        return HttpResponseRedirect(reverse("admin:index"))
    try:
        load(read_yaml(preset.text), by=actor(request))
    except SetupRefused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:index"))
    messages.success(request, _("It is set up. Begin with the name of your business, then look at the programs."))
    return HttpResponseRedirect(reverse("admin:clients_business_changelist"))


def nowhere(_request: HttpRequest) -> HttpResponse:
    """unfold's search of its own pages: the menu does not offer it, and it breaks on an odd page number."""
    raise Http404


urlpatterns: list[URLPattern] = [
    path("start/<slug:code>/", admin.site.admin_view(start), name="start"),
    path("search/", nowhere),
]
