"""What the documents say can be done is done here: every command of README and docs is run, as it stands or as the table WAYS says."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.embedded import databases, postgres, roles
from hub.embedded.state import State, free_port
from hub.models import Tenant
from tests.browser.screens import LISTS, SCREENS
from tests.markdown import LANGUAGES, PAGES, ROOT, blocks, commands
from tests.staying import nobody_answers, sign_in_page, staying, wait_for
from tests.ways import ALL, MAKE, WAYS, lines_for, run, way_of


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


# --- programs that stay


@pytest.mark.slow
def test_serve_answers_until_it_is_told_to_end(environment: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    mine = {**environment, "STATIC_ROOT": str(tmp_path / "static")}

    with staying(shlex.split(f"{MAKE} serve PORT={port}"), mine, folder=tmp_path) as said:
        wait_for(said, "serving on")
        assert "<form" in sign_in_page(port)

    assert nobody_answers(port)


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


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_every_screen_has_its_pictures(name: str) -> None:
    """At each width, in each theme and language; lists with no, one and fifty rows as well."""
    kept = {path.stem for path in (ROOT / "docs" / "pictures").glob(f"{name}-*.webp")}
    wanted = [""] + (["-empty", "-one", "-fifty"] if name in LISTS else [])

    for suffix in wanted:
        seen = {
            match.groups()
            for match in (re.fullmatch(rf"{name}-(1440|390)-(light|dark)-(ja|en){suffix}", stem) for stem in kept)
            if match
        }
        assert len(seen) >= 4, (name, suffix, "run `make shots`")
        assert [set(values) for values in zip(*seen, strict=True)] == [{"1440", "390"}, {"light", "dark"}, {"ja", "en"}]
