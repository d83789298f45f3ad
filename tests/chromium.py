"""Debian's Chromium, driven by Playwright, for tests marked `browser`."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


def in_chromium(use: Callable[[Browser], None]) -> None:
    """Run in a thread of its own: Playwright's loop and Django's guard against one do not go together."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                use(browser)
                browser.close()
        except BaseException as failure:  # noqa: BLE001  # raised again by the test's own thread
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=90)
    assert not thread.is_alive(), "Chromium did not answer"
    if failures:
        raise failures[0]
