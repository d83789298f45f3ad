"""Forms and dialogs of letters: places are read as strictly as when they are sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from clients.admin_base import Confirm
from clients.admin_codes import CodeForm
from clients.letters.gateways import WayOut, check_address, lock, unlock
from clients.letters.places import PLACES, read_places
from clients.letters.previewing import send_test, send_test_sms
from clients.models import LANGUAGES, Business, Client, Gateway, LetterRules, LetterTemplate
from clients.phones import parse_phone
from clients.refusals import Refusal
from clients.registration import search

LONGEST_BODY = 20_000
LANGUAGE_CODES = tuple(code for code, _name in LANGUAGES)
KNOWN = ", ".join(f"{{{place}}}" for place in PLACES)
PLACES_HELP = format_lazy("{} {}.", gettext_lazy("Places that are filled for each client:"), KNOWN)
SHORT_HELP = gettext_lazy(
    "Up to 160 Latin or 70 Cyrillic characters go as one SMS. Empty: the first line of the letter."
)


class LetterForm(CodeForm):
    """A letter in both languages."""

    class Meta:
        model = LetterTemplate
        fields = "__all__"
        widgets = {
            **{f"body_{code}": UnfoldAdminTextareaWidget(attrs={"rows": 8}) for code in LANGUAGE_CODES},
            **{f"short_{code}": UnfoldAdminTextareaWidget(attrs={"rows": 2}) for code in LANGUAGE_CODES},
        }
        help_texts = {
            "name": gettext_lazy("As you speak of it, for example We miss you."),
            "topic": gettext_lazy("Clients unsubscribe from a topic and go on hearing of the others."),
            **{f"body_{code}": PLACES_HELP for code in LANGUAGE_CODES},
            **{f"short_{code}": SHORT_HELP for code in LANGUAGE_CODES},
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for code in LANGUAGE_CODES:
            for name in (f"subject_{code}", f"body_{code}", f"short_{code}"):
                self._check_places(name, cleaned)
            self._check_pair(code, cleaned)
        texts = [f"{column}_{code}" for column in ("body", "short") for code in LANGUAGE_CODES]
        if not any(cleaned.get(name) for name in texts) and not self.errors:
            self.add_error("body_en", _("Write the letter in one language at least."))
        return cleaned

    def _check_places(self, name: str, cleaned: dict[str, Any]) -> None:
        text = cleaned.get(name) or ""
        if name.startswith("body"):
            text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        else:
            text = " ".join(text.split())
        cleaned[name] = text
        try:
            read_places(text)
        except Refusal as refusal:
            self.add_error(name, f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.")
        if len(text) > LONGEST_BODY:
            self.add_error(name, _("At most %(limit)d characters.") % {"limit": LONGEST_BODY})

    def _check_pair(self, code: str, cleaned: dict[str, Any]) -> None:
        """A letter has a subject and a text, in each language that it is written in."""
        subject, body = f"subject_{code}", f"body_{code}"
        if cleaned.get(body) and not cleaned.get(subject):
            self.add_error(subject, _("Give the letter a subject."))
        if cleaned.get(subject) and not cleaned.get(body):
            self.add_error(body, _("Write the letter to this subject, or empty the subject."))


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = LetterRules
        fields = (
            *("quiet_from", "quiet_to", "weekly_cap", "ending_days", "ending", "falling_days", "falling"),
            *("rewarded", "sender_name", "reply_to"),
        )
        help_texts = {
            "quiet_from": gettext_lazy("For example 21:00, by the clock of the business."),
            "sender_name": gettext_lazy("For example Anna of FlexGym. Empty: the name of the business."),
            "reply_to": gettext_lazy("For example hello@flexgym.com. Empty: nobody reads answers."),
        }


class GatewayForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The address is typed and never shown again; left empty it stays as it is."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Gateway
        fields = ("name", "url", "enabled", "priority")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("url", None)
        if "url" in self.fields:
            example = "twilio://AccountSid:AuthToken@FromPhone/{phone}"
            text = _("As apprise has it, for example %(example)s. {phone} stands for the client's number.")
            kept = _("It is kept and not shown. Empty: it stays as it is.") if self.instance.pk else ""
            self.fields["url"].help_text = " ".join(filter(None, [text % {"example": example}, kept]))

    def clean_url(self) -> str:
        said = (self.cleaned_data.get("url") or "").strip()
        if not said and self.instance.pk:
            return str(Gateway.objects.values_list("url", flat=True).get(pk=self.instance.pk))
        if not said:
            raise ValidationError(_("Type the address."))
        try:
            check_address(said)
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
        return lock(said)


class Trying(Confirm):
    """A dialog that sends something to an address that is typed."""

    to = forms.CharField(label=gettext_lazy("To"), max_length=254, widget=UnfoldAdminTextInputWidget())

    def clean_to(self) -> str:
        said = self.cleaned_data["to"].strip()
        if "@" in said:
            validate_email(said)
            return str(said)
        business = Business.objects.get()
        try:
            return parse_phone(said, timezone=business.timezone)
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal


class TryLetter(Trying):
    """Send a letter to an address, with the figures of a client."""

    language = forms.ChoiceField(label=gettext_lazy("In"), choices=LANGUAGES, widget=UnfoldAdminSelectWidget())
    client = forms.CharField(
        label=gettext_lazy("With the figures of"),
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Phone, name or card. Empty: of the newest client."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].help_text = _("An e-mail address, or a phone for the SMS.")

    def carry_out(self) -> None:
        client = client_like(self.cleaned_data["client"])
        if client is None:
            self.add_error("client", _("No client is found by this."))
            return
        send_test(
            LetterTemplate.objects.get(pk=self.object_id),
            self.cleaned_data["to"],
            client,
            language=self.cleaned_data["language"],
            business=Business.objects.get(),
            now=timezone.now(),
        )

    def is_valid(self) -> bool:
        return super().is_valid() and not self.errors


class TryGateway(Trying):
    """Send a word to a phone through this gateway."""

    def carry_out(self) -> None:
        row = Gateway.objects.get(pk=self.object_id)
        text = _("A test of the gateway %(name)s.") % {"name": row.name}
        if "@" in self.cleaned_data["to"]:
            self.add_error("to", _("Type a phone."))
            return
        send_test_sms(WayOut(row.name, unlock(row.url)), self.cleaned_data["to"], text)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.errors


def client_like(text: str) -> Client | None:
    """The client that the desk's box would find first; the newest of all for no text."""
    present = Client.objects.filter(erased_at=None).order_by("-pk")
    return search(text).first() if text.strip() else present.first()
