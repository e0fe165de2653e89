"""Where the embedded services keep their files, under which account they run, and who is using them."""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]


class EmbeddedError(RuntimeError):
    """An embedded service could not be found, started or stopped."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs as when we are root, because PostgreSQL refuses root."""

    uid: int
    gid: int

    @classmethod
    def wanted(cls) -> "Account | None":
        """Return the account to step down to, or None when we are an ordinary user already."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise EmbeddedError(
            "running as root, and there is no unprivileged account (postgres or nobody) to run PostgreSQL as"
        )


@dataclass(frozen=True)
class State:
    """One state folder: its services, their passwords and ports, and the locks around them."""

    folder: Path

    @classmethod
    def at(cls, wanted: str | Path | None = None) -> "State":
        """Return the state folder: the one asked for, else HUB_STATE_DIR, else `.state/` of the project.

        An unprivileged server cannot enter a folder below a closed one (/root), so root's state moves to the temporary folder then.
        """
        asked = str(wanted or os.environ.get("HUB_STATE_DIR") or PROJECT / ".state")
        folder = Path(asked).resolve()
        if Account.wanted() and any(
            not part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists()
        ):
            moved = hashlib.sha256(str(folder).encode()).hexdigest()[:10]
            folder = Path(tempfile.gettempdir()) / f"order-hub-{moved}"
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise EmbeddedError(f"{folder} belongs to another user; set HUB_STATE_DIR to a folder of your own")
        folder.chmod(0o755)
        return cls(folder)

    @cached_property
    def account(self) -> Account | None:
        return Account.wanted()

    @property
    def kept(self) -> Path:
        """The private file of passwords, keys and ports."""
        return self.folder / "secrets.json"

    def keep(self, name: str, value: str | None = None) -> str:
        """Return the kept value of this name; the first time it is made (random, or the one given) and written down."""
        found = self.recall(name)
        if found is None:
            with self.locked("secrets"):
                found = self.recall(name) or value or secrets.token_urlsafe(24)
                self._write(name, found)
        return found

    def write(self, name: str, value: str) -> None:
        """Keep this value, whatever was kept before."""
        with self.locked("secrets"):
            self._write(name, value)

    def _write(self, name: str, value: str) -> None:
        everything = json.loads(self.kept.read_text()) if self.kept.exists() else {}
        write_private(self.kept, json.dumps({**everything, name: value}, indent=1))

    def recall(self, name: str) -> str | None:
        """Return a value that was kept before, or None."""
        with contextlib.suppress(FileNotFoundError):
            found = json.loads(self.kept.read_text()).get(name)
            return None if found is None else str(found)
        return None

    def port(self, name: str) -> int:
        """Return the port of this service: the same at every start as long as nobody else has taken it."""
        port = int(self.keep(f"{name}_port", str(free_port())))
        if not port_is_free(port):
            port = free_port()
            self.write(f"{name}_port", str(port))
        return port

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the lock of this name, waiting for it; it ends with the process at the latest."""
        with open(self.folder / f"{name}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def use(self) -> IO[str]:
        """Say that this process, and those it starts, need the services until the returned file is closed."""
        file = open(self.folder / "users.lock", "w")  # noqa: SIM115  (held open on purpose)
        os.set_inheritable(file.fileno(), True)
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def is_used(self) -> bool:
        """Say whether a process holds the services through `use`."""
        with open(self.folder / "users.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner can read it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(name, path)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Say whether something listens on this port of the loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def is_alive(pid: int) -> bool:
    """Say whether the process still runs; one that ended but was not yet collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    ended = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not ended.strip().startswith("Z")
