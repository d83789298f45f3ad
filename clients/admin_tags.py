"""The tags of a client as one field: written with commas between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from clients.tags import MOST_TAGS, TAG_LENGTH


class TagsField(forms.CharField):
    """A list of tags in Python. What a tag may be is said by `clients.tags`."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Tags"),
            required=False,
            max_length=MOST_TAGS * (TAG_LENGTH + 2),
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
            help_text=_("With commas between them, for example: VIP, allergic to latex. Segments can go by them."),
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Sequence[str]:
        return [tag.strip() for tag in super().clean(value).split(",") if tag.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial or []), data))
