"""`manage.py features`: runs the tests that carry a feature's id and says of each row of docs/features.tsv how it stands."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

LIST = Path("docs/features.tsv")
TIERS = {"C": "C", "E": "E", "P": "P", "R": "R", "K": "capabilities"}
"""Tiers that are counted, and the word for each in the last line; X rows are context."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the list."""

    id: str
    tier: str
    name: str


class Command(BaseCommand):
    help = "Run the tests that carry a feature's id, and print passed, failed or no test for each row of docs/features.tsv."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--tests` narrows what pytest collects; `--tier` what is printed."""
        parser.add_argument("--tests", default="tests", help="folder or file of tests")
        parser.add_argument("--tier", default="", help="print rows of these tiers only, such as CP")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print the rows, then the counts in the last line; a failing or unknown id is exit code 1."""
        rows = list(read_rows())
        results = run_tests(options["tests"])
        passed: dict[str, int] = dict.fromkeys(TIERS, 0)
        failed = False
        for row in rows:
            if row.tier not in TIERS:
                continue
            word = verdict(results.get(row.id, {}))
            passed[row.tier] += word == "passed"
            failed |= word == "failed"
            if not options["tier"] or row.tier in options["tier"]:
                self.stdout.write(f"{row.id} {row.tier} {word:8} {row.name}")
        unknown = sorted(set(results) - {row.id for row in rows})
        for feature in unknown:
            self.stdout.write(f"{feature} ? unknown  carried by {', '.join(results[feature])}")
        totals = {tier: sum(row.tier == tier for row in rows) for tier in TIERS}
        self.stdout.write(
            "features: " + " ".join(f"{word}={passed[tier]}/{totals[tier]}" for tier, word in TIERS.items())
        )
        if failed or unknown:
            sys.exit(1)


def read_rows() -> Iterator[Row]:
    """Read the list that the product is held against."""
    with (Path(settings.BASE_DIR) / LIST).open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Row(id=line["id"], tier=line["tier"], name=line["name"])


def run_tests(where: str) -> Mapping[str, Mapping[str, str]]:
    """Run the tests that carry an id; return, for each id, its tests and their outcomes."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "features.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.outcomes",
            "-m",
            "feature",
            "--no-header",
            "-rfE",
            where,
        ]
        environment = {**os.environ, "FEATURES_FILE": str(found)}
        environment.pop(
            "DJANGO_SETTINGS_MODULE", None
        )  # the tests' conftest names their own database before settings load
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, stdout=sys.stderr, check=False)
        if done.returncode not in (0, 1, 5) or not found.exists():
            raise CommandError(f"pytest ended with {done.returncode} before it could say anything")
        answers: dict[str, dict[str, str]] = json.loads(found.read_text(encoding="utf-8"))
    return answers


def verdict(tests: Mapping[str, str]) -> str:
    """Return passed (at least one test, none failing), failed, or no test."""
    outcomes = set(tests.values())
    if "failed" in outcomes:
        return "failed"
    return "passed" if "passed" in outcomes else "no test"
