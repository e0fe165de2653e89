"""Who is calling and may they: licence keys, function rights, and the two shapes of the gateway's refusals."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime

from simulators.rakuten.state import Key, Shop
from simulators.server import Response

LEGACY, GATEWAY = "legacy", "gateway"
UNAUTHORISED = (401, {LEGACY: "ES01-01", GATEWAY: "GA0001"}, "Un-Authorised")
NOT_ENABLED = (400, {LEGACY: "ES04-01", GATEWAY: "GA0001"}, "Bad Request")
BAD_CREDENTIALS = (400, {LEGACY: "ES04-01", GATEWAY: "GK0001"}, "Bad Request")
UNSUPPORTED_MEDIA = (415, {LEGACY: "ES04-03", GATEWAY: "ES04-03"}, "Unsupported Media Type")
NO_SUCH_PATH = (404, {LEGACY: "ES04-01", GATEWAY: "GE0007"}, "Not Found")
WRONG_METHOD = (405, {LEGACY: "ES04-01", GATEWAY: "GE0008"}, "Method Not Allowed")
TOO_MANY = (429, {LEGACY: "ES04-29", GATEWAY: "GA0029"}, "Too Many Requests")
Refusal = tuple[int, dict[str, str], str]


def new_secret(prefix: str, shop_id: str) -> str:
    """Make a service secret (`SP`) or licence key (`SL`) of the usual form."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return f"{prefix}{shop_id}_" + "".join(secrets.choice(alphabet) for _ in range(16))


def refuse(refusal: Refusal, shape: str) -> Response:
    """Answer a refusal of the gateway in its legacy or its newer shape."""
    status, codes, text = refusal
    if shape == GATEWAY:
        return Response.json({"errors": [{"code": codes[GATEWAY], "message": text}]}, status)
    return Response.json({"Results": {"errorCode": codes[LEGACY], "message": text}}, status)


def credentials(header: str) -> tuple[str, str] | None:
    """Take service secret and licence key from an `ESA` header; None if it is not one."""
    scheme, _, token = header.partition(" ")
    if scheme != "ESA":
        return None
    try:
        secret, colon, licence = base64.b64decode(token.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (secret.strip(), licence.strip()) if colon else None


def judge(found: tuple[Shop, Key] | None, header: str, permission: str, now: datetime) -> Refusal | None:
    """Say why a call is refused, or None."""
    if found is None:
        return BAD_CREDENTIALS if header.startswith("ESA ") and credentials(header) is None else UNAUTHORISED
    shop, key = found
    if key.revoked or now > key.expires_at:
        return UNAUTHORISED
    if now < key.active_from or permission not in shop.permissions:
        return NOT_ENABLED if shop.denied_status == 400 else UNAUTHORISED
    return None
