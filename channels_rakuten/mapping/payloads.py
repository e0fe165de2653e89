"""From the bytes of one order to its parts: card data cut out, unknown fields named, errors located.

The quick road is one typed decode. Whatever it stumbles over takes the slow road: the same shape, with explanations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import Any, get_args

import msgspec

from channels_rakuten import wire
from channels_rakuten.codes import NEVER_STORED

Params = Mapping[str, Any]

# Inside a JSON text a quote is always escaped, so `"cardName":` can only be a key. The common head makes it quick.
_PREFIX = "card"
_ENDINGS = "|".join(name.removeprefix(_PREFIX) for name in NEVER_STORED)
_CARD_KEY = re.compile(f'"{_PREFIX}(?:{_ENDINGS})"\\s*:\\s*'.encode())
_VALUE = rb'(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*'
_PLAIN_VALUES = re.compile(_VALUE + rb"(?:,\s*" + _CARD_KEY.pattern + _VALUE + rb")*")  # mostly all stand side by side
_BLANK = b" \t\r\n"
_NUL = b"\\u0000"
_WRONG_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_BOUND = re.compile(r"Expected `[^`]+` (.+?)(?: - at|$)")
_AT = re.compile(r" - at `\$\.?([^`]*)`")

_decode = msgspec.json.Decoder(wire.Order, strict=False).decode
_decode_anything = msgspec.json.Decoder().decode


class Odd(Exception):
    """An order that cannot be understood: missing, wrong_type, out_of_range, unknown_code or unreadable, and where."""

    def __init__(self, path: str, reason: str, **params: Any) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.params: Params = params


def cleaned(raw: bytes) -> bytes:
    """Return the payload without what must never be stored; all other bytes stay as the mall sent them."""
    kept: list[bytes] = []
    done = 0
    while key := _CARD_KEY.search(raw, done):
        values = _PLAIN_VALUES.match(raw, key.end())
        if values is None:
            return _cleaned_slowly(raw)
        start, end = key.start(), values.end()
        before = start - 1
        while before > done and raw[before] in _BLANK:
            before -= 1
        if before >= done and raw[before : before + 1] == b",":
            start = before
        elif raw[end : end + 1] == b",":
            end += 1  # the first member of its object takes the comma behind it along
        kept.append(raw[done:start])
        done = end
    if not done:
        return raw
    payload = b"".join([*kept, raw[done:]])
    return payload if _is_json(payload) else _cleaned_slowly(raw)


def hash_of(payload: bytes) -> bytes:
    """Return the 16 bytes by which a payload is known again."""
    return blake2b(payload, digest_size=16).digest()


def read(payload: bytes) -> tuple[wire.Order, tuple[str, ...]]:
    """Read a cleaned payload; name the fields that no document knows. Raises Odd."""
    if _NUL not in payload:
        try:
            return _decode(payload), ()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # the slow road says what it was
    return _read_slowly(payload)


def number_in(payload: bytes) -> str:
    """Return the order number in a payload that cannot be read as an order, or an empty text."""
    found = re.search(rb'"orderNumber"\s*:\s*"([0-9A-Za-z_-]{1,100})"', payload)
    return found.group(1).decode() if found else ""


def _read_slowly(payload: bytes) -> tuple[wire.Order, tuple[str, ...]]:
    try:
        data = _decode_anything(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Odd("", "unreadable", detail=str(error)[:200]) from None
    unknown: list[str] = []
    pruned = _pruned(data, wire.Order, "", unknown)
    try:
        return msgspec.convert(pruned, wire.Order, strict=False), tuple(sorted(set(unknown)))
    except msgspec.ValidationError as error:
        raise _located(str(error)) from None


def _located(text: str) -> Odd:
    """Translate msgspec's message to a path and a code."""
    at = _AT.search(text)
    path = at.group(1) if at else ""
    missing = _MISSING.search(text)
    if missing:
        return Odd(f"{path}.{missing.group(1)}" if path else missing.group(1), "missing")
    wrong = _WRONG_TYPE.search(text)
    if wrong is None:
        bound = _BOUND.search(text)
        return Odd(path, "out_of_range", bound=bound.group(1) if bound else text[:100])
    if wrong.group(2) == "null":
        return Odd(path, "missing")
    return Odd(path, "wrong_type", expected=wrong.group(1), found=wrong.group(2))


def _pruned(data: Any, shape: type[msgspec.Struct] | None, path: str, unknown: list[str]) -> Any:
    """Copy what the shape knows, note the rest, drop NUL characters; an empty text where a number is wanted is none."""
    if isinstance(data, list):
        return [_pruned(item, shape, f"{path}[]", unknown) for item in data]
    if isinstance(data, dict) and shape is not None:
        fields = _fields(shape)
        kept: dict[str, Any] = {}
        for name, value in data.items():
            here = f"{path}.{name}" if path else name
            if name not in fields:
                unknown.append(here)
                continue
            inner, textual = fields[name]
            if value != "" or textual:
                kept[name] = _pruned(value, inner, here, unknown)
        return kept
    return data.replace("\0", "") if isinstance(data, str) else data


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, tuple[type[msgspec.Struct] | None, bool]]:
    """Return, for each wire name, the shape inside (if any) and whether it is a text."""
    found: dict[str, tuple[type[msgspec.Struct] | None, bool]] = {}
    for field in msgspec.structs.fields(shape):
        leaves = list(_leaves(field.type))
        inner = next((leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, msgspec.Struct)), None)
        found[field.encode_name] = (inner, str in leaves)
    return found


def _leaves(kind: Any) -> list[Any]:
    parts = get_args(kind)
    return [leaf for part in parts for leaf in _leaves(part)] if parts else [kind]


def _is_json(payload: bytes) -> bool:
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return False
    return True


def _cleaned_slowly(raw: bytes) -> bytes:
    """Take the card data out of a payload that is not as documented; what cannot be read at all is not kept."""
    try:
        data = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return b""
    return json.dumps(_without_cards(data), ensure_ascii=True, separators=(",", ":")).encode()


def _without_cards(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _without_cards(value) for name, value in data.items() if name not in NEVER_STORED}
    return [_without_cards(item) for item in data] if isinstance(data, list) else data
