"""Tracking numbers: twelve digits whose last is the first eleven modulo 7 (ヤマト, 佐川, 日本郵便), never the same twice."""

from __future__ import annotations

import hashlib

# carrier code of this API -> the first digits of its numbers
CARRIERS = {"YAMATO": "48", "SAGAWA": "36", "JAPANPOST": "62"}


class TrackingNumbers:
    """Draw numbers that depend on the seed and the parcel alone, whatever the order in which parcels leave."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._given: set[str] = set()

    def draw(self, carrier: str, parcel: str) -> str:
        """Return a new number for a parcel."""
        digest = hashlib.sha256(f"{self._seed}|{carrier}|{parcel}".encode()).digest()
        serial = int.from_bytes(digest[:8], "big") % 10**9
        while (number := with_check_digit(f"{CARRIERS[carrier]}{serial:09d}")) in self._given:
            serial = (serial + 1) % 10**9
        self._given.add(number)
        return number


def with_check_digit(eleven: str) -> str:
    """Append the check digit."""
    return f"{eleven}{int(eleven) % 7}"
