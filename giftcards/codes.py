"""Codes of gift cards: money for whoever knows one.

Seventeen symbols from a cryptographic source (84 bits) and a check symbol. The alphabet has 31 symbols, none of which
looks like another (no 0 O, 1 I L). Symbol number i counts i times, and the sum is a multiple of 31: as 31 is prime,
any one wrong symbol and any two swapped neighbours show.

Stored is a keyed hash only: whoever reads the database cannot pay, and cannot try codes without the secret key. The
key is derived from `SECRET_KEY`; cards sold under one of `SECRET_KEY_FALLBACKS` are still found.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.utils.crypto import salted_hmac

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_SYMBOLS = 17
LENGTH = RANDOM_SYMBOLS + 1
GROUP = 6
SHOWN = 4
"""Of a code, the end that staff are shown."""
LONGEST_TYPED = 100
PRIME = len(ALPHABET)


def new_code() -> str:
    """18 symbols, without spaces."""
    head = "".join(secrets.choice(ALPHABET) for _i in range(RANDOM_SYMBOLS))
    return head + _check_symbol(head)


def show_code(code: str) -> str:
    """In groups of six: "7K3MQX 2FHT9W RDNC5P"."""
    return " ".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def read_code(typed: str) -> str | None:
    """The code that was typed, in any case, with spaces and dashes; None if no card can have it."""
    if len(typed) > LONGEST_TYPED:
        return None
    code = "".join(typed.split()).replace("-", "").upper()
    if len(code) != LENGTH or any(symbol not in ALPHABET for symbol in code):
        return None
    return code if _weighted(code) % PRIME == 0 else None


def hash_code(code: str) -> str:
    """What is stored of a new card's code."""
    return _hash(code, settings.SECRET_KEY)


def hashes_of(code: str) -> list[str]:
    """Every hash under which this code may be stored."""
    return [_hash(code, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _hash(code: str, secret: str | bytes) -> str:
    return salted_hmac("giftcards.code", code, secret=secret, algorithm="sha256").hexdigest()


def _weighted(symbols: str) -> int:
    return sum(weight * ALPHABET.index(symbol) for weight, symbol in enumerate(symbols, start=1))


def _check_symbol(head: str) -> str:
    """The symbol that makes the weighted sum a multiple of 31."""
    return ALPHABET[-_weighted(head) * pow(LENGTH, -1, PRIME) % PRIME]
