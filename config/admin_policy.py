"""What holds for every page of the admin, in one middleware.

- Its content policy. unfold's Alpine evaluates expressions from attributes (`unsafe-eval`) and writes inline
  styles; every other page of the house keeps the strict policy of `config.settings`.
- Odd addresses end here. The stock admin answers 500 to ids of forty digits, to NUL in a filter and the like
  (measured, `reliability.md`); no page of ours has such an address, so they are not found.
- Staff read it in their own language and in the business's time zone.
- Changes of settings are written down with the person who made them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from auditlog.context import set_actor
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from clients.models import Staff
from loyalty.admin.currency import business, remembered

PREFIX = "/admin/"
POLICY: dict[str, Any] = {
    **settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# No id has 19 digits (the largest of a database does), and no address of ours a control character.
ODD_IN_ADDRESS = re.compile(r"[\x00-\x1f\x7f]|\d{19}")
ODD_IN_FORM = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class AdminMiddleware:
    """Stands last: it needs the person who is signed in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        refuse_odd_input(request)
        with remembered(), at_home(request) as language:
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        response._csp_config = POLICY  # type: ignore[attr-defined]  # where django-csp looks for it
        return response


def refuse_odd_input(request: HttpRequest) -> None:
    """Raises `Http404` for an address and `BadRequest` for a form that none of our pages would make."""
    if any(ODD_IN_ADDRESS.search(text) for text in (request.path_info, *_texts(request.GET.lists()))):
        raise Http404
    if request.method == "POST" and any(ODD_IN_FORM.search(text) for text in _texts(request.POST.lists())):
        raise BadRequest("The form holds characters that cannot be typed.")


def _texts(lists: Iterable[tuple[str, list[Any]]]) -> Iterator[str]:
    for key, values in lists:
        yield key
        yield from map(str, values)


@contextmanager
def at_home(request: HttpRequest) -> Iterator[str]:
    """The language and the clock of the reader, and their name on what they change. Gives the language."""
    staff = request.user if isinstance(request.user, Staff) else None
    language = (staff.language if staff else "") or translation.get_language() or "en"
    one = business() if staff else None
    zone = one.zone if one else timezone.get_default_timezone()
    with translation.override(language), timezone.override(zone), set_actor(staff):
        request.LANGUAGE_CODE = language
        yield language
