"""The table of how each command of README and docs is run by the tests: as it stands, in another way, or by a test of its own."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass

from tests.markdown import PAGES, ROOT, commands

PYTHON = ".venv/bin/python"
MAKE = "env --unset=MAKEFLAGS --unset=MAKELEVEL make --old-file=.venv/made --old-file=browser"
"""Nothing is installed by a test: what is there is taken as made."""
NO_ENGINE = "no docker engine where the tests run: compose's file is read instead, and what runs inside runs here"


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a command of the pages is run: `runs` are the lines that are run for it, with what it named; `by` is the test that does
    what no line can; `why` says what keeps it from being run as it stands."""

    says: str
    runs: tuple[str, ...] = ()
    by: str = ""
    why: str = ""


WAYS = (
    Way(says=r"make help", runs=(f"{MAKE} help",)),
    Way(
        says=r"make demo",
        by="test_demo_is_there_to_sign_in_to_and_leaves_nothing_running",
        why="a program that stays; here with fewer past orders",
    ),
    Way(says=r"make serve", by="test_serve_answers_until_it_is_told_to_end", why="a program that stays"),
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
        says=r"manage\.py retain(?: --dry-run)?(?: \[--tenant N\])?",
        runs=(
            f"{PYTHON} manage.py retain --dry-run",
            f"{PYTHON} manage.py retain --dry-run --tenant {{tenant}}",
            f"{PYTHON} manage.py retain --tenant {{tenant}}",
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
        by="test_simulators_start_as_their_pages_say_and_end",
        why="a program that stays",
    ),
    Way(says=r"(?:cp|echo) .*\.env", by="test_settings_written_as_the_page_says_start_production"),
    Way(
        says=r"git pull",
        runs=("git check-ignore .env", "git check-ignore hub.dump"),
        why="it would change the tree; what the pages put into it must not stand in the way, nor be added by mistake",
    ),
    Way(
        says=r"docker compose run .* python (manage\.py .+)",
        runs=(f"{PYTHON} \\1",),
        by="test_what_compose_is_told_is_in_its_file",
        why=NO_ENGINE,
    ),
    Way(says=r"docker compose (?:up|build).*", by="test_what_compose_is_told_is_in_its_file", why=NO_ENGINE),
    Way(
        says=r"docker compose exec .* pg_(?:dump|restore) .*",
        by="test_a_dump_is_brought_back_as_the_page_says",
        why=NO_ENGINE,
    ),
)


def way_of(command: str) -> tuple[Way, re.Match[str]] | None:
    """Return the first way that fits the command."""
    found = ((way, re.fullmatch(way.says, command)) for way in WAYS)
    return next(((way, match) for way, match in found if match), None)


def lines_for(command: str) -> list[str]:
    """Return the lines that are run for a command."""
    found = way_of(command)
    return [found[1].expand(line) for line in found[0].runs] if found else []


ALL = list(dict.fromkeys(command for page in PAGES for command in commands(page)))


def run(line: str, environment: dict[str, str]) -> str:
    words = shlex.split(line)
    done = subprocess.run(
        words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout
