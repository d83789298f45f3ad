"""The mark of a browser that joins or shows a client's page: a cookie that no script reads and no other site sends.

It is set and read on those pages only, and tells nothing but that it is the same browser (`clients.devices`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from clients import devices

AGE = timedelta(days=400)
"""Browsers keep no cookie for longer."""


def cookie_name() -> str:
    return "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"


def mark_of(request: HttpRequest) -> str:
    """The mark that the browser brings, or a new one for it."""
    brought = request.COOKIES.get(cookie_name(), "")
    return brought if devices.is_mark(brought) else devices.new_mark()


def keep(response: HttpResponseBase, mark: str) -> None:
    """Have the browser bring the mark again."""
    response.set_cookie(
        cookie_name(),
        mark,
        max_age=AGE,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def was_here(request: HttpRequest, response: HttpResponseBase, client: int, *, at: datetime) -> None:
    """A client has opened their page with this browser."""
    mark = mark_of(request)
    devices.seen(client=client, mark=devices.hidden(mark), at=at)
    keep(response, mark)
