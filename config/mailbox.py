"""A mailbox in a folder: every letter a file that a mail program opens. `EMAIL_URL=filemail:///folder` asks for it.

The demonstration uses it, so that an owner can read what would have been sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

ODD = re.compile(r"[^A-Za-z0-9@.+_-]+")
LONGEST = 80


class EmailBackend(BaseEmailBackend):
    """Writes `2026-11-26 021500 boris@example.com.eml` into `settings.EMAIL_FILE_PATH`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(str(settings.EMAIL_FILE_PATH))  # type: ignore[misc]  # `EMAIL_URL` brings it

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for letter in email_messages:
            self._keep(letter.message().as_bytes(), ODD.sub("_", ", ".join(letter.to))[:LONGEST])
        return len(email_messages)

    def _keep(self, letter: bytes, to: str) -> None:
        """Two letters of one second do not write over one another."""
        name, number = f"{timezone.localtime():%Y-%m-%d %H%M%S} {to}", 1
        while True:
            path = self.folder / (f"{name}.eml" if number == 1 else f"{name} {number}.eml")
            try:
                with path.open("xb") as file:
                    file.write(letter)
            except FileExistsError:
                number += 1
            else:
                return
