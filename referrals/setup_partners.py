"""The section `partners` of the setup document."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Invalid
from loyalty.money import Currency
from loyalty.setup.parts import ENABLED, NAME, Key, Values
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_MONTHS, Lines, Percent, Text, Whole, Wrong
from loyalty.setup.table import Table
from referrals.models import Partner
from referrals.partners import check_code


class Address(Text):
    """An e-mail address, or none."""

    def read(self, raw: Any, currency: Currency) -> str:
        address = super().read(raw, currency)
        try:
            validate_email(address) if address else None
        except ValidationError:
            raise Wrong(_("must be an e-mail address like name@example.com")) from None
        return address


class Partners(Table):
    """Who is paid for clients whom they brought. Their codes are compared in any case."""

    key = "partners"
    noun = gettext_lazy("partner")
    model = Partner
    parts = (
        NAME,
        Key("percent", Percent()),
        Key("months", Whole(1, MAX_MONTHS), default=None),
        Key("email", Address(254, blank=True), default=""),
        Key("note", Lines(2000), default=""),
        ENABLED,
    )

    def claim(self, values: Values, at: Spot) -> None:
        spot, code = at.key("code"), values["code"]
        if not spot.claim(self.key, code, at, self.same):
            return
        try:
            check_code(code, among_clients=at.reading.context.has_tables)
        except Invalid as refusal:
            spot.refuse(str(refusal))

    def same(self, code: str) -> str:
        return code.upper()
