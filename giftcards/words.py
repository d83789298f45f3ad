"""The states of a gift card, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from giftcards.cards import Status

STATUS_NAMES: Mapping[Status, Any] = {
    Status.NEW: _("not sold yet"),
    Status.ACTIVE: _("can be used"),
    Status.EMPTY: _("empty"),
    Status.EXPIRED: _("ended"),
    Status.BLOCKED: _("blocked"),
    Status.VOID: _("void"),
}
