"""A quote is a promise: for 15 minutes its token buys what the client saw, also when the settings or the clock move on.

token     an opaque signed text: what the client saw (as a fingerprint), by which settings, and when
keeping   the settings that quotes were made by, kept so that any process can price by them later
packing   how they are kept: plain values and our own frozen dataclasses, by name

`checkout.settle` keeps the promise; `decisions/0002` says why it is made this way.
"""

from loyalty.promises.keeping import forget_old, keep, rules_of
from loyalty.promises.packing import Outdated, pack, unpack
from loyalty.promises.token import HELD, Promise, read_token, token_of

__all__ = [
    "HELD",
    "Outdated",
    "Promise",
    "forget_old",
    "keep",
    "pack",
    "read_token",
    "rules_of",
    "token_of",
    "unpack",
]
