"""docs/operations.md as an installer follows it: the settings are written and start, compose knows what it is told, a dump comes back."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import yaml

from hub.embedded import databases, postgres, roles
from hub.embedded.state import State, free_port
from tests.markdown import ROOT, shell_lines
from tests.staying import staying, wait_for
from tests.ways import ALL, PYTHON, lines_for

COMMANDS = shell_lines(ROOT / "docs" / "operations.md")


def shell(line: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        line, shell=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
    )
    assert done.returncode == 0, f"{line}\n{done.stdout.decode()[-2_000:]}\n{done.stderr.decode()[-2_000:]}"
    return done.stdout.decode()


# --- the settings

STARTED = """
import django; django.setup()
from django.conf import settings
print(settings.PRODUCTION, settings.OUTGOING, len(settings.SECRET_KEY) >= 50)
"""


@pytest.fixture
def load(django_db_setup: None, tmp_path: Path) -> str:
    """The settings as the page has them written, and how a shell loads them: of its own it knows the addresses that compose makes."""
    (tmp_path / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    bare = {"PATH": os.environ["PATH"]}
    for command in [one for one in COMMANDS if one.endswith((" .env", ">> .env"))]:
        shell(command, tmp_path, bare)
    path = tmp_path / ".env"
    path.write_text(filled(path.read_text(), tmp_path, bare))
    return f"set -a; . {shlex.quote(str(path))}; set +a; exec"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    addresses = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    static = {"STATIC_ROOT": str(tmp_path / "static"), "HUB_STATE_DIR": str(tmp_path)}
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    return {"PATH": path, "DJANGO_SETTINGS_MODULE": "hub.conf.settings", **addresses, **static}


def test_settings_written_as_the_page_says_start_production(load: str, bare: dict[str, str]) -> None:
    said = shell(f"{load} {PYTHON} -c {shlex.quote(STARTED)}", ROOT, bare)
    shell(f"{load} {PYTHON} manage.py check --deploy", ROOT, bare)

    assert said.split() == ["True", "off", "True"]


@pytest.mark.slow
@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_what_compose_starts_runs_in_production(service: str, load: str, bare: dict[str, str], tmp_path: Path) -> None:
    """Nothing but the container around it is missing: the image's and compose's own words, with those settings."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    image = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    port = free_port()
    words: list[str] = services[service].get("command") or json.loads(image.rpartition("CMD ")[2])
    moved = [
        word.replace("/srv/hub/state", str(tmp_path)).replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in words
    ]
    if service == "web":
        shell(f"{load} {PYTHON} manage.py collectstatic --noinput --verbosity 0", ROOT, bare)

    with staying(["sh", "-c", f"{load} {shlex.join(moved)}"], bare, folder=tmp_path, ending=signal.SIGTERM) as said:
        if service == "web":
            until(lambda: health(port) == 200)
        elif service == "worker":
            wait_for(said, "ready.", seconds=60)
        else:
            broker = redis.Redis.from_url(os.environ["REDIS_URL"])
            until(lambda: broker.llen("poll") + broker.llen("deliver") > 0)  # it rings, and nobody is there to hear

    assert "Traceback" not in said.read_text()


def health(port: int) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost"})
    with suppress(urllib.error.URLError), urllib.request.urlopen(request, timeout=5) as answer:
        status: int = answer.status
        return status
    return 0


def until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def filled(text: str, folder: Path, environment: dict[str, str]) -> str:
    """Fill in what is empty: with what the command in the remarks above it prints, else with a random word."""
    lines, command = [], ""
    for line in text.splitlines():
        if found := re.search(r"python3 (-c '.*')$", line):
            command = f"{sys.executable} {found[1]}"
        if re.fullmatch(r"[A-Z_]+=", line):
            line += shell(command, folder, environment).strip() if command else secrets.token_hex(24)
            command = ""
        lines.append(line)
    return "\n".join(lines) + "\n"


# --- compose


