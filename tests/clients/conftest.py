from __future__ import annotations

from tests.loyalty.conftest import till

__all__ = ["till"]
