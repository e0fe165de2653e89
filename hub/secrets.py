"""Encrypted boxes: AES-256-GCM with a key ring, so keys can rotate; the owner's name is bound in, so a box cannot be moved.

A box is `key id (1 byte length + text) ‖ nonce (12) ‖ ciphertext`. Credentials are opened only in `channel_for` and `adapter_for`;
payload snapshots use the same ring with deflate inside (`seal_text`).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Unreadable(Exception):
    """The box was made for another owner, or its key is not in the ring."""


@lru_cache(maxsize=4)
def _ring(text: str) -> dict[str, AESGCM]:
    """Parse `id:base64,...` (newest first). Raises ImproperlyConfigured naming what is wrong, never the key."""
    ring: dict[str, AESGCM] = {}
    for number, part in enumerate(text.split(","), start=1):
        name, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ImproperlyConfigured(
                f"CREDENTIAL_KEYS entry {number} is not base64: wanted id:base64 of 32 bytes"
            ) from None
        if not name or len(key) != 32:
            raise ImproperlyConfigured(f"CREDENTIAL_KEYS entry {number}: wanted id:base64 of 32 bytes")
        ring[name] = AESGCM(key)
    return ring


def newest_key_id() -> str:
    """Return the id of the key that new boxes are made with."""
    return next(iter(_ring(settings.CREDENTIAL_KEYS)))


def seal(plain: bytes, *, owner: str) -> bytes:
    """Encrypt for this owner (`tenant|table|id`) with the newest key."""
    ring = _ring(settings.CREDENTIAL_KEYS)
    name = next(iter(ring)).encode()
    nonce = os.urandom(12)
    return bytes([len(name)]) + name + nonce + ring[name.decode()].encrypt(nonce, plain, owner.encode())


def unseal(box: bytes, *, owner: str) -> bytes:
    """Decrypt a box made for this owner. Raises Unreadable."""
    box = bytes(box)
    size = box[0]
    name, nonce, body = box[1 : 1 + size].decode(), box[1 + size : 13 + size], box[13 + size :]
    key = _ring(settings.CREDENTIAL_KEYS).get(name)
    if key is None:
        raise Unreadable(f"no key {name!r} in the ring")
    try:
        return key.decrypt(nonce, body, owner.encode())
    except InvalidTag:
        raise Unreadable("the box does not belong here") from None


def seal_box(values: Mapping[str, str], *, owner: str) -> bytes:
    """Encrypt a set of named secrets."""
    return seal(json.dumps(dict(values), ensure_ascii=False).encode(), owner=owner)


def open_box(box: bytes, *, owner: str) -> dict[str, str]:
    """Decrypt a set of named secrets; an empty box is an empty set."""
    if not bytes(box):
        return {}
    values: dict[str, str] = json.loads(unseal(box, owner=owner))
    return values


def seal_text(plain: bytes, *, owner: str) -> bytes:
    """Deflate and encrypt a payload."""
    return seal(zlib.compress(plain, 1), owner=owner)


def unseal_text(box: bytes, *, owner: str) -> bytes:
    """Decrypt and inflate a payload."""
    return zlib.decompress(unseal(box, owner=owner))
