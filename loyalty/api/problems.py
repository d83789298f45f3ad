"""Every "no" is `application/problem+json` (RFC 9457), with a code that a program can rely on (`contract.md`).

A refusal of a rule is 422; what makes no sense as it was sent is 400. `errors` names the place in the input:
`{"lines[0].quantity": ["must be a whole number from 1 to 9999"]}`. What else a refusal knows (`max`, `to_pay`,
`reason`, the new `quote`) stands beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import bad_request, page_not_found, permission_denied, server_error
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer

from clients.refusals import Refusal
from loyalty.api.shapes import plain, quote_shape
from loyalty.checkout import Quote
from loyalty.setup import SetupRefused

ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"
BUSY_SECONDS = 2
log = logging.getLogger(__name__)

# Code → its status; every other refusal of a rule is 422.
STATUS = {
    "invalid": 400,
    "not_authenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "quote_changed": 409,
    "already_refunded": 409,
    "action_already_counted": 409,
    "client_erased": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "throttled": 429,
    "server_error": 500,
    "busy": 503,
}
TITLES = {
    "invalid": gettext_lazy("The request makes no sense as it is"),
    "not_authenticated": gettext_lazy("A key is needed"),
    "permission_denied": gettext_lazy("This key may not do that"),
    "not_found": gettext_lazy("There is no such thing"),
    "method_not_allowed": gettext_lazy("This address does not know that method"),
    "not_acceptable": gettext_lazy("Only JSON is spoken here"),
    "quote_changed": gettext_lazy("The check has changed"),
    "already_refunded": gettext_lazy("It has been refunded already"),
    "client_erased": gettext_lazy("The client has asked to be forgotten"),
    "too_large": gettext_lazy("The request is too large"),
    "unsupported_media_type": gettext_lazy("Only JSON is read here"),
    "throttled": gettext_lazy("Too many tries"),
    "server_error": gettext_lazy("Something went wrong here"),
    "busy": gettext_lazy("Too busy just now"),
    "idempotency_key_reused": gettext_lazy("This Idempotency-Key was used for another request"),
    "redeem_exceeds_limit": gettext_lazy("More bonuses than may pay of this check"),
    "insufficient_balance": gettext_lazy("More than is there"),
    "payment_mismatch": gettext_lazy("The payments do not come to what is to pay"),
    "referrer_refused": gettext_lazy("This referrer cannot be"),
    "promo_code_unknown": gettext_lazy("There is no such promo code"),
    "promo_code_expired": gettext_lazy("The promo code has ended"),
    "promo_code_used_up": gettext_lazy("The promo code has been used up"),
    "promo_code_not_applicable": gettext_lazy("The promo code is not for this check"),
    "action_already_counted": gettext_lazy("The action has been counted already"),
    "action_not_applicable": gettext_lazy("The action brings nothing now"),
    "membership_not_applicable": gettext_lazy("This membership does not cover the check"),
    "prize_not_available": gettext_lazy("This prize is not for the client now"),
    "prize_sold_out": gettext_lazy("None of this prize is left"),
    "prize_closed": gettext_lazy("What became of this prize cannot change any more"),
}
# What Django and its REST framework raise by themselves.
CODE_OF_STATUS = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
}


class PayloadTooLarge(exceptions.APIException):
    """The body is longer than any sensible request."""

    status_code = 413
    default_detail = gettext_lazy("The body is larger than this address takes.")


def problem(
    code: str,
    detail: str,
    *,
    field: str = "",
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document as an answer."""
    status = STATUS.get(code, 422)
    body: dict[str, Any] = {
        "type": f"urn:problem:regulars:{code}",
        "title": str(TITLES.get(code, gettext_lazy("This cannot be done"))),
        "status": status,
        "detail": f"{field}: {detail}" if field and code == "invalid" else detail,
        "code": code,
    }
    if field:
        body["errors"] = {field: [detail]}
    headers = {"Cache-Control": "no-store", "Content-Type": MEDIA_TYPE, **(headers or {})}
    return HttpResponse(JSONRenderer().render({**body, **(more or {})}), status=status, headers=headers)


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase | None:
    """The answer to what a call raised (REST framework's EXCEPTION_HANDLER); None: unexpected, so it is a 500."""
    if isinstance(error, Refusal):
        return of_refusal(error)
    if isinstance(error, Http404):
        return problem("not_found", _("There is no such thing."))
    if isinstance(error, PermissionDenied):
        return problem("permission_denied", _("This key may not do that."))
    if isinstance(error, DataError | OverflowError):
        # The database's own limit, behind every check of ours: still the fault of what was sent.
        return problem("invalid", _("A number is too large."))
    if isinstance(error, OperationalError):
        log.warning("the database was too busy for an API call: %s", error)
        return problem(
            "busy", _("Please try again in a moment; nothing was changed."), headers={"Retry-After": str(BUSY_SECONDS)}
        )
    return _of_framework(error) if isinstance(error, exceptions.APIException) else None


def of_refusal(refusal: Refusal) -> HttpResponse:
    """A refusal of a rule, with all it knows."""
    facts = dict(refusal.facts)
    waits = refusal.code in {"throttled", "busy"} and "seconds" in facts
    headers = {"Retry-After": str(facts["seconds"])} if waits else {}
    more = {name: _fact(value) for name, value in facts.items()}
    if isinstance(refusal, SetupRefused):
        found = dict.fromkeys(path for path, _message in refusal.errors)
        more["errors"] = {path: [text for at, text in refusal.errors if at == path] for path in found}
        return problem(refusal.code, str(refusal), more=more)
    return problem(refusal.code, str(refusal), field=refusal.field, more=more, headers=headers)


def _fact(value: Any) -> Any:
    return quote_shape(value) if isinstance(value, Quote) else plain(value)


def _of_framework(error: exceptions.APIException) -> HttpResponse:
    code = CODE_OF_STATUS.get(error.status_code, "invalid")
    challenge = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return problem(code, str(error.detail), headers=headers)


# --- pages that are not there, for the whole site: under /api/ they are problems too ---------------------------------


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return bad_request(request, exception)
    return problem("invalid", _("The request makes no sense as it is."))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return permission_denied(request, exception)
    return problem("permission_denied", _("This key may not do that."))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return page_not_found(request, exception)
    return problem("not_found", _("There is no such address."))


def handler500(request: HttpRequest) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return server_error(request)
    return problem("server_error", _("Something went wrong here; it has been noted."))
