"""Encrypted boxes: AES-256-GCM with a key ring, so keys can rotate; the owner's name is bound in, so a box cannot be moved.

A box is `key id (1 byte length + text) ‖ nonce (12) ‖ ciphertext`. Credentials are opened only in `channel_for` and `adapter_for`;
payload snapshots use the same ring with deflate inside (`seal_text`). `SEALED` names every column that holds boxes.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Unreadable(Exception):
    """The box was made for another owner, its key is not in the ring, or it is no box."""


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A column that holds boxes. `owner`: the name bound in, from the row's own columns.

    `inside`: for a JSON column, the names under which boxes stand in it, as base64 text or lists of such.
    """

    model: str
    column: str
    owner: str
    inside: tuple[str, ...] = ()


SEALED = (
    Sealed(model="orders.Shop", column="credentials", owner="{tenant_id}|shop|{pk}"),
    Sealed(model="orders.Warehouse", column="credentials", owner="{tenant_id}|warehouse|{pk}"),
    Sealed(model="mailer.MailAccount", column="password", owner="{tenant_id}|mailaccount|{pk}"),
    Sealed(model="orders.RejectedPayload", column="body", owner="{tenant_id}|rejected|{shop_id}|{number}"),
    Sealed(model="orders.MallSnapshot", column="body", owner="{tenant_id}|snapshot|{order_id}"),
    Sealed(model="mfa.Authenticator", column="data", owner="account|second-factor", inside=("secret", "seed", "migrated_codes")),
)  # fmt: skip
"""Every place of the database that holds boxes: what a rotation of keys goes through (`hub/rotation.py`). A test looks for others."""


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


def check_ring(text: str) -> None:
    """Look whether a key ring can be read. Raises ImproperlyConfigured naming what is wrong, never the key."""
    _ring(text)


def newest_key_id() -> str:
    """Return the id of the key that new boxes are made with."""
    return next(iter(_ring(settings.CREDENTIAL_KEYS)))


def key_ids() -> list[str]:
    """Return the ids of the ring, newest first."""
    return list(_ring(settings.CREDENTIAL_KEYS))


def label_of(key_id: str) -> bytes:
    """Return the bytes that every box of this key begins with."""
    name = key_id.encode()
    return bytes([len(name)]) + name


def key_id_of(box: bytes) -> str:
    """Return the id of the key a box was made with, without opening it. Raises Unreadable."""
    try:
        return box[1 : 1 + box[0]].decode()
    except (IndexError, UnicodeDecodeError):
        raise Unreadable("this is no box") from None


def no_key(key_id: str) -> str:
    """Say why a box of this key stays shut."""
    return f"no key {key_id!r} in CREDENTIAL_KEYS"


def seal(plain: bytes, *, owner: str) -> bytes:
    """Encrypt for this owner (`tenant|table|id`) with the newest key."""
    name = newest_key_id()
    nonce = os.urandom(12)
    return label_of(name) + nonce + _ring(settings.CREDENTIAL_KEYS)[name].encrypt(nonce, plain, owner.encode())


def unseal(box: bytes, *, owner: str) -> bytes:
    """Decrypt a box made for this owner. Raises Unreadable."""
    box = bytes(box)
    name = key_id_of(box)
    key = _ring(settings.CREDENTIAL_KEYS).get(name)
    if key is None:
        raise Unreadable(no_key(name))
    rest = box[len(label_of(name)) :]
    try:
        return key.decrypt(rest[:12], rest[12:], owner.encode())
    except (InvalidTag, ValueError):
        raise Unreadable("the box does not belong here") from None


def reseal(box: bytes, *, owner: str) -> bytes:
    """Return the box made anew with the newest key, or as it is where it is under it. Raises Unreadable."""
    return bytes(box) if key_id_of(box) == newest_key_id() else seal(unseal(box, owner=owner), owner=owner)


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
