"""A mall of canned answers, for what the simulator never says: each request is kept, each answer is taken from a list."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from channels_rakuten.adapter import Rakuten
from tests.contract.channel_bench import RecordedPace

Handler = Callable[[httpx.Request], httpx.Response]
CREDENTIALS = {"service_secret": "SP400001_abcdefgh12345678", "license_key": "SL400001_abcdefgh12345678"}


class Canned:
    """Answers in turn; the last one for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pace = RecordedPace()
        self.transport = httpx.MockTransport(self._answer)
        self.adapter = Rakuten(
            credentials=CREDENTIALS, base_url="https://rms.test", pace=self.pace, transport=self.transport
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sent(self, index: int = -1) -> Any:
        """Return the body of a request."""
        return json.loads(self.requests[index].content)


def answer(data: Any, status: int = 200, /, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=data, headers=headers)


def message(code: str, **fields: Any) -> dict[str, Any]:
    kind = code.split("_")[-2]
    return {"messageType": kind, "messageCode": f"ORDER_EXT_API_{code}", "message": f"文言 {code}", **fields}


def messages(*rows: dict[str, Any], status: int = 200) -> httpx.Response:
    return answer({"MessageModelList": list(rows)}, status)


LEGACY_401 = {"Results": {"errorCode": "ES01-01", "message": "Un-Authorised"}}
GATEWAY_401 = {"errors": [{"code": "GA0001", "message": "Un-Authorised"}]}
ES04 = {"Results": {"errorCode": "ES04-01", "message": "Bad Request"}}
EXPIRY = {"expiryDate": "2026-11-28T23:59:59"}
