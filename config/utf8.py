"""Forms come in UTF-8: every page of ours sends them so.

Django refuses another charset when the form is first read. As its own pages of refusal read the form again, for its
token, the refusal would end as a server error.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase

FORM = "application/x-www-form-urlencoded"
API = "/api/"  # reads no forms, and says so itself

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Utf8Forms:
    """Middleware: a form in another charset goes no further."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_form = request.content_type == FORM and not request.path_info.startswith(API)
        if is_form and (request.encoding or "utf-8").lower() != "utf-8":
            return HttpResponseBadRequest("The form must be in UTF-8.", content_type="text/plain; charset=utf-8")
        return self.get_response(request)
