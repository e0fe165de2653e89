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
        self.every = every
        self._dice = Random(seed)
        self._due = time.monotonic() + every
        self.count = 0

    def __call__(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self.every * self._dice.uniform(0.6, 1.4)
        child = self.pick()
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                self.count += 1

    def pick(self) -> int | None:
        """Return a random child of the workers."""
        children = self.children()
        return self._dice.choice(children) if children else None

    def children(self) -> list[int]:
        """Return all children of the workers."""
        return [child for name in self._workers for child in children_of(self._supervisor.pid(name))]


class Freezer:
    """Stops random worker children for some seconds, several at a time; lets them go on, and those too that froze by themselves."""

    def __init__(self, killer: Killer, *, every: float, longest: float, seed: int) -> None:
        self._killer = killer
        self._every = every
        self._longest = longest
        self._dice = Random(seed)
        self._due = time.monotonic() + every
        self._frozen: dict[int, tuple[float, float]] = {}
        """Since when, and until when, by process."""
        self.count = 0
        self.found = 0
        """How many of them froze by themselves (HUB_CRASH)."""
        self.longest_freeze = 0.0

    def __call__(self, *, more: bool = True) -> None:
        """Let go on whose time is over; find those that froze by themselves; with `more` freeze another one now and then."""
        now = time.monotonic()
        for child, (_, until) in list(self._frozen.items()):
            if now >= until:
                self._thaw(child)
        if now < self._due:
            return
        self._due = now + self._every
        children = self._killer.children()
        for child in children:
            if child not in self._frozen and is_frozen(child):
                self.found += 1
                self._note(child)
        if more and len(self._frozen) < len(children) - 1:
            self._freeze()

    def thaw_all(self) -> None:
        """Let all go on."""
        for child in list(self._frozen):
            self._thaw(child)

    def _freeze(self) -> None:
        child = self._killer.pick()
        if child is None or child in self._frozen:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            self._note(child)

    def _note(self, child: int) -> None:
        now = time.monotonic()
        self._frozen[child] = (now, now + self._dice.uniform(1.0, self._longest))
        self.count += 1

    def _thaw(self, child: int) -> None:
        since, _ = self._frozen.pop(child)
        self.longest_freeze = max(self.longest_freeze, time.monotonic() - since)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)


def is_frozen(pid: int) -> bool:
    """Return whether a process is stopped by a signal."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False
