"""The section `gift_cards` of the setup document."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from giftcards.models import Denomination, GiftCardType
from loyalty.setup.children import Picks
from loyalty.setup.parts import ENABLED, NAME, Key, Span
from loyalty.setup.shapes import Amount, Flag
from loyalty.setup.table import Table


class GiftCards(Table):
    """Kinds of gift cards on sale. A sold card keeps its amount when its denomination is no longer listed."""

    key = "gift_cards"
    noun = gettext_lazy("gift card type")
    model = GiftCardType
    parts = (
        NAME,
        Picks("denominations", Denomination, "type", "amount", Amount(positive=True)),
        Span("valid", "valid_days", shown=True),
        Key("single_use", Flag(), default=True, shown=True),
        ENABLED,
    )
