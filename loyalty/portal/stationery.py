"""The paper of letters, and the figures of a client that stand in them (`clients.letters.stationery`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clients.letters.places import Piece, joined
from clients.letters.stationery import Figures, Reader, Sheet
from clients.models import Client, Topic
from clients.refusals import Refusal
from loyalty import ledger
from loyalty.explanations import show_day
from loyalty.links import balance_link_of
from loyalty.models import Account
from loyalty.money import ZERO, Money
from loyalty.rulebook import rulebook
from loyalty.wallet import Wallet, wallet

Line = list[Piece]
IN_EXAMPLES = timedelta(days=14)


class Stationery:
    """Letters as this house writes them."""

    def pages(self, sheet: Sheet) -> tuple[str, str]:
        shown = {
            "sheet": sheet,
            "text": joined(sheet.text),
            "paragraphs": paragraphs(sheet.text),
            "topic": Topic(sheet.topic).label,
        }
        return render_to_string("letters/letter.txt", shown), render_to_string("letters/letter.html", shown)

    def figures(self, readers: Collection[Reader], *, now: datetime) -> Mapping[Reader, Figures]:
        """Balances as they are when the letter goes. Three queries."""
        if not readers:
            return {}
        house = rulebook().house
        balances = _balances({client for client, _language in readers}, now)
        return {
            (client, language): {
                "link": balance_link_of(client),
                "balance": house.currency.number(balances.get(client, ZERO), language),
            }
            for client, language in readers
        }

    def example(self, reader: Reader, *, now: datetime) -> Figures:
        client, language = reader
        house = rulebook().house
        with translation.override(language):
            held = _wallet(client, now)
            lot = next((lot for lot in held.lots if lot.last_day and not lot.is_debt), None) if held else None
            last_day = lot.last_day if lot and lot.last_day else house.day(now) + IN_EXAMPLES
            ladder = next((ladder for ladder in held.ladders if ladder.rung), None) if held else None
            whole = Money(10 ** (house.currency.digits + 2))
            number = house.currency.number
            return {
                "link": balance_link_of(client),
                "balance": number(max(held.balance, ZERO) if held else ZERO, language),
                "amount": number(lot.remaining if lot else whole, language),
                "last_day": show_day(last_day, language),
                "days": str((last_day - house.day(now)).days),
                "program": (lot.name if lot else "") or _("Birthday"),
                "tier": ladder.rung.name if ladder and ladder.rung else _("Silver"),
                "missing": number(ladder.remaining if ladder and ladder.next else whole, language),
            }


def paragraphs(pieces: Iterable[Piece]) -> list[list[Line]]:
    """The text as paragraphs of lines; empty lines stand between paragraphs."""
    lines: list[Line] = [[]]
    for piece in pieces:
        first, *others = piece.text.split("\n")
        lines[-1].append(Piece(first, piece.place))
        lines += [[Piece(text, piece.place)] for text in others]
    found: list[list[Line]] = [[]]
    for line in lines:
        if any(piece.text.strip() for piece in line):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def _balances(clients: Collection[int], now: datetime) -> dict[int, Money]:
    today = rulebook().house.day(now)
    owners = dict(Account.objects.filter(client__in=clients, unit=Account.Unit.BONUS).values_list("pk", "client"))
    lots = defaultdict(list)
    for lot in ledger.held(Q(pk__in=owners)) if owners else ():
        lots[owners[lot.account]].append(lot)
    return {client: max(ledger.balance(held, today), ZERO) for client, held in lots.items()}


def _wallet(client: int, now: datetime) -> Wallet | None:
    row = Client.objects.filter(pk=client).first()
    try:
        return wallet(row, now=now) if row else None
    except Refusal:  # erased
        return None
