"""The served product behind a gate: a test holds answers back, as a slow mall or database would, and lets them go."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 20.0
"""Seconds after which an answer goes in any case, so that no test leaves a thread behind."""


class Gate:
    """Where requests wait whose path matches; `held` counts them."""

    def __init__(self) -> None:
        self._pattern = ""
        self._open = threading.Event()
        self.held = 0

    def pass_through(self, path: str) -> None:
        """Return at once, or when the gate is opened."""
        if self._pattern and re.search(self._pattern, path):
            self.held += 1
            self._open.wait(LONGEST)

    def let_go(self) -> None:
        self._pattern = ""
        self._open.set()

    @contextmanager
    def shut(self, pattern: str) -> Iterator[Gate]:
        """Hold what asks for these paths until it is let go, at the latest at the end."""
        self._pattern, self.held = pattern, 0
        self._open = threading.Event()
        try:
            yield self
        finally:
            self.let_go()


GATE = Gate()
