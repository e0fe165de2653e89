"""docs/add-a-mall.md is followed to the letter in a copy of the tree: two folders, one line, and the laws hold. Nothing else is edited."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.markdown import ROOT, lines_of, shell_lines

PAGE = ROOT / "docs" / "add-a-mall.md"
SAMPLE = ROOT / "tests" / "sample_mall"
REGISTRY = Path("hub/conf/registry.py")
NOT_COPIED = (
    ".git",
    ".venv",
    ".state",
    "pictures",
    "node_modules",
    "build",
    "__pycache__",
    ".*_cache",
    "screenshots",
    "ledgers",
)
MOVED = {"tests.sample_mall.channel": "channels_sample", "tests.sample_mall.simulator": "simulators.sample"}
WORDS = {
    "<name>": "sample",
    "<Class>": "SampleMall",
    'label="…"': 'label="見本モール"',
    "https://…": "https://sample.invalid",
}


def filled(text: str) -> str:
    """Put the sample mall into a line of the page."""
    for placeholder, word in WORDS.items():
        text = text.replace(placeholder, word)
    return text


def put(folder: Path, target: Path) -> None:
    """Put a folder of the sample mall where the page says, under the names it has there."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file in target.rglob("*.py"):
        text = file.read_text()
        for here, there in MOVED.items():
            text = text.replace(here, there)
        file.write_text(text)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree to which the sample mall has been added as the page says."""
    copy = tmp_path_factory.mktemp("hub") / "tree"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    shutil.rmtree(copy / SAMPLE.relative_to(ROOT))
    (copy / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
    put(SAMPLE / "channel", copy / "channels_sample")
    put(SAMPLE / "simulator", copy / "simulators" / "sample")
    [line] = map(filled, lines_of(PAGE, "python"))
    registry = copy / REGISTRY
    before = registry.read_text()
    head = "CHANNELS: dict[str, Plug] = {\n"
    assert before.count(head) == 1
    registry.write_text(before.replace(head, f"{head}    {line}\n"))
    return copy


def run(tree: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-8_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


@pytest.mark.slow
def test_added_mall_keeps_the_laws(tree: Path, django_db_setup: None) -> None:
    [command] = [filled(line) for line in shell_lines(PAGE) if line.startswith(".venv/bin/pytest")]

    said = run(tree, *shlex.split(command), "-rs", "-p", "no:cacheprovider")

    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) >= 60
    reasons = set(re.findall(r"^SKIPPED \[\d+\] \S+: (.*)$", said, re.M))
    assert reasons == {"sample cannot confirm", "it is listed"}


# The order of imports is left out: under the names that the files get here, other lines come first.
@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "ruff check --no-cache --ignore=I001 channels_sample simulators/sample hub/conf",
        "ruff format --no-cache --check channels_sample simulators/sample hub/conf",
        "lint-imports --no-cache",
    ],
)
def test_added_mall_passes_the_linters(tree: Path, command: str) -> None:
    run(tree, *shlex.split(f".venv/bin/{command}"))


@pytest.mark.slow
@pytest.mark.parametrize("check", [".ci/conventions.py", ".ci/translations.py"])
def test_added_mall_has_nothing_that_our_own_checks_find(tree: Path, check: str) -> None:
    done = subprocess.run([".venv/bin/python", check], cwd=tree, capture_output=True, text=True)

    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if "sample" in line] == []
