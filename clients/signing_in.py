"""Passwords of staff cannot be guessed: whichever page they sign in on, tries are counted before one is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from clients import throttle

TRIES = 10
PERIOD = timedelta(minutes=15)


class CountedTries:
    """Mixed into a form of Django's that signs somebody in. One count for all of them: two pages are not two chances.

    A name is counted for each address apart, so that no stranger can keep its owner out.
    """

    request: Any
    cleaned_data: dict[str, Any]

    def clean(self) -> Any:
        address = throttle.address_of(self.request.META if self.request is not None else {})
        name = str(self.cleaned_data.get("username", "")).casefold()
        try:
            throttle.count("sign_in", f"{address} {name}", limit=TRIES, period=PERIOD, now=timezone.now())
        except throttle.Throttled as refusal:
            raise ValidationError(str(refusal), code="throttled") from None
        return super().clean()  # type: ignore[misc]  # the form that it is mixed into
