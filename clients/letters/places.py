"""Places in a letter: {name}, {amount}. Read strictly, so that a mistake is told to the owner and not to the clients.

A place is one of the known words between braces and nothing else: no attribute, no index, no format. `{{` and `}}` are
braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clients.refusals import Invalid

PLACES = ("name", "business", "link", "amount", "last_day", "balance", "program", "tier", "missing", "days")
TOKENS = re.compile(r"\{\{|\}\}|\{(?P<place>[^{}]*)\}|[{}]|[^{}]+")
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text: words of the owner, or a place and what stands in it."""

    text: str
    place: str = ""


class NoFigure(Invalid):
    """There is nothing to put into a place; `place` says which."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(_("There is nothing to put into {%(place)s}.") % {"place": place})


def read_places(text: str) -> tuple[Piece, ...]:
    """The text in pieces, its places empty. Raises `Invalid` that names the place that is unknown or broken."""
    pieces = []
    for token in TOKENS.finditer(text):
        said = token[0]
        if said in {"{{", "}}"}:
            pieces.append(Piece(said[0]))
        elif token["place"] is not None:
            pieces.append(Piece("", _known(token["place"])))
        elif said in {"{", "}"}:
            raise Invalid(
                _("a brace stands alone before “%(after)s”; write {{ or }} for a brace")
                % {"after": text[token.end() :].strip()[:SHOWN]}
                if text[token.end() :].strip()
                else _("a brace stands alone at the end; write {{ or }} for a brace")
            )
        else:
            pieces.append(Piece(said))
    return tuple(pieces)


def _known(place: str) -> str:
    if place not in PLACES:
        known = ", ".join(f"{{{name}}}" for name in PLACES)
        said = {"place": place[:SHOWN], "known": known}
        raise Invalid(_("there is no place {%(place)s}; there are %(known)s") % said)
    return place


def places_of(text: str) -> frozenset[str]:
    """The places that a text has. Raises `Invalid`."""
    return frozenset(piece.place for piece in read_places(text) if piece.place)


def fill(text: str, facts: Mapping[str, str]) -> tuple[Piece, ...]:
    """The text with its places filled. Raises `NoFigure` where there is nothing to put, and `Invalid`."""
    return tuple(Piece(_fact(piece.place, facts), piece.place) if piece.place else piece for piece in read_places(text))


def _fact(place: str, facts: Mapping[str, str]) -> str:
    if not facts.get(place):
        raise NoFigure(place)
    return facts[place]


def joined(pieces: Sequence[Piece]) -> str:
    """The pieces as one text."""
    return "".join(piece.text for piece in pieces)
