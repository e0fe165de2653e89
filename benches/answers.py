"""Answers of the simulated mall as bytes, and a client of the mall's adapter that reads them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from channels_rakuten.adapter import Rakuten
from orders.channels import Absent, BadPayload, MallOrder, Same
from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten import RakutenMall

ACCOUNT = "400123"


@dataclass(frozen=True)
class Answer:
    """One getOrder answer of up to 100 orders."""

    numbers: tuple[str, ...]
    body: bytes


def answers(count: int, *, placed_at: datetime, seed: int = 1, size: int = 100) -> list[Answer]:
    """Return so many answers to getOrder, with the simulator's mix of orders."""
    clock = Clock(None, placed_at, 0)
    mall = RakutenMall(clock, Ledger(None, clock), seed)
    with contextlib.redirect_stdout(io.StringIO()):
        shop = _control(mall, "shops", {"id": ACCOUNT})
        placed = _control(mall, "orders", {"n": count * size})["orders"]
    token = base64.b64encode(f"{shop['service_secret']}:{shop['license_key']}".encode()).decode()
    headers = {"authorization": f"ESA {token}", "content-type": "application/json; charset=utf-8"}
    found = []
    for start in range(0, count * size, size):
        numbers = tuple(order["number"] for order in placed[start : start + size])
        wish = json.dumps({"orderNumberList": numbers, "version": 10}).encode()
        answer = mall.app("POST", "/es/2.0/order/getOrder/", {}, headers, wish)
        if answer.status != 200:
            raise RuntimeError(answer.body.decode())
        found.append(Answer(numbers, answer.body))
        clock.apply_json({"advance_seconds": 1})  # one call a second is what the mall allows
    return found


def _control(mall: RakutenMall, name: str, wish: dict[str, Any]) -> Any:
    answer = mall.app("POST", f"/_control/{name}", {}, {}, json.dumps(wish).encode())
    if answer.status != 200:
        raise RuntimeError(answer.body.decode())
    return json.loads(answer.body)


class _NoPace:
    """Slots at once: the mall's limit is not what is measured."""

    def wait(self, klass: str) -> None:
        """Return at once."""

    def pause(self, seconds: float) -> None:
        """Never asked for: the answers are good."""


class Reader:
    """The adapter over answers that lie ready: from the bytes on everything is the product's own way."""

    def __init__(self) -> None:
        self._body = b""
        transport = httpx.MockTransport(
            lambda request: httpx.Response(200, content=self._body, headers={"content-type": "application/json"})
        )
        self._channel = Rakuten(
            credentials={"service_secret": "s", "license_key": "k"},
            base_url="https://mall.invalid",
            pace=_NoPace(),
            transport=transport,
        )

    def read(
        self, answer: Answer, stored: Mapping[str, bytes] | None = None
    ) -> Sequence[MallOrder | Same | BadPayload | Absent]:
        """Read one answer as the intake does; with the hashes that are stored, as re-reading does."""
        self._body = answer.body
        return self._channel.fetch(numbers=answer.numbers, stored=stored)
