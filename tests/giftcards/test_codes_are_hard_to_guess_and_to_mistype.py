"""A code is 84 bits from a cryptographic source; any one wrong symbol and any two swapped neighbours show."""

from __future__ import annotations

import math

import pytest
from pytest_django import Settings

from giftcards.codes import ALPHABET, hash_code, hashes_of, new_code, read_code, show_code


def test_a_code_has_at_least_80_bits_and_no_symbols_that_look_alike() -> None:
    assert 17 * math.log2(len(set(ALPHABET))) > 80
    assert not set("01ILO") & set(ALPHABET)
    codes = {new_code() for _i in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {18}
    assert set("".join(codes)) == set(ALPHABET)


def test_every_one_wrong_symbol_shows() -> None:
    code = new_code()
    wrong = [code[:i] + symbol + code[i + 1 :] for i in range(18) for symbol in ALPHABET if symbol != code[i]]
    assert len(wrong) == 540
    assert {read_code(typed) for typed in wrong} == {None}


def test_two_swapped_neighbours_show() -> None:
    code = "23456789ABCDEFGHJ"
    whole = next(code + symbol for symbol in ALPHABET if read_code(code + symbol))
    swapped = [whole[:i] + whole[i + 1] + whole[i] + whole[i + 2 :] for i in range(17) if whole[i] != whole[i + 1]]
    assert len(swapped) >= 16
    assert {read_code(typed) for typed in swapped} == {None}


@pytest.mark.parametrize("dress", [str.lower, show_code, lambda code: f"  {code[:6]}-{code[6:12]}-{code[12:]}\n"])
def test_a_code_is_read_however_it_is_typed(dress: object) -> None:
    code = new_code()
    assert callable(dress)
    assert read_code(dress(code)) == code


@pytest.mark.parametrize("typed", ["", "A", "0" * 18, "A" * 19, "ß" * 9, "А" * 18, "A\x00" * 9, "A" * 100_000])
def test_what_no_card_can_have_is_no_code(typed: str) -> None:
    assert read_code(typed) is None


def test_a_code_is_shown_in_three_groups_of_six() -> None:
    assert show_code("23456789ABCDEFGHJK") == "234567 89ABCD EFGHJK"


def test_the_hash_hangs_on_the_secret_key(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    code = new_code()
    stored = hash_code(code)
    assert len(stored) == 64
    assert code not in stored
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 5
    assert stored not in hashes_of(code)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert stored in hashes_of(code)
