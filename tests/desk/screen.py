"""A browser at the desk that sends back the form that it was shown, as a real one does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.test import Client as Browser

from clients.models import Client, Staff

HTMX = {"HX-Request": "true"}


class Fields(HTMLParser):
    """What a browser would send of the check's form: every field of `#quoted` but the buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        begin = html.find('id="quoted"')
        self.feed(html[begin:] if begin >= 0 else "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag != "input" or not name:
            return
        if given.get("type") == "checkbox" and "checked" not in given:
            return
        self.values.setdefault(name, []).append(given.get("value") or "")


def text_of(html: str) -> str:
    """What a person reads: without tags, spaces as one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(style|script).*?</\1>", " ", html))).split())


@dataclass
class Screen:
    """A browser at the desk. `press` sends what the form holds, with what was typed into it and one button."""

    browser: Browser
    html: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)

    def shown(self, response: Any) -> Any:
        self.html = response.content.decode()
        if 'id="quoted"' in self.html:
            self.fields = Fields(self.html).values
        return response

    def open(self, client: Client | None = None) -> Any:
        return self.shown(self.browser.get("/desk/", {"client": client.pk} if client else {}))

    def press(self, path: str = "/desk/check/", /, **typed: Any) -> Any:
        sent = self.fields | typed
        return self.shown(self.browser.post(path, sent, headers=HTMX))

    def add(self, ref: str) -> Any:
        return self.press(add=ref)

    def pay(self, method: str = "cash", **typed: Any) -> Any:
        return self.press("/desk/pay/", pay=method, **typed)

    def read(self, path: str) -> str:
        self.shown(self.browser.get(path))
        return self.text

    @property
    def text(self) -> str:
        return text_of(self.html)


def signed_in(staff: Staff) -> Screen:
    browser = Browser()
    browser.force_login(staff)
    return Screen(browser)
