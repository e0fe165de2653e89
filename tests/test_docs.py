"""What the documents say can be done can be done: every command they name exists, every path they name is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[str]:
    """Return the commands of a page: lines of code blocks without a language, and `make …` or `manage.py …` in the text."""
    text = page.read_text()
    blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`((?:make|manage\.py) [^`]+)`", text)
    return [line for line in [*lines, *inline] if re.match(r"(make|manage\.py|\.venv/bin/)", line)]


ALL = [(page.name, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(("page", "command"), ALL)
def test_command_exists(page: str, command: str) -> None:
    words = [word.strip("[]") for word in shlex.split(command)]
    if words[0] == "make":
        done = subprocess.run(["make", "-n", words[1]], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    elif words[0] == "manage.py":
        assert words[1] in get_commands()
    else:
        paths = [word for word in words[1:] if word.startswith("tests/")]
        assert paths, command
        assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    paths = re.findall(
        r"`((?:hub|orders|warehouses|automation|mailer|documents|channels_rakuten|simulators|tests|docs)/[\w./]+\.\w+)`",
        text,
    )
    missing += [path for path in paths if not (ROOT / path).exists()]
    assert missing == []


def test_readme_names_the_two_commands() -> None:
    assert {"make demo", "make test"} <= {command for name, command in ALL if name == "README.md"}
    assert sys.version_info >= (3, 11)
