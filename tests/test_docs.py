"""What the documents say can be done is done here: every command of README and docs is run, as it stands or as the table WAYS says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.embedded import databases, postgres, roles
from hub.embedded.state import State, free_port
from hub.models import Tenant
from tests.markdown import LANGUAGES, PAGES, ROOT, blocks, commands
from tests.staying import staying, wait_for
from tests.ways import ALL, MAKE, PYTHON, WAYS, lines_for, way_of


def test_every_command_of_the_pages_is_in_the_table() -> None:
    unknown = [command for command in ALL if way_of(command) is None]

    assert unknown == [], "say in WAYS how to run them"
    assert {"make demo", "make test"} <= set(commands(ROOT / "README.md"))


def test_every_way_runs_something_and_every_block_says_what_it_is() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests").glob("test_docs*.py"))

    assert [way.says for way in WAYS if not way.runs and f"\ndef {way.by}(" not in tests] == []
    assert [way.says for way in WAYS if way.by and f"\ndef {way.by}(" not in tests] == []
    assert [(page.name, lines) for page in PAGES for language, lines in blocks(page) if language not in LANGUAGES] == []


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
    if command.startswith("git ") and not (ROOT / ".git").exists():
        pytest.skip("this tree is a copy, not a clone")
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

    with staying(shlex.split(f"{MAKE} serve PORT={port}"), mine, folder=tmp_path) as said:
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

    with staying(shlex.split(f"{recipe(f'demo PORT={port} SPEED=10')} --past 20"), bare, folder=state) as said:
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

    with staying(shlex.split(f"{sys.executable} -m {line}"), dict(os.environ), folder=tmp_path) as said:
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
