"""What the contract suite needs of a mall's simulator: `simulators/<channel>/bench.py` has a class `Bench` of this shape.

It is found by the channel's name, so a new mall needs no edit here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

import httpx

from orders.channels import Channel, channel_class
from simulators.server import App, mock_handler


class MallBench(Protocol):
    """A simulated mall in this process, with one shop, on a clock that stands still unless told."""

    account: str
    """The shop's own id at the mall."""

    kinds: frozenset[str]
    """What `place` can place here: plain and bad at any mall, next_day and open_amount where the mall knows such orders."""

    @property
    def app(self) -> App: ...

    def now(self) -> datetime: ...

    def credentials(self, which: str = "right") -> dict[str, str]:
        """The fields of the adapter's form: right, wrong or expired."""
        ...

    def place(self, kind: str = "plain", n: int = 1) -> list[str]:
        """Place orders now, not confirmed yet, and return their numbers: plain, next_day, bad (cannot be understood) or open_amount
        (the mall has not fixed an amount). A number that ends in 000 is never given out."""
        ...

    def make_ready(self, number: str) -> None:
        """Bring an order to where the mall takes a shipment report."""
        ...

    def pass_minutes(self, minutes: float) -> None: ...

    def misbehave(self, call: str, how: str, count: int = 1) -> None:
        """Make calls go wrong. `call`: list, fetch, confirm, report or cancel, of those that the mall has. `how`: lost (done, no answer), silent (not done, no answer),
        error (5xx, not done), garbled (done, an answer that cannot be read), cut (done, half an answer), busy (asks to come back in 7 s);
        of reading calls also shuffled, repeated and missing."""
        ...

    def switch_off(self, call: str) -> None:
        """Take away the shop's right to the function behind a call; the key stays good."""
        ...

    def refusal_shapes(self) -> list[str]:
        """The shapes in which this mall may refuse a key: at least one name."""
        ...

    def refuse_as(self, shape: str) -> None: ...

    def requests(self, call: str) -> int:
        """How many requests for a call have arrived, refused ones too; 0 for a call that the mall has not."""
        ...

    def confirmations(self, number: str) -> int:
        """How often the mall confirmed an order."""
        ...

    def cancellations(self, number: str) -> list[dict[str, Any]]:
        """The cancellations of an order that the mall took."""
        ...

    def shipments(self, number: str) -> list[tuple[str, str]]:
        """The tracking number and the day (ISO) of each row that stands at the mall now."""
        ...


class RecordedPace:
    """A pace that never waits and remembers the classes it was asked for, and the pauses."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.pauses: list[float] = []

    def wait(self, klass: str) -> None:
        self.classes.append(klass)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Stand:
    """One adapter class on its bench."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.bench: MallBench = import_module(f"simulators.{channel}.bench").Bench()
        self.pace = RecordedPace()
        self.adapter: Channel = self.make()

    def make(self, *, key: str = "right", unreachable: bool = False) -> Channel:
        """Build an adapter that speaks to the simulator in this process."""

        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        handler: Callable[[Any], Any] = refuse if unreachable else mock_handler(self.bench.app)
        built: Channel = channel_class(self.channel)(
            credentials=self.bench.credentials(key),
            base_url="http://mall.test",
            pace=self.pace,
            transport=httpx.MockTransport(handler),
        )
        return built
