"""`python -m benches --rows import,rules --size small|full`: run rows of the benchmark and print their table."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hub.embedded import environment, valkey

ROWS = {
    "import": "benches.imports",
    "rules": "benches.rules",
    "list": "benches.shelves",
    "search": "benches.shelves",
    "counts": "benches.shelves",
    "bulk": "benches.shelves",
    "idle": "benches.idle",
}
"""The rows, in their order, and the module that measures each."""


def main() -> int:
    """Parse the words, fill the environment before Django loads, run, print."""
    parser = argparse.ArgumentParser(prog="benches", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help="which rows, separated by commas")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--json", type=Path, default=Path(".state/bench.json"), help="where the figures go as JSON")
    parser.add_argument("--assert", dest="strict", action="store_true", help="exit 1 when an asserted goal is missed")
    asked = parser.parse_args()
    rows = [row for row in asked.rows.split(",") if row]
    if unknown := sorted(set(rows) - set(ROWS)):
        parser.error(f"no such row: {', '.join(unknown)}")
    environment.fill()
    os.environ["REDIS_URL"] = valkey.with_number(os.environ["REDIS_URL"], valkey.scratch_number())
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")

    import django  # after the environment, which the settings read

    django.setup()
    from benches.running import run

    return run(rows, ROWS, size=asked.size, json_path=asked.json, strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
