"""Seeded faults: which kind of misbehaviour strikes which function, how often, and when."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from simulators.clock import parse_instant
from simulators.server import Response

STATUS_KINDS = {f"status_{code}": code for code in (400, 401, 403, 404, 429, 500, 502, 503)}
GARBLED_KINDS = frozenset({"html_page", "empty_200", "broken_json", "cut_body"})
SILENT_KINDS = frozenset({"timeout_before", "timeout_after", "late_apply"})
ANSWER_KINDS = frozenset(STATUS_KINDS) | GARBLED_KINDS | SILENT_KINDS
KINDS = ANSWER_KINDS | {"slow"}
"""What may strike a call of any simulator; kinds of its own stand in its `faults.py`."""
SILENCE_SECONDS = 30.0
HTML = "<html><head><title>ただいま混み合っております</title></head><body><h1>しばらくお待ちください</h1></body></html>"


@dataclass(kw_only=True)
class Fault:
    """One line of a fault plan."""

    kinds: ClassVar[frozenset[str]] = KINDS  # each simulator names its own in a subclass

    kind: str
    function: str = "*"  # the name of a function of the API, or all of them
    rate: float = 1.0  # the share of calls that it strikes
    count: int | None = None  # strikes left; none: without end
    seconds: float | None = None  # true seconds: of slowness, of silence, or until a late change is applied
    silence_seconds: float | None = None  # true seconds without an answer, where `seconds` means something else
    retry_after: int | None = None  # of a 429 or 503
    applied: float | None = None  # chance that the change is made though the answer is bad; none: as the kind says
    shop: str | None = None  # only this shop or account
    number: str | None = None  # only this order (where a fault acts on orders)
    down_from: datetime | None = None  # business time
    down_until: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in self.kinds:
            raise ValueError(f"no such kind of fault: {self.kind}")
        self.down_from = parse_instant(self.down_from) if self.down_from else None
        self.down_until = parse_instant(self.down_until) if self.down_until else None

    def concerns(self, function: str, shop: str | None, number: str | None, now: datetime) -> bool:
        """Say whether the fault may strike this call at this business time."""
        return (
            self.function in ("*", function)
            and self.count != 0
            and (self.shop is None or self.shop == shop)
            and (self.number is None or self.number == number)
            and (self.down_from is None or self.down_from <= now)
            and (self.down_until is None or now < self.down_until)
        )


class Faults:
    """A plan of faults and the seeded dice that it throws."""

    fault_class: ClassVar[type[Fault]] = Fault

    def __init__(self, seed: int = 1, entries: Iterable[dict[str, Any]] = ()) -> None:
        self._lock = threading.Lock()
        self.fired: Counter[str] = Counter()
        self.replace({"seed": seed, "faults": list(entries)})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a plan from a JSON file of the shape that `replace` takes."""
        faults = cls()
        faults.replace(json.loads(Path(path).read_text("utf-8")))
        return faults

    def replace(self, plan: dict[str, Any]) -> None:
        """Take a new plan: `{"seed": 7, "faults": [{"kind", "function", "rate", …}], "rates": {kind: rate}}`.

        `rates` is short for one fault of each kind on every function. With `"add": true` the old ones stay.
        """
        if not isinstance(plan, dict) or (unknown := sorted(plan.keys() - {"seed", "faults", "rates", "add", "fired"})):
            raise ValueError(
                f"a plan has seed, faults, rates and add{', not ' + ', '.join(unknown) if isinstance(plan, dict) else ''}"
            )
        entries = [self.fault_class(**entry) for entry in plan.get("faults", [])]
        entries += [self.fault_class(kind=kind, rate=rate) for kind, rate in plan.get("rates", {}).items()]
        with self._lock:
            if "seed" in plan:
                self._random = random.Random(plan["seed"])
            self._entries: list[Fault] = [*self._entries, *entries] if plan.get("add") else entries

    def pick(
        self, function: str, kinds: Iterable[str], *, now: datetime, shop: str | None = None, number: str | None = None
    ) -> Fault | None:
        """Throw the dice for one call; return the first fault of these kinds that strikes, and count it."""
        wanted = frozenset(kinds)
        with self._lock:
            for fault in self._entries:
                if fault.kind not in wanted or not fault.concerns(function, shop, number, now):
                    continue
                if self._random.random() < fault.rate:
                    fault.count = fault.count - 1 if fault.count is not None else None
                    self.fired[fault.kind] += 1
                    return fault
        return None

    def is_applied(self, fault: Fault) -> bool:
        """Say whether the change behind a bad answer is made: garbled answers and `timeout_after` yes, the others no."""
        if fault.applied is None:
            return fault.kind in GARBLED_KINDS or fault.kind == "timeout_after"
        with self._lock:
            return self._random.random() < fault.applied

    def to_json(self) -> dict[str, Any]:
        """Return the plan and how often each kind struck."""
        with self._lock:
            plan = [{key: value for key, value in vars(fault).items() if value is not None} for fault in self._entries]
            return {"faults": json.loads(json.dumps(plan, default=str)), "fired": dict(self.fired)}


def bad_answer(fault: Fault, answer: Response, error_body: bytes = b"") -> Response:
    """Turn a good answer into what the fault makes of it; `error_body` is the body that a status fault carries."""
    if fault.kind in STATUS_KINDS:
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
        return Response(status=STATUS_KINDS[fault.kind], headers=headers, body=error_body)
    if fault.kind == "html_page":
        return Response(headers={"Content-Type": "text/html; charset=UTF-8"}, body=HTML.encode())
    if fault.kind == "empty_200":
        return Response(headers=answer.headers)
    if fault.kind == "broken_json":
        return Response(status=answer.status, headers=answer.headers, body=answer.body[: len(answer.body) // 2])
    if fault.kind == "cut_body":
        return Response(
            status=answer.status, headers=answer.headers, body=answer.body, send_bytes=len(answer.body) // 2
        )
    asked = fault.silence_seconds if fault.kind == "late_apply" else fault.seconds
    return Response(delay_seconds=SILENCE_SECONDS if asked is None else asked, hang_up=True)
