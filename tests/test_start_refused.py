"""No program of the product starts on a database role that row security does not bind: each ends at once and names the role."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from hub.embedded import postgres, programs, roles
from hub.embedded.state import State, free_port
from tests.markdown import ROOT

PASSWORD = "a long password"


def command(program: str, folder: Path) -> list[str]:
    """Return how a program is started."""
    port = free_port()
    made: dict[str, Callable[[], Sequence[str]]] = {
        "web": lambda: programs.web(port=port, workers=1).command,
        "worker": lambda: programs.worker(processes=1).command,
        "beat": lambda: programs.beat(state=folder).command,
        "tick": lambda: [sys.executable, "manage.py", "tick", "--once"],
        "judge": lambda: [sys.executable, "manage.py", "judge"],
        "serve": lambda: [sys.executable, "manage.py", "serve", "--port", str(port)],
    }
    return list(made[program]())


PROGRAMS = ("web", "worker", "beat", "tick", "judge", "serve")


@pytest.fixture(scope="module")
def exempt(django_db_setup: None) -> Iterator[dict[str, str]]:
    """Addresses of this run's database for roles that are exempt, each in one way alone."""
    cluster = postgres.running(State.at())
    if cluster is None:
        pytest.skip("needs an administrator of the server")
    home = urlsplit(os.environ["DATABASE_URL"])
    bypassing = f"passer_{os.getpid()}"
    with psycopg.connect(cluster.url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {bypassing} LOGIN BYPASSRLS PASSWORD '{PASSWORD}'")
        admin.execute(f"GRANT hub_app TO {bypassing}")
        try:
            place = home.netloc.rpartition("@")[2]
            yield {
                "has BYPASSRLS": home._replace(netloc=f"{bypassing}:{PASSWORD.replace(' ', '%20')}@{place}").geturl(),
                "owns tables": os.environ["OWNER_DATABASE_URL"],
                "is a superuser": roles.with_database(cluster.url, home.path.removeprefix("/")),
            }
        finally:
            admin.execute(f"DROP ROLE {bypassing}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "fault"),
    [(program, "has BYPASSRLS") for program in PROGRAMS] + [(one, "owns tables") for one in PROGRAMS] + [("tick", "is a superuser")],
)  # fmt: skip
def test_a_start_on_an_exempt_role_is_refused(program: str, fault: str, exempt: dict[str, str], tmp_path: Path) -> None:
    role = urlsplit(exempt[fault]).username

    ended = start(program, exempt[fault], tmp_path)

    assert ended.returncode != 0
    assert f"DATABASE_URL names {role}, a role that {fault}" in ended.stderr.replace(", may create tables", "")
    assert "Run as hub_app" in ended.stderr
    assert PASSWORD not in ended.stderr


def test_the_ordinary_role_is_not(django_db_setup: None, tmp_path: Path) -> None:
    ended = start("tick", os.environ["DATABASE_URL"], tmp_path)

    assert (ended.returncode, "DATABASE_URL names" in ended.stderr) == (0, False), ended.stderr


def start(program: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start a program on this address and wait for its end; one that stays is an error of the test's time."""
    return subprocess.run(
        command(program, folder), cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, timeout=60
    )  # fmt: skip
