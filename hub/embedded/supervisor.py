"""Runs the processes of a demo, a journey or a chaos round, and leaves none of them behind.

Each program has a process group and a log file of its own. Ctrl-C, SIGTERM, SIGHUP and exceptions all end in the same way:
SIGTERM to each program, in the reverse order of starting, then SIGKILL to whatever of its group is left.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

ENDING = (signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.05


class ProgramEnded(RuntimeError):
    """A program ended that should have gone on."""


class NotReady(RuntimeError):
    """A program did not become ready in time."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A command to run under a name."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own."""
    folder: Path | None = None
    restart: bool = False
    """Start it again when it ends by itself, waiting longer each time."""
    stop_seconds: float = 30.0
    """How long it may take to end after SIGTERM."""


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0


class Supervisor:
    """Starts programs and, on leaving its `with` block, stops them all."""

    def __init__(self, logs: Path, *, say: Callable[[str], None] = print) -> None:
        self.logs = logs
        self._say = say
        self._running: dict[str, _Running] = {}
        self._before: dict[int, Any] = {}
        self._hurry = False

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, _end) for number in ENDING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            for impatient in (*ENDING, signal.SIGINT):
                self._before.setdefault(impatient, signal.signal(impatient, self._be_quick))
        try:
            self.stop_all()
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def start(self, program: Program, *, ready: str | None = None, seconds: float = 60.0) -> None:
        """Start the program; with `ready` wait until that address answers without an error."""
        if program.name in self._running:
            raise ValueError(f"{program.name} runs already")
        self._running[program.name] = _Running(program, self._spawn(program), time.monotonic())
        if ready:
            self.wait_ready(program.name, url=ready, seconds=seconds)

    def wait_ready(self, name: str, *, url: str, seconds: float = 60.0) -> None:
        """Wait until the address answers with a status below 500; notice at once when the program ends instead."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ended(name) is not None:
                raise ProgramEnded(f"{name} ended with {self.ended(name)} before it was ready\n{self.tail(name)}")
            if _answers(url):
                return
            time.sleep(POLL_SECONDS)
        raise NotReady(f"{name} did not answer at {url} within {seconds:.0f} s\n{self.tail(name)}")

    def pid(self, name: str) -> int:
        """Return the process number of a program, which is that of its group too."""
        return self._running[name].process.pid

    def ended(self, name: str) -> int | None:
        """Return the exit code of a program, or None while it runs."""
        return self._running[name].process.poll()

    def send(self, name: str, number: int, *, group: bool = False) -> None:
        """Send a signal to a program, or to its whole group. What it does then is its own affair."""
        running = self._running[name]
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(running.process.pid, number)  # it leads its group
            elif running.process.poll() is None:
                running.process.send_signal(number)

    def kill(self, name: str) -> None:
        """End a program and its children as a power cut would: at once and without a word."""
        _sweep(self._running.pop(name).process)

    def stop(self, name: str) -> int:
        """Ask a program to end, wait for it, sweep what is left of its group, and return its exit code."""
        running = self._running[name]
        if running.process.poll() is None:
            running.process.terminate()
        return self._collect(name)

    def stop_all(self) -> None:
        """Stop all programs, the last started first; they end side by side."""
        self.stop_together(list(reversed(self._running)))

    def stop_together(self, names: Sequence[str]) -> dict[str, int]:
        """Ask these programs to end at once, wait for all of them, and return their exit codes."""
        for name in names:
            process = self._running[name].process
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)  # a paused one could not end
                process.terminate()
        return {name: self._collect(name) for name in names}

    def watch(self, *, until: Callable[[], bool] = lambda: False, every: float = 0.5) -> None:
        """Wait until `until` says so. Start ended programs again where they ask for it, else raise ProgramEnded."""
        while not until():
            for running in list(self._running.values()):
                if running.process.poll() is not None:
                    self._mend(running)
            time.sleep(every)

    def tail(self, name: str, lines: int = 15) -> str:
        """Return the last lines of a program's log, each led by the program's name."""
        path = self.log_of(name)
        kept = path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []
        return "\n".join(f"{name} | {line}" for line in kept)

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HUB_PROCESS": program.name, **program.environment}
        with self.log_of(program.name).open("ab") as log:
            return subprocess.Popen(
                program.command, env=environment, cwd=program.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def _mend(self, running: _Running) -> None:
        program = running.program
        _sweep(running.process)
        if not program.restart:
            raise ProgramEnded(f"{program.name} ended with {running.process.returncode}\n{self.tail(program.name)}")
        running.failures = running.failures + 1 if time.monotonic() - running.started < 60 else 1
        self._say(f"{program.name} ended with {running.process.returncode}; starting it again")
        time.sleep(min(10.0, 0.5 * 2 ** (running.failures - 1)))
        running.process, running.started = self._spawn(program), time.monotonic()

    def _collect(self, name: str) -> int:
        running = self._running.pop(name)
        deadline = time.monotonic() + running.program.stop_seconds
        while running.process.poll() is None and time.monotonic() < deadline and not self._hurry:
            time.sleep(POLL_SECONDS)
        if running.process.poll() is None:
            self._say(f"{name} did not end by itself; killed")
        return _sweep(running.process)

    def _be_quick(self, number: int, frame: FrameType | None) -> None:
        """A second Ctrl-C while stopping: no more patience, but still nothing is left behind."""
        self._hurry = True


def python(*arguments: str) -> list[str]:
    """Return a command of this environment's Python."""
    return [sys.executable, *arguments]


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _sweep(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of a program's group, wait until it is gone, and return the program's exit code."""
    deadline = time.monotonic() + 2
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of the dead
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.005)
    return process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (an address on the loopback that we made)
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False
