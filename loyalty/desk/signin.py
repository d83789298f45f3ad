"""Signing in and out at the desk, and saying at which location one stands."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clients.signing_in import CountedTries
from loyalty.desk.access import LOCATION, RECORD, Desk, at_the_desk


class SignInForm(CountedTries, AuthenticationForm):
    """Name and password of somebody who may stand at the desk."""

    error_messages = {
        "invalid_login": gettext_lazy("This name and password do not belong together. Check both."),
        "inactive": gettext_lazy("This account is closed. Ask the owner."),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not user.has_perm(RECORD):
            raise ValidationError(_("Your role does not include the desk. Ask the owner."), code="rights")


class SignIn(LoginView):
    """The desk's own sign-in page."""

    authentication_form = SignInForm
    template_name = "desk/sign_in.html"
    next_page = "desk:screen"
    redirect_authenticated_user = False


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("desk:sign_in")


@require_POST
@at_the_desk
def stand_at(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Stand at another location, one of one's own, until signed out."""
    chosen = request.POST.get("location", "")
    if any(place.code == chosen for place in desk.places):
        request.session[LOCATION] = chosen
    return redirect("desk:screen")
