"""Where a run lives: a folder, a database, a Valkey and ports of its own, so that runs do not meet each other or the demo."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from hub.embedded import databases, environment, postgres, roles, valkey
from hub.embedded.state import PROJECT, State, free_port, is_alive

VARIABLE = "HUB_RUN_FOLDER"
COMPLETE = "complete.json"
"""The file that a lasting place gets when it is filled; without it the place is made anew."""
KEEP = "HUB_KEEP_RUN"
"""Set to keep the run's database for looking at; it is dropped when a later run of the purpose begins."""
KEPT_RUNS = 5
TRUE_GAP_SECONDS = 0.05
"""The mall's gap between two calls of a shop, in a run: the hub and the judge are told the same."""


class NoOwner(RuntimeError):
    """The run needs a database of its own, and so the owner's address."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One run's own things."""

    folder: Path
    database: str
    home_url: str
    """Another database of the same owner: one cannot drop the database one is in."""
    web_port: int
    mall_port: int
    warehouse_port: int
    smtp_port: int
    mail_control_port: int

    @property
    def ledgers(self) -> Path:
        """The simulators' ledgers: mall.jsonl, rsl.jsonl, mail.jsonl."""
        return self.folder / "ledgers"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def owner_url(self) -> str:
        """The run's database as its owner: for watching across tenants."""
        return os.environ["OWNER_DATABASE_URL"]

    @classmethod
    def current(cls) -> Self | None:
        """Return the place this process runs in, if it was started inside one; once, at its start."""
        folder = os.environ.get(VARIABLE)
        if not folder:
            return None
        environment.take_over()
        kept = json.loads((Path(folder) / "place.json").read_text())
        return cls(**{**kept, "folder": Path(folder)})

    def keep(self) -> None:
        """Write the place down for `current`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledgers.mkdir(exist_ok=True)
        (self.folder / "place.json").write_text(json.dumps({**asdict(self), "folder": str(self.folder)}, indent=1))


@contextlib.contextmanager
def inside(purpose: str, **settings: str) -> Iterator[Place]:
    """Yield the run's place; outside of one, make it and start this very command anew inside it.

    Django reads its settings once, so they must be in the environment before it starts. `settings` replace those of `_environment`.
    """
    place = Place.current()
    if place is None:
        _enter(_make(purpose), settings)
    assert place is not None
    try:
        yield place
    finally:
        valkey.stop(State(place.folder))
        if not os.environ.get(KEEP):
            databases.drop(place.home_url, place.database)


def persistent(purpose: str, *, web_port: int, settings: dict[str, str]) -> Place:
    """Return the one place of this purpose, which stays; made anew when the tables or the simulators have changed since.

    Outside of it, this very command is started anew inside.
    """
    place = Place.current()
    if place is None:
        place = _renew(purpose, web_port)
        redis_url = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/1"
        _enter(place, {"REDIS_URL": redis_url, **settings})
    return place


def _renew(purpose: str, web_port: int) -> Place:
    owner_url = _owner_url()
    folder = State.at().folder / purpose
    shape = f"{databases.fingerprint()} {_shape_of_simulators()}"
    shape_file = folder / "shape"
    whole = (folder / COMPLETE).exists() and shape_file.exists() and shape_file.read_text() == shape
    if not whole or not databases.exists(owner_url, purpose):
        shutil.rmtree(folder, ignore_errors=True)
        databases.create(owner_url, purpose)
    place = Place(folder=folder, database=purpose, home_url=owner_url, **{**free_ports(), "web_port": web_port})
    place.keep()
    shape_file.write_text(shape)
    return place


def _shape_of_simulators() -> str:
    """Return a hash over the simulators: what they keep over a restart is read by the code that wrote it only."""
    total = hashlib.sha256()
    for path in sorted((PROJECT / "simulators").rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _enter(place: Place, settings: dict[str, str]) -> None:
    redis = {} if "REDIS_URL" in settings else {"REDIS_URL": valkey.start(State(place.folder))}
    told = {**os.environ, **_environment(place), **redis, **environment.hand_on(), **settings}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], told)


def _make(purpose: str) -> Place:
    owner_url = _owner_url()
    runs = State.at().folder / "runs"
    _forget_old(runs, purpose)
    name = databases.scratch_name(purpose)
    place = Place(folder=runs / f"{purpose}-{os.getpid()}", database=name, home_url=owner_url, **free_ports())
    shutil.rmtree(place.folder, ignore_errors=True)
    place.keep()
    databases.create(owner_url, name)
    return place


def _owner_url() -> str:
    url = os.environ.get("OWNER_DATABASE_URL", "")
    if not url:
        raise NoOwner("OWNER_DATABASE_URL is not set: this run makes a database of its own")
    return url


def free_ports() -> dict[str, int]:
    """Return a free port for each process that listens."""
    names = ("web_port", "mall_port", "warehouse_port", "smtp_port", "mail_control_port")
    return {name: free_port() for name in names}


def _forget_old(runs: Path, purpose: str) -> None:
    """Keep the folders of the last runs, for their logs and ledgers."""
    runs.mkdir(parents=True, exist_ok=True)
    ended = [f for f in runs.glob(f"{purpose}-*") if not is_alive(int(f.name.rpartition("-")[2]))]
    for folder in sorted(ended, key=lambda f: f.stat().st_mtime)[: -KEPT_RUNS or None]:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(place: Place) -> dict[str, str]:
    """Return what the processes of a run are told: own services, the simulators' addresses, times short enough for a run."""
    return {
        VARIABLE: str(place.folder),
        "HUB_ENV": "development",
        "DATABASE_URL": roles.with_database(os.environ["DATABASE_URL"], place.database),
        "OWNER_DATABASE_URL": roles.with_database(os.environ["OWNER_DATABASE_URL"], place.database),
        **addresses(place),
        "MALL_GAP_SECONDS": str(TRUE_GAP_SECONDS),
        "QUIET_MALL_SECONDS": "6",
        "QUIET_WAREHOUSE_SECONDS": "6",
        "LEASE_SECONDS": "8",
        "TICK_SECONDS": "1",
        "OUTGOING": "on",
        "EMAIL_URL": "consolemail://",
        "LOG_LEVEL": "WARNING",
    }


def addresses(place: Place) -> dict[str, str]:
    """Return where the simulators are, as the hub's settings name it."""
    return {
        "RAKUTEN_BASE_URL": f"http://127.0.0.1:{place.mall_port}",
        "RSL_BASE_URL": f"http://127.0.0.1:{place.warehouse_port}",
    }


def admin_url() -> str:
    """Return the embedded cluster as its administrator, for ending sessions. Raises NoOwner where there is none."""
    cluster = postgres.running(State.at())
    if cluster is None:
        raise NoOwner("this row ends sessions of the database and needs the embedded PostgreSQL")
    return cluster.url
