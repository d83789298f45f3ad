"""A mail server for tests that answers with errors of our choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.mail.backends.locmem import EmailBackend


class Moody(EmailBackend):
    """Raises the next of these errors, and takes the letter when there are none left."""

    errors: ClassVar[list[BaseException]] = []

    def send_messages(self, messages: Sequence[Any]) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return int(super().send_messages(messages))
