"""The calls to RSL: login, JSON, and what an HTTP answer means for a reading and a writing call. No content here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hub.effects.outcomes import NotDone, Refused, Unsure
from hub.http import Answer, Client, LineFailure, Transport
from orders.channels import MallBlind, MallDown, Unsupported

UNKNOWN_REFERENCE = "E405"
BLIND = {401: "wrong_key", 403: "not_switched_on"}


class RslClient:
    """Speak to RSL as one shop."""

    def __init__(self, *, shop_code: str, token: str, base_url: str, transport: Transport | None = None) -> None:
        headers = {"X-RSL-Shop": shop_code, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._client = Client(base_url=base_url, headers=headers, transport=transport)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def read(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Make a reading call. Raises MallDown, MallBlind or Unsupported (501: not part of the contract)."""
        try:
            answer = self._client.call(method, path, content=_encode(body), params=params)
        except LineFailure as failure:
            raise MallDown(failure.reason) from None
        if answer.status in BLIND:
            raise MallBlind(BLIND[answer.status], function=path)
        if answer.status == 501:
            raise Unsupported(path)
        data = _decode(answer)
        if answer.status != 200 or data is None:
            raise MallDown(f"{path}: {_describe(answer)}", retry_after=answer.retry_after)
        return data

    def write(self, path: str, *, body: Any) -> Mapping[str, Any] | NotDone | Refused | Unsure:
        """Make a writing call: the answer's content, or what became of all that it carried."""
        try:
            answer = self._client.call("POST", path, content=_encode(body))
        except LineFailure as failure:
            return Unsure(reason="no_answer", detail=failure.reason) if failure.maybe_done else NotDone(
                reason="no_connection", detail=failure.reason
            )  # fmt: skip
        if answer.status in BLIND:
            return NotDone(reason=BLIND[answer.status], detail=_describe(answer), blind=True)
        if answer.status == 429:
            return NotDone(reason="too_many_calls", retry_after=answer.retry_after)
        data = _decode(answer)
        if answer.status == 404 and data is not None and data.get("code") == UNKNOWN_REFERENCE:
            return Refused(reason="unknown_reference", detail=_describe(answer), params={"code": UNKNOWN_REFERENCE})
        if 400 <= answer.status < 500:  # says nothing about any one request: the line is at fault, none is stopped
            return NotDone(reason="call_refused", detail=_describe(answer))
        if answer.status != 200 or data is None:
            return Unsure(reason="unclear_answer", detail=_describe(answer))
        return data


def path_of(reference: str, *more: str) -> str:
    """Return the path of one shipment."""
    return "/".join(["/v1/shipments", quote(reference, safe=""), *more])


def _encode(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()


def _decode(answer: Answer) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer, or None if it holds none."""
    try:
        data = json.loads(answer.body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _describe(answer: Answer) -> str:
    """Say what was answered, in the warehouse's own words where there are any. Requests and secrets are not in it."""
    data = _decode(answer)
    if data is None:
        return f"HTTP {answer.status}"
    return f"HTTP {answer.status} {data.get('code', '')} {data.get('message', '')}".strip()[:300]
