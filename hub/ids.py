"""Ids as the outside sees them: a keyed permutation of the bigint, in 13 letters. No volume leaks and no second column is kept."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from django.conf import settings
from django.urls.converters import get_converters, register_converter

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {letter: number for number, letter in enumerate(_ALPHABET)}
_ROUNDS = 6


class NotAnId(ValueError):
    """The text is no id of ours."""


@lru_cache(maxsize=65_536)
def _round(number: int, half: int) -> int:
    data = half.to_bytes(4, "big") + bytes([number])
    return int.from_bytes(hashlib.blake2s(data, key=_key(settings.SECRET_KEY), digest_size=4).digest(), "big")


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"ids|" + secret.encode()).digest()


def encode(pk: int) -> str:
    """Return the outside form of a row's id."""
    left, right = pk >> 32, pk & 0xFFFFFFFF
    for number in range(_ROUNDS):
        left, right = right, left ^ _round(number, right)
    value = (left << 32) | right
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


def decode(text: str) -> int:
    """Return the row's id of an outside id. Raises NotAnId."""
    if len(text) != 13 or any(letter not in _VALUE for letter in text) or _VALUE[text[0]] > 15:
        raise NotAnId(text)
    value = 0
    for letter in text:
        value = (value << 5) | _VALUE[letter]
    left, right = value >> 32, value & 0xFFFFFFFF
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _round(number, left), left
    pk = (left << 32) | right
    if pk >= 1 << 63:
        raise NotAnId(text)
    return pk


class IdConverter:
    """URL converter: `<oid:pk>`."""

    regex = "[0-9a-hjkmnp-tv-z]{13}"

    def to_python(self, value: str) -> int:
        return decode(value)

    def to_url(self, value: int) -> str:
        return encode(int(value))


def register_in_paths() -> None:
    """Make `<oid:pk>` known to paths. Each file of paths asks for it; the first one registers."""
    if "oid" not in get_converters():
        register_converter(IdConverter, "oid")
