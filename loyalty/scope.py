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

    def covers(self, line: Line) -> bool:
        names = self._names(line)
        return (not self.named or bool(names & self.named)) and not names & self.excluded

    @staticmethod
    def _names(line: Line) -> frozenset[str]:
        """What a line may be called by: an item that is no service has no category, and no code that may be named."""
        return frozenset(name for name in (line.code, line.category) if name) if line.is_service else frozenset()
