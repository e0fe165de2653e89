"""What the documents say can be done is done here: every command of README and docs is run, as it stands or as the table WAYS says."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.embedded import databases, postgres, roles
from hub.embedded.state import State, free_port
from hub.models import Tenant
from tests.markdown import PAGES, ROOT, commands

PYTHON = ".venv/bin/python"
MAKE = "env --unset=MAKEFLAGS --unset=MAKELEVEL make --old-file=.venv/made --old-file=browser"
"""Nothing is installed by a test: what is there is taken as made."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a command of the pages is run. `runs` are the lines that are run in its stead, with what it named; none: the line itself."""

    says: str
    runs: tuple[str, ...] = ()
    why: str = ""


WAYS = (
    Way(says=r"make help", runs=(f"{MAKE} help",)),
    Way(
        says=r"make demo",
        why="a program that stays: started, looked at and ended in test_demo_… below, with fewer past orders",
    ),
    Way(says=r"make serve", why="a program that stays: started, looked at and ended in test_serve_… below"),
    Way(
        says=r"make test",
        runs=(f"{MAKE} test ARGS='-q -p no:cacheprovider tests/orders/test_carriers.py'",),
        why="all of them would run this one again",
    ),
    Way(
        says=r"make lint",
        runs=(f"{MAKE} --dry-run lint",),
        why="a minute of mypy, and .ci/run does it before the tests",
    ),
    Way(
        says=r"make journey",
        runs=(f"{PYTHON} manage.py journey --help", f"{MAKE} --dry-run journey"),
        why="minutes; .ci/run does it",
    ),
    Way(
        says=r"make bench",
        runs=(f"{PYTHON} -m benches --help", f"{MAKE} --dry-run bench"),
        why="minutes a row, and its figures would mean nothing beside other tests",
    ),
    Way(
        says=r"make chaos((?: [A-Z]+=\S+)*)",
        runs=(f"{PYTHON} manage.py chaos --help", f"{MAKE} --dry-run chaos\\1"),
        why="a minute a row",
    ),
    Way(
        says=r"make features",
        runs=(f"{PYTHON} manage.py features --help", f"{MAKE} --dry-run features"),
        why="runs the tests",
    ),
    Way(says=r"make (translations|format|shots|lock)", runs=(f"{MAKE} --dry-run \\1",), why="writes into the tree"),
    Way(says=r"make (venv|browser|messages)", runs=(f"{MAKE} \\1",)),
    Way(
        says=r"make stop",
        runs=(f"{PYTHON} -m hub.embedded stop --unless-used",),
        why="these tests use what it would stop",
    ),
    Way(
        says=r"manage\.py outgoing off \[--tenant N\]",
        runs=(
            f"{PYTHON} manage.py outgoing off",
            f"{PYTHON} manage.py outgoing on",
            f"{PYTHON} manage.py outgoing off --tenant {{tenant}}",
        ),
    ),
    Way(
        says=r"manage\.py (judge|tick --once|features --help|rotate_keys(?: --dry-run)?)",
        runs=(f"{PYTHON} manage.py \\1",),
    ),
    Way(says=r"manage\.py migrate.*", runs=(f"{PYTHON} manage.py migrate --verbosity 0",)),
    Way(says=r"manage\.py setup_roles.*", runs=(f"{PYTHON} manage.py setup_roles",)),
    Way(
        says=r"manage\.py api_docs.*",
        runs=(f"{PYTHON} manage.py api_docs --check",),
        why="it would write into the tree",
    ),
    Way(
        says=r"manage\.py (\w+) [A-Z <>]+",
        runs=(f"{PYTHON} manage.py \\1 --help",),
        why="it needs values that the page does not give",
    ),
    Way(
        says=r"(\.venv/bin/pytest .*)-k <name>",
        runs=(r"\1-q -p no:cacheprovider -k rakuten",),
        why="a mall that is there",
    ),
    Way(says=r"(\.venv/bin/pytest .*)", runs=(r"\1 -q -p no:cacheprovider",)),
    Way(
        says=r"(?:\.venv/bin/)?python -m (simulators\.\w+) .*",
        why="a program that stays: started and ended in test_simulators_… below",
    ),
)


def way_of(command: str) -> tuple[Way, re.Match[str]]:
    found = ((way, re.fullmatch(way.says, command)) for way in WAYS)
    return next(((way, match) for way, match in found if match), (Way(says=""), re.fullmatch("", "")))  # type: ignore[return-value]


def lines_for(command: str) -> list[str]:
    """Return the lines that are run for a command."""
    way, match = way_of(command)
    return [match.expand(line) for line in way.runs]


ALL = list(dict.fromkeys(command for page in PAGES for command in commands(page)))


def test_every_command_of_the_pages_is_in_the_table() -> None:
    unknown = [command for command in ALL if not way_of(command)[0].says]

    assert unknown == [], "say in WAYS how to run them"
    assert {"make demo", "make test"} <= set(commands(ROOT / "README.md"))


