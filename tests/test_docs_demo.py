"""The demo as README promises it: one command, a sign-in that it prints, orders that arrive, less than 1 GB, and nothing left behind."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hub.embedded import postgres
from hub.embedded.state import State, free_port
from tests.markdown import ROOT
from tests.staying import nobody_answers, staying, wait_for
from tests.ways import MAKE, PYTHON, run

MOST_MB = 1_000
SPEED = 30


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder for services of their own; open to enter, because the server may run under another account."""
    with tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def recipe(target: str) -> str:
    """Return the last line that make would run for a target."""
    return run(f"{MAKE} --dry-run {target}", dict(os.environ)).strip().splitlines()[-1]


@pytest.mark.slow
def test_demo_is_there_to_sign_in_to_and_leaves_nothing_running(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if postgres.running(State.at()) is None:
        pytest.skip("needs the embedded services: the demo keeps a database of its own")
    theirs = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")
    bare = {name: value for name, value in os.environ.items() if name not in theirs} | {"HUB_STATE_DIR": str(state)}
    port = free_port()
    command = shlex.split(f"{recipe(f'demo PORT={port} SPEED={SPEED}')} --past 20")

    with staying(command, bare, folder=state) as said:
        told = wait_for(said, "Ctrl-C ends everything")
        began = datetime.now(UTC)
        second = subprocess.run(
            [PYTHON, "manage.py", "demo", "--port", str(port)], cwd=ROOT, env=bare, capture_output=True, text=True
        )
        assert (second.returncode, f"port {port} is taken" in second.stderr) == (1, True), second.stderr
        [sign_in] = re.findall(r"owner +(owner@demo\.example) +password (\S+)", told)
        with closing(signed_in(port, *sign_in)) as person:
            assert "二段階認証がまだです" in person.get("/").text, "offered, with a banner"
            past = listed(person)
            assert past, "the shops have a past"
            most = arrives(person, past, began, state)

    with capsys.disabled():
        sys.stdout.write(f"\nthe whole demo, with PostgreSQL and Valkey: at most {most} MB of memory\n")
    assert most < MOST_MB
    assert nobody_answers(port)
    assert subprocess.run(["pgrep", "-f", str(state)], capture_output=True).stdout == b""


def signed_in(port: int, email: str, password: str) -> httpx.Client:
    """Return somebody who has signed in through the form."""
    client = httpx.Client(base_url=f"http://localhost:{port}", follow_redirects=True, trust_env=False, timeout=30)
    form = client.get("/sign-in/").text
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form))
    answer = client.post("/sign-in/", data={"login": email, "password": password, "csrfmiddlewaretoken": token})
    assert (answer.status_code, answer.url.path) == (200, "/"), answer.text[:2_000]
    return client


def listed(person: httpx.Client) -> dict[str, datetime]:
    """Return the orders of the list: number, and when they were placed."""
    rows = re.findall(
        r'name="orders" value="\w{13}" aria-label="([\d-]+)".*?class="c-at"><time datetime="([^"]+)"',
        person.get("/orders/").text,
        re.S,
    )
    return {number: datetime.fromisoformat(placed) for number, placed in rows}


def arrives(person: httpx.Client, past: dict[str, datetime], began: datetime, state: Path) -> int:
    """Wait until an order stands in the list that was placed after the start; return the most memory used meanwhile, in MB."""
    most, until = memory_of(state), time.monotonic() + 300
    while not any(placed > began for number, placed in listed(person).items() if number not in past):
        assert time.monotonic() < until, "no order came"
        time.sleep(2)
        most = max(most, memory_of(state))
    return most


def memory_of(state: Path) -> int:
    """Return the memory in MB of everything that runs for this folder: what processes share is counted once (PSS)."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    ours = {pid for pid in parents if runs_for(pid, state)}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    total = 0
    for pid in ours:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(kb) for kb in re.findall(r"^Pss: +(\d+) kB", rollup, re.M))
    assert len(ours) >= 10, "web, worker, beat, three simulators, two servers and the demo itself"
    return total // 1024


def runs_for(pid: int, state: Path) -> bool:
    """Say whether a process was told of this folder: in its words, or in its environment."""
    told = f"{state}".encode()
    for name in ("cmdline", "environ"):
        try:
            if told in Path(f"/proc/{pid}/{name}").read_bytes():
                return True
        except OSError:
            continue
    return False
