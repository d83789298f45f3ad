"""What stands on a gift card that is printed or mailed: the same words on the screen, in the PDF and in the letter.

A paper is made where the code is known: at the sale, when a card is replaced, when its letter goes, or when somebody
who has the code asks. It is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clients.models import Business
from giftcards.cards import CardState, Status, states
from giftcards.codes import GROUP
from giftcards.models import GiftCard, GiftCardDelivery, GiftCardType
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.terms import valid_for


@dataclass(frozen=True, slots=True)
class Paper:
    """A card as it is read, in the language that is active. `code` has no spaces: so the QR has it."""

    house: str
    colour: str
    design: str
    amount: str
    code: str
    ends: str
    terms: tuple[str, ...]
    page: str
    """Where anybody can see what is left."""
    name: str = ""
    giver: str = ""
    message: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.code[i : i + GROUP] for i in range(0, len(self.code), GROUP))

    @property
    def greeting(self) -> str:
        """ "For Boris, from Alice", as far as it was said."""
        facts = {"name": self.name, "giver": self.giver}
        if self.name and self.giver:
            return _("For %(name)s, from %(giver)s") % facts
        if self.name:
            return _("For %(name)s") % facts
        return _("From %(giver)s") % facts if self.giver else ""


def papers_of(cards: Iterable[tuple[GiftCard, str]], *, house: House, business: Business, today: date) -> list[Paper]:
    """A paper for each (card with `type` joined, code). Two queries, however many cards."""
    told = list(cards)
    ids = [card.pk for card, _code in told]
    found = {state.id: state for _hash, state in states(GiftCard.objects.filter(pk__in=ids), today)}
    letters = {row.card_id: row for row in GiftCardDelivery.objects.filter(card__in=ids)}
    return [_paper(card, code, found[card.pk], letters.get(card.pk), house, business) for card, code in told]


def paper_of(card: GiftCard, code: str, *, house: House, business: Business, today: date) -> Paper:
    return papers_of([(card, code)], house=house, business=business, today=today)[0]


def _paper(
    card: GiftCard,
    code: str,
    state: CardState,
    letter: GiftCardDelivery | None,
    house: House,
    business: Business,
) -> Paper:
    is_new = state.status is Status.NEW
    amount = card.amount if is_new else state.remaining
    return Paper(
        house=business.name,
        colour=business.accent,
        design=card.type.design,
        amount=house.currency.show(amount, get_language() or "en"),
        code=code,
        ends=_will_end(card.type) if is_new else _ends(state.last_day),
        terms=tuple(_terms(card, house)),
        page=f"{settings.BASE_URL}/gift/",
        name=letter.name if letter is not None else "",
        giver=letter.giver if letter is not None else "",
        message=letter.message if letter is not None else "",
    )


def _ends(last_day: date | None) -> str:
    return _("Valid until %(day)s") % {"day": show_day(last_day)} if last_day is not None else _("It does not end")


def _will_end(kind: GiftCardType) -> str:
    """Of a card that is not sold yet."""
    return _ends(kind.valid_until) if kind.valid_until is not None else valid_for(days=kind.valid_days)


def _terms(card: GiftCard, house: House) -> Iterable[str]:
    if card.single_use:
        yield _("For one check: what is left after it is lost.")
    if card.services:
        names = [house.services[code].name if code in house.services else code for code in card.services]
        yield _("Only for: %(names)s.") % {"names": ", ".join(names)}
    if card.locations:
        names = [house.places[code].name if code in house.places else code for code in card.locations]
        yield _("Only at: %(names)s.") % {"names": ", ".join(names)}
