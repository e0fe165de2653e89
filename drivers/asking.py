"""Somebody who looks at pages all the time while a fault strikes, and writes down what did not answer well."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from itertools import cycle

EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 15.0


class Asker:
    """A thread that asks for the pages in turn, as a program with a token. `failures`: when, and the status (0: no answer at all)."""

    def __init__(self, address: str, paths: Sequence[str], *, token: str) -> None:
        self._urls = [f"{address}{path}" for path in paths]
        self._token = token
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="asker", daemon=True)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.asked = 0
        self.failures: list[tuple[float, int]] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; the last answer is waited for."""
        self._over.set()
        self._thread.join(PATIENCE_SECONDS + 1)

    def _ask_on(self) -> None:
        for url in cycle(self._urls):
            if self._over.wait(EVERY_SECONDS):
                return
            status = self._ask(url)
            self.asked += 1
            if not 200 <= status < 300:
                self.failures.append((time.monotonic(), status))

    def _ask(self, url: str) -> int:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310  (on the loopback)
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0
