"""What of a check a rule is about: services and categories in, services and categories out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loyalty.pricing import Line


@dataclass(frozen=True, slots=True)
class Scope:
    """Codes of services and names of categories. Nothing named means everything; what is named as out stays out."""

    named: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, named: Iterable[str], excluded: Iterable[str]) -> Scope:
        return cls(frozenset(named), frozenset(excluded))

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.named or self.excluded)

    def covers(self, line: Line) -> bool:
        """A line that sells no service has neither a category nor a code that may be named."""
        if not line.is_service:
            return not self.named
        if line.code in self.excluded or line.category in self.excluded:
            return False
        return not self.named or line.code in self.named or line.category in self.named
