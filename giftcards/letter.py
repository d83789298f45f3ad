"""The letter that brings a gift card: the picture and the QR in it, the card as a PDF with it."""

from __future__ import annotations

from datetime import datetime
from email.mime.image import MIMEImage
from email.utils import formataddr
from io import BytesIO

import segno
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clients.letters.channels import sender
from clients.models import Business, LetterRules
from giftcards.designs import look
from giftcards.models import GiftCardDelivery
from giftcards.pdf import pdf_of
from giftcards.printing import Paper, paper_of
from loyalty.house import House

PICTURE, QR = "picture", "qr"
FILE = "gift-card.pdf"


def compose(
    delivery: GiftCardDelivery, code: str, *, house: House, business: Business, rules: LetterRules, now: datetime
) -> EmailMultiAlternatives:
    """The letter, in the language of whoever gets it."""
    with translation.override(delivery.language or business.language):
        paper = paper_of(delivery.card, code, house=house, business=business, today=house.day(now))
        shown = {"paper": paper, "business": business, "language": translation.get_language()}
        letter = EmailMultiAlternatives(
            subject=subject(paper),
            body=render_to_string("giftcards/letter.txt", shown),
            from_email=sender(rules, business),
            to=[formataddr((delivery.name, delivery.email)) if delivery.name else delivery.email],
        )
        letter.attach_alternative(render_to_string("giftcards/letter.html", shown), "text/html")
        letter.attach(_image(look(paper.design, paper.colour).png, PICTURE))
        letter.attach(_image(_qr(code), QR))
        letter.attach(FILE, pdf_of([paper]), "application/pdf")
    return letter


def subject(paper: Paper) -> str:
    """ "A gift card of FlexGym from Alice"."""
    facts = {"house": paper.house, "giver": paper.giver}
    text = _("A gift card of %(house)s from %(giver)s") if paper.giver else _("A gift card of %(house)s for you")
    return " ".join((text % facts).split())


def _image(png: bytes, name: str) -> MIMEImage:
    """A picture that the HTML names as `cid:<name>`, and that is not offered as a file."""
    image = MIMEImage(png, "png")
    image.add_header("Content-ID", f"<{name}>")
    image.add_header("Content-Disposition", "inline", filename=f"{name}.png")
    return image


def _qr(code: str) -> bytes:
    file = BytesIO()
    segno.make(code, error="m", micro=False).save(file, kind="png", scale=8, border=4)
    return file.getvalue()
