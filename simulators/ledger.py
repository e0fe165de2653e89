"""An append-only file of JSON lines: what a simulator accepted, written before it decides how to answer."""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.clock import Clock


def read(path: str | Path) -> list[dict[str, Any]]:
    """Return every whole line of a ledger; a last line that a kill cut short is left out."""
    lines = Path(path).read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1] if line]


class Ledger:
    """Append lines with `seq`, `at` (business time), `real_at` and `kind`. Without a path the lines stay in memory."""

    def __init__(self, path: str | Path | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.path = Path(path) if path is not None else None
        self._lock = threading.Lock()
        self._memory: list[dict[str, Any]] = []
        self._fd: int | None = None
        self._seq = 0
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._continue(self.path)

    def _continue(self, path: Path) -> None:
        """Open the file, drop a half-written last line and go on from its last number."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.ftruncate(self._fd, whole)
        if whole:
            last = content[content.rfind(b"\n", 0, whole - 1) + 1 : whole]
            self._seq = int(json.loads(last)["seq"])

    def write(self, kind: str, *, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
        """Append one line and return it. It is with the operating system on return, so it survives kill -9."""
        with self._lock:
            self._seq += 1
            line = {
                "seq": self._seq,
                "at": (at or self.clock.now()).isoformat(),
                "real_at": self.clock.real_now().isoformat(),
                "kind": kind,
                **fields,
            }
            if self._fd is None:
                self._memory.append(json.loads(json.dumps(line)))
            else:
                self._append(self._fd, json.dumps(line, ensure_ascii=False).encode() + b"\n")
            return line

    @staticmethod
    def _append(fd: int, data: bytes) -> None:
        while data:
            data = data[os.write(fd, data) :]

    def lines(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the lines so far, or those of one kind."""
        lines = self._memory if self.path is None else read(self.path)
        return [line for line in lines if kind is None or line["kind"] == kind]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None
