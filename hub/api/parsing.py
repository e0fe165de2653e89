"""JSON as it must be: once each key, not too deep, not too large, no characters that cannot be stored. Faults are located."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser

from hub.api.problems import ApiError

MOST_BYTES = 5 * 1024 * 1024
DEEPEST = 20


class StrictJSONParser(BaseParser):
    """Reads `application/json`; an empty body is an empty object."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return read_json(stream.read(MOST_BYTES + 1))


def read_json(body: bytes) -> Any:
    """Return the value of a body. Raises ApiError 400."""
    if len(body) > MOST_BYTES:
        raise ApiError("too_large", 400, limit="5 MB")
    if not body.strip():
        return {}
    try:
        data = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ApiError("malformed_json", 400, reason=error.msg, line=error.lineno, column=error.colno) from None
    except UnicodeDecodeError as error:
        raise ApiError(
            "malformed_json",
            400,
            reason="not UTF-8",
            line=body.count(b"\n", 0, error.start) + 1,
            column=error.start + 1,
        ) from None
    except RecursionError:
        raise ApiError("too_deep", 400, limit=DEEPEST) from None
    except ValueError as error:
        raise ApiError("malformed_json", 400, reason=str(error)[:100], line=1, column=1) from None
    _check(data)
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ApiError("duplicate_key", 400, key=next(key for key in keys if keys.count(key) > 1)[:100])
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check(data: Any) -> None:
    """Walk the value without recursion: depth, NUL and lone surrogates."""
    waiting: list[tuple[Any, int, str]] = [(data, 1, "")]
    while waiting:
        value, depth, path = waiting.pop()
        if isinstance(value, str):
            _check_text(value, path)
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                raise ApiError("too_deep", 400, field=path, limit=DEEPEST)
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, one in inner:
                if isinstance(key, str):
                    _check_text(key, path)
                if isinstance(one, str | dict | list):
                    waiting.append((one, depth + 1, f"{path}/{key}" if path else str(key)))


def check_texts(params: Mapping[str, str]) -> None:
    """Refuse characters that cannot be stored, in the values of an address. Raises ApiError 400."""
    for name, text in params.items():
        _check_text(text, name)


def _check_text(text: str, path: str) -> None:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text if not sign.isascii()):
        raise ApiError("bad_character", 400, field=path)
