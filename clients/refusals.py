"""How a rule says no: an exception that a person can read."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):  # a refusal is an answer, not an error
    """A rule said no. `str()` is for a person, `code` for a program (`contract.md`), nothing was changed.

    `field` names the place in the input (`lines[0].quantity`) where there is one; `facts` are what the answer
    carries besides (`max`, `to_pay`, `reason`), amounts as `Money`.
    """

    code: ClassVar[str] = "invalid"

    def __init__(self, message: str, *, field: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return str(self.message)


class Invalid(Refusal):
    """The input makes no sense as it is."""


class NotFound(Refusal):
    """There is no such thing, or not for the one who asks."""

    code = "not_found"