def compose(words: list[str]) -> argparse.Namespace:
    """Read what compose is told, as far as the pages use it; anything else is an error of usage."""
    parser = argparse.ArgumentParser(prog="docker compose", exit_on_error=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    switches = {"up": ("--detach", "--build", "--wait"), "build": (), "run": ("--rm", "--no-deps"), "exec": ("-T",)}
    for verb, known in switches.items():
        of_verb = verbs.add_parser(verb, exit_on_error=False)
        for switch in known:
            of_verb.add_argument(switch, action="store_true")
        if verb in ("run", "exec"):
            of_verb.add_argument("services", nargs=1)
            of_verb.add_argument("inside", nargs=argparse.REMAINDER)
        else:
            of_verb.add_argument("services", nargs="*")
    return parser.parse_args(words)


@pytest.mark.parametrize("command", [one for one in ALL if one.startswith("docker ")])
def test_what_compose_is_told_is_in_its_file(command: str) -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    words = shlex.split(re.sub(r" [<>] \S+$", "", command))
    assert words[:2] == ["docker", "compose"]

    told = compose(words[2:])

    assert set(told.services) <= set(services)
    if told.verb in ("run", "exec"):
        assert lines_for(command) or told.inside[0] in ("pg_dump", "pg_restore")
        service = services[told.services[0]]
        assert ("build" in service) == (told.inside[0] == "python"), "our image for ours, the server's for its own"
        if "setup_roles" in told.inside:
            assert {"OWNER_DATABASE_URL", "ADMIN_DATABASE_URL"} <= {k for k, v in service["environment"].items() if v}
    if told.verb == "up" and not told.services:
        assert waits_for(services, "web") >= {"migrate", "postgres", "valkey"}
        assert (ROOT / services["web"]["build"] / "Dockerfile").exists()


def waits_for(services: dict[str, Any], name: str) -> set[str]:
    assert {"web", "worker", "beat"} <= set(services)
    return set(services[name]["depends_on"])


# --- backup and restore


@pytest.fixture
def server(django_db_setup: None) -> postgres.Cluster:
    cluster = postgres.running(State.at())
    if cluster is None:
        pytest.skip("needs an administrator of the server")
    return cluster


@pytest.fixture
def names(server: postgres.Cluster) -> Iterator[tuple[str, str]]:
    """A migrated database to be saved, and the name of one that is not there yet."""
    owner_url = os.environ["OWNER_DATABASE_URL"]
    old, new = databases.scratch_name("saved"), databases.scratch_name("restored")
    databases.create(owner_url, old)
    yield old, new
    for name in (old, new):
        databases.drop(owner_url, name)


@pytest.mark.slow
def test_a_dump_is_brought_back_as_the_page_says(
    server: postgres.Cluster, names: tuple[str, str], tmp_path: Path
) -> None:
    """The block of commands in its order: a shop with orders is saved, and stands in another database as it was, fences and all."""
    old, new = names
    at = COMMANDS.index("echo OUTGOING=off >> .env")
    [save] = [one for one in COMMANDS if "pg_dump" in one]
    before, after = (environment(server, name) for name in names)
    shell(f"{PYTHON} manage.py create_tenant うつわの店 --owner you@example.jp", ROOT, before)
    shell(f"{PYTHON} -c {shlex.quote(SOME_ORDERS)}", ROOT, before)
    shell(inside(save, server, old), tmp_path, before)

    done = []
    for command in COMMANDS[at:]:
        if "pg_restore" in command:
            done.append(shell(inside(command, server, new), tmp_path, after))
        elif "manage.py" in command:
            done += [shell(line, ROOT, after) for line in lines_for(command)]
        elif command == "docker compose up --detach":
            shell(f"{PYTHON} manage.py migrate --verbosity 0", ROOT, after)

    assert len(done) == 3, "roles, rows, judge"
    assert counts(server, new) == counts(server, old)
    assert counts(server, new)["orders_order"] == 3
    assert shape(server, new) == shape(server, old)
    assert owned_by_others(server, new) == []


def test_a_backup_role_made_as_the_page_says_saves_every_row(
    server: postgres.Cluster, names: tuple[str, str], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    [made] = re.findall(r"`(CREATE ROLE hub_backup [^`]*)`", page)
    role = f"backup_{os.getpid()}"  # not hub_…: another test looks for exempt roles of ours
    made = made.replace("hub_backup", role).replace("…", "a long password")
    variables = environment(server, names[0])
    shell(f"{PYTHON} manage.py create_tenant 器の店 --owner me@example.jp", ROOT, variables)
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(made)
        try:
            dump = inside("docker compose exec -T postgres pg_dump -U postgres -Fc hub > hub.dump", server, names[0])
            shell(dump.replace("-U postgres", f"-U {role}"), tmp_path, {**variables, "PGPASSWORD": "a long password"})
        finally:
            admin.execute(f"DROP ROLE {role}")
    listed = shell(inside("docker compose exec -T postgres pg_restore -f - hub.dump", server, ""), tmp_path, variables)

    assert "器の店" in listed


SOME_ORDERS = """
import django; django.setup()
from hub.models import Tenant
from tests.factories import make_shop, mall_order, take_in
tenant = Tenant.objects.get()
take_in(tenant, make_shop(tenant), *(mall_order() for _ in range(3)))
"""


def environment(server: postgres.Cluster, name: str) -> dict[str, str]:
    """What the commands are told about a database; the server's own programs find their libraries and password."""
    programs = postgres._choose(State.at())[0]
    addresses = {key: roles.with_database(os.environ[key], name) for key in ("DATABASE_URL", "OWNER_DATABASE_URL")}
    return {
        **programs.environment(),
        **addresses,
        "ADMIN_DATABASE_URL": server.url,
        "PGPASSWORD": urlsplit(server.url).password or "",
        "OUTGOING": "off",
        "EMAIL_URL": "consolemail://",
    }


def inside(command: str, server: postgres.Cluster, database: str) -> str:
    """Return what a command of the server's container is here: the server's own program, and a database of the test."""
    found = re.fullmatch(r"docker compose exec -T postgres (pg_\w+) (.*)", command)
    assert found is not None, command
    program = postgres._choose(State.at())[0].bin / found[1]
    arguments = re.sub(r"(?<=\s)hub(?=\s|$)", database, found[2])
    address = "" if "-f -" in arguments else f"-h 127.0.0.1 -p {server.port} "
    return f"{shlex.quote(str(program))} {address}{arguments}"


def rows(server: postgres.Cluster, database: str, query: str) -> list[Any]:
    with psycopg.connect(roles.with_database(server.url, database), autocommit=True) as admin:
        return admin.execute(query).fetchall()


def counts(server: postgres.Cluster, database: str) -> dict[str, int]:
    tables = rows(server, database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return {name: rows(server, database, f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in tables}


def shape(server: postgres.Cluster, database: str) -> list[Any]:
    """Return what keeps tenants apart: policies, forced row security, functions with their owners and rights."""
    return [
        rows(server, database, "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"),
        rows(server, database, "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r' ORDER BY 1"),
        rows(server, database, """SELECT proname, proowner::regrole::text, prosecdef, proacl::text FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace ORDER BY 1"""),
        rows(server, database, """SELECT relname, relacl::text FROM pg_class WHERE relkind IN ('r', 'S')
            AND relnamespace = 'public'::regnamespace ORDER BY 1"""),
    ]  # fmt: skip


def owned_by_others(server: postgres.Cluster, database: str) -> list[Any]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'hub_owner'"
    return rows(server, database, query)
