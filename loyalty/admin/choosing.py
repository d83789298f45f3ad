"""Fields that choose what a rule is about: of the price list, locations, weekdays, and one client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.cards import clean_number, looks_like_card
from clients.models import Business, Card, Client
from clients.phones import parse_phone, show_phone
from clients.refusals import Invalid
from loyalty.admin.words import WEEKDAY_NAMES, Words
from loyalty.periods import WEEKDAYS

LONGEST_ID = 18
Choices = list[tuple[Any, Any]]


class ListField(forms.MultipleChoiceField):
    """Codes that are stored as a list, ticked one by one. What was stored keeps its order."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def offer(self, known: Words, chosen: Sequence[str]) -> None:
        """Fill in what can be chosen now, and what was chosen before it went."""
        raise NotImplementedError

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or ()) != set(data or ())


class WaresField(ListField):
    """Services of the price list, under their categories; a category stands for all that is or will be in it."""

    def offer(self, known: Words, chosen: Sequence[str]) -> None:
        wares = [ware for ware in known.wares.values() if ware.on_sale or ware.code in chosen]
        categories = list(dict.fromkeys(ware.category for ware in wares))
        choices: Choices = []
        for category in categories:
            rows: Choices = [(ware.code, ware.name) for ware in wares if ware.category == category]
            if category and category not in known.wares:
                rows.insert(0, (category, _("Everything in “%(name)s”") % {"name": category}))
            choices.append((category or _("Without a category"), rows))
        gone = _missing(chosen, choices)
        self.choices = [*choices, (_("No longer on the price list"), gone)] if gone else choices


class PlacesField(ListField):
    """Open locations, by code."""

    def offer(self, known: Words, chosen: Sequence[str]) -> None:
        open_now = [(code, name) for code, name in known.places.items() if code in known.open_places or code in chosen]
        self.choices = [*open_now, *_missing(chosen, open_now)]


def _missing(chosen: Iterable[str], choices: Choices) -> Choices:
    offered = {code for code, name in choices if not isinstance(name, list)}
    offered |= {code for _group, rows in choices if isinstance(rows, list) for code, _name in rows}
    return [(code, code) for code in chosen if code not in offered]


class WeekdaysField(forms.MultipleChoiceField):
    """Stored as "mon,tue", in the order of the week. All seven are stored as none: every day."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, choices=list(WEEKDAY_NAMES.items()), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return [day for day in value.split(",") if day] if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        days = set(super().clean(value))
        return "" if len(days) == len(WEEKDAYS) else ",".join(day for day in WEEKDAYS if day in days)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(self.prepare_value(initial) or ()) != set(data or ())


class ClientField(forms.CharField):
    """One client, by what stands on the card, by phone or by number. Nobody is listed: one must know whom one means."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("For one client"))
        kwargs.setdefault("help_text", gettext_lazy("Phone or card, for example 4821 0307. Empty: not for one alone."))
        super().__init__(required=False, max_length=60, widget=UnfoldAdminTextInputWidget(), **kwargs)

    def clean(self, value: Any) -> Client | None:
        text = super().clean(value)
        if not text:
            return None
        client = client_by(text)
        if client is None:
            raise ValidationError(_("No client has this phone or card."))
        return client


def client_by(text: str) -> Client | None:
    """The client with this card, phone or number (the id, as in addresses and the API)."""
    present = Client.objects.filter(erased_at=None)
    if looks_like_card(text):
        card = Card.objects.filter(number=clean_number(text), client__erased_at=None).select_related("client").first()
        if card is not None:
            return card.client
    business = Business.objects.first()
    try:
        phone = parse_phone(text, timezone=business.timezone if business else "UTC")
    except Invalid:
        phone = ""
    found = present.filter(phone=phone).first() if phone else None
    if found is None and text.isascii() and text.isdigit() and len(text) <= LONGEST_ID:
        found = present.filter(pk=int(text)).first()
    return found


def how_to_find(client: Client | None) -> str:
    """What finds this client again: the primary card, the phone, or the number."""
    if client is None:
        return ""
    card = client.cards.filter(is_primary=True).first()
    return str(card) if card is not None else show_phone(client.phone) if client.phone else str(client.pk)
