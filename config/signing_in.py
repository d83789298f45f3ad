"""Signing in to the back office."""

from __future__ import annotations

from unfold.forms import AuthenticationForm

from clients.signing_in import CountedTries


class OfficeSignIn(CountedTries, AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """unfold's form, its tries counted."""
