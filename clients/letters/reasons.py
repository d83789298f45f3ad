"""Why a letter waits, was not sent, or failed: kept as a word, said as a sentence in the reader's language.

A word may carry what it is about after a colon: "no_figure:amount". What a mail server said is kept as it said it.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Not sent, by our own decision.
NO_CONSENT = "no_consent"
SILENT = "silent"
NO_ADDRESS = "no_address"
TOO_LATE = "too_late"
OVER_LIMIT = "over_limit"
ERASED = "erased"
SWITCHED_OFF = "switched_off"
NO_TEXT = "no_text"
NO_FIGURE = "no_figure"
NO_GATEWAY = "no_gateway"
CALLED_OFF = "called_off"
# While it waits.
SENDING = "sending"
AGAIN = "again"
# The channel would not take it.
IN_DOUBT = "in_doubt"
GATEWAY = "gateway"

SENTENCES: dict[str, str | Promise] = {
    NO_CONSENT: gettext_lazy("no consent to this channel"),
    SILENT: gettext_lazy("unsubscribed from this topic"),
    NO_ADDRESS: gettext_lazy("no address for this channel"),
    TOO_LATE: gettext_lazy("too late to be of use"),
    OVER_LIMIT: gettext_lazy("over the weekly limit"),
    ERASED: gettext_lazy("the client has asked to be forgotten"),
    SWITCHED_OFF: gettext_lazy("the letter is switched off"),
    NO_TEXT: gettext_lazy("the letter has no text for this channel"),
    NO_FIGURE: gettext_lazy("there is nothing to put into {%(detail)s}"),
    NO_GATEWAY: gettext_lazy("no gateway for SMS and messengers is set up"),
    CALLED_OFF: gettext_lazy("the mailing was called off"),
    SENDING: gettext_lazy("being sent"),
    AGAIN: gettext_lazy("to be tried again: %(detail)s"),
    IN_DOUBT: gettext_lazy("the worker was stopped while sending; it may have arrived and is not sent again"),
    GATEWAY: gettext_lazy("the gateway %(detail)s would not take it"),
}


def show_reason(reason: str) -> str:
    """The reason as a sentence; "" for none."""
    word, _colon, detail = reason.partition(":")
    if word not in SENTENCES:
        return reason
    shown = show_reason(detail) if word == AGAIN else detail
    return str(SENTENCES[word]) % {"detail": shown or _("unknown")}
