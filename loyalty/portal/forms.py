"""What visitors fill in. A form says what is wrong with what was typed, never who is a client."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from clients import registration
from clients.refusals import Invalid

FRIEND_LENGTH = 300
"""A pasted link, or the message that it came in."""


class Join(forms.Form):
    """A newcomer. A phone is needed: it is what the desk asks for, and what keeps one person from joining twice."""

    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40)
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("The link to your balance comes here. Without it, ask for the link at the desk."),
    )
    birthday = forms.DateField(label=_("Birthday"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    code = forms.CharField(
        label=_("Who invited you"),
        max_length=FRIEND_LENGTH,
        required=False,
        help_text=_("Your friend's code, link, phone or card number."),
    )
    terms = forms.BooleanField(error_messages={"required": _("Please agree to the terms to join.")})

    COMPLETES = {
        "first_name": "given-name",
        "last_name": "family-name",
        "phone": "tel",
        "email": "email",
        "birthday": "bday",
        "code": "off",
    }

    def __init__(self, *args: Any, has_terms: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_terms:
            del self.fields["terms"]
        for name, completes in self.COMPLETES.items():
            self.fields[name].widget.attrs["autocomplete"] = completes
        self.fields["phone"].widget.input_type = "tel"
        self.fields["email"].widget.input_type = "email"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("first_name", "last_name", "phone", "email", "birthday"):
            if cleaned.get(name):
                self._check(name, cleaned)
        return cleaned

    def clean_code(self) -> str:
        """Who invited, as it was typed: emptied, nobody. A form that does not ask goes by its address."""
        is_asked = not self.fields["code"].widget.value_omitted_from_data(self.data, self.files, "code")
        return str(self.cleaned_data["code"]) if is_asked else self._of_the_address()

    def _of_the_address(self) -> str:
        try:
            return str(self.fields["code"].clean(self.initial.get("code", "")))
        except ValidationError:  # too long, or not a text: nobody can be called so
            return ""

    def _check(self, name: str, cleaned: dict[str, Any]) -> None:
        """By the rules of registration, so that what passes here is not refused later."""
        try:
            cleaned[name] = registration.checked({name: cleaned[name]}, at=timezone.now())[name]
        except Invalid as refusal:
            self.add_error(name, capfirst(refusal.message))

    def said(self) -> dict[str, Any]:
        """What to keep of it until it is answered, as JSON."""
        names = ("first_name", "last_name", "phone", "email", "birthday", "code")
        said = {name: str(self.cleaned_data[name]) for name in names if self.cleaned_data.get(name)}
        return {**said, "consents": ["terms"] if "terms" in self.fields else []}


class Enter(forms.Form):
    """Somebody who wants to see their balance."""

    contact = forms.CharField(label=_("E-mail or phone"), max_length=254)
