"""Ending and freezing processes of the product at random: worker children, by number, and only those a supervisor started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from random import Random

from hub.embedded.supervisor import Supervisor


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has forked."""
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in told.split()]


class Killer:
    """Kills a random worker child now and then. Call it often; it strikes when its time has come."""

    def __init__(self, supervisor: Supervisor, workers: Sequence[str], *, every: float, seed: int) -> None:
        self._supervisor = supervisor
        self._workers = workers
        self._every = every
        self._dice = Random(seed)
        self._due = time.monotonic() + every
        self.count = 0

    def __call__(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._every * self._dice.uniform(0.6, 1.4)
        child = self.pick()
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                self.count += 1

    def pick(self) -> int | None:
        """Return a random child of the workers."""
        children = [child for name in self._workers for child in children_of(self._supervisor.pid(name))]
        return self._dice.choice(children) if children else None


class Freezer:
    """Stops a random worker child for some seconds and lets it go on, one after another."""

    def __init__(self, killer: Killer, *, every: float, longest: float, seed: int) -> None:
        self._killer = killer
        self._every = every
        self._longest = longest
        self._dice = Random(seed)
        self._due = time.monotonic() + every
        self._frozen: tuple[int, float] | None = None
        self.count = 0

    def __call__(self) -> None:
        now = time.monotonic()
        if self._frozen is not None and now >= self._frozen[1]:
            self.thaw()
        if self._frozen is None and now >= self._due:
            self._freeze(now)

    def thaw(self) -> None:
        """Let the frozen one go on."""
        if self._frozen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._frozen[0], signal.SIGCONT)
            self._frozen = None
            self._due = time.monotonic() + self._every

    def _freeze(self, now: float) -> None:
        child = self._killer.pick()
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            self._frozen = (child, now + self._dice.uniform(1.0, self._longest))
            self.count += 1
