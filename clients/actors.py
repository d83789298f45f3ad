"""Who did it: every change of money or settings names one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `staff:vera`, `key:till-1`, `task:loyalty.expire_lots`, `client:7`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def staff(cls, username: str) -> Self:
        return cls("staff", username)

    @classmethod
    def key(cls, name: str) -> Self:
        return cls("key", name)

    @classmethod
    def task(cls, name: str) -> Self:
        return cls("task", name)

    @classmethod
    def client(cls, client_id: int) -> Self:
        return cls("client", str(client_id))

    @classmethod
    def command(cls, name: str) -> Self:
        return cls("command", name)