@pytest.fixture(scope="module")
def environment(django_db_setup: None) -> Iterator[dict[str, str]]:
    """What the commands are told: a migrated database of their own, and the administrator of the embedded server where there is one."""
    owner_url, name = os.environ["OWNER_DATABASE_URL"], databases.scratch_name("docs")
    databases.create(owner_url, name)
    cluster = postgres.running(State.at())
    admin = {"ADMIN_DATABASE_URL": cluster.url} if cluster else {}
    mine = {key: roles.with_database(os.environ[key], name) for key in ("DATABASE_URL", "OWNER_DATABASE_URL")}
    yield {**os.environ, **mine, **admin, "EMAIL_URL": "consolemail://"}
    databases.drop(owner_url, name)


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in ALL if lines_for(command)])
def test_command_runs(command: str, environment: dict[str, str], tenant: Tenant) -> None:
    if "setup_roles" in command and "ADMIN_DATABASE_URL" not in environment:
        pytest.skip("needs an administrator of the server")
    for line in lines_for(command):
        of_tenant = "{tenant}" in line  # then it acts on one of this run's own
        run(line.replace("{tenant}", str(tenant.pk)), dict(os.environ) if of_tenant else environment)


def run(line: str, environment: dict[str, str]) -> str:
    words = shlex.split(line)
    done = subprocess.run(
        words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


# --- programs that stay


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder for services of their own; open to enter, because the server may run under another account."""
    with tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def staying(line: str, environment: dict[str, str], *, folder: Path) -> Iterator[Path]:
    """Start a program in a group of its own, end it as Ctrl-C does, and see that it goes; yield the file of what it says."""
    said = folder / "said"
    environment = {**environment, "PYTHONUNBUFFERED": "1"}
    with said.open("w") as file:
        program = subprocess.Popen(
            shlex.split(line), cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield said
            assert program.poll() is None, said.read_text()
        finally:
            os.killpg(program.pid, signal.SIGINT)
            program.wait(timeout=120)


def wait_for(said: Path, words: str, *, seconds: float = 240) -> str:
    until = time.monotonic() + seconds
    while words not in said.read_text():
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.1)
    return said.read_text()


def sign_in_page(port: int) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}/sign-in/", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def nobody_answers(port: int) -> bool:
    try:
        sign_in_page(port)
    except urllib.error.URLError:
        return True
    return False


def recipe(target: str) -> str:
    """Return the last line that make would run for a target."""
    return run(f"{MAKE} --dry-run {target}", dict(os.environ)).strip().splitlines()[-1]


@pytest.mark.slow
def test_serve_answers_until_it_is_told_to_end(environment: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    mine = {**environment, "STATIC_ROOT": str(tmp_path / "static")}

    with staying(f"{MAKE} serve PORT={port}", mine, folder=tmp_path) as said:
        wait_for(said, "serving on")
        assert "<form" in sign_in_page(port)

    assert nobody_answers(port)


@pytest.mark.slow
def test_demo_is_there_to_sign_in_to_and_leaves_nothing_running(state: Path) -> None:
    if postgres.running(State.at()) is None:
        pytest.skip("needs the embedded services: the demo keeps a database of its own")
    theirs = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")
    bare = {name: value for name, value in os.environ.items() if name not in theirs} | {"HUB_STATE_DIR": str(state)}
    port = free_port()

    with staying(f"{recipe(f'demo PORT={port} SPEED=10')} --past 20", bare, folder=state) as said:
        told = wait_for(said, "Ctrl-C ends everything")
        second = subprocess.run(
            [PYTHON, "manage.py", "demo", "--port", str(port)], cwd=ROOT, env=bare, capture_output=True, text=True
        )
        assert (second.returncode, f"port {port} is taken" in second.stderr) == (1, True), second.stderr
        assert re.search(r"owner +owner@demo\.example +password \S+", told)
        assert "<form" in sign_in_page(port)

    assert nobody_answers(port)
    assert subprocess.run(["pgrep", "-f", str(state)], capture_output=True).stdout == b""


@pytest.mark.parametrize("name", ["rakuten", "rsl", "mail"])
def test_simulators_start_as_their_pages_say_and_end(name: str, tmp_path: Path) -> None:
    page = (ROOT / "simulators" / name / "README.md").read_text()
    [command] = re.findall(rf"^ {{4}}python -m (simulators\.{name} .*)$", page, re.M)
    line = re.sub(r" \[.*", "", command).replace("FILE", str(tmp_path / "ledger.jsonl"))
    line = re.sub(r"port \d+", lambda _: f"port {free_port()}", line)

    with staying(f"{sys.executable} -m {line}", dict(os.environ), folder=tmp_path) as said:
        wait_for(said, "listening on", seconds=30)


# --- what the pages point to


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    folders = "hub|orders|warehouses|automation|mailer|documents|channels_rakuten|simulators|tests|docs|drivers|benches"
    paths = re.findall(rf"`((?:{folders})/[\w./]+\.\w+)`", text)
    missing += [path for path in paths if not any((root / path).exists() for root in (ROOT, ROOT / "tests"))]
    assert missing == []
