"""The marks themselves: every id is a row of the list, and the command reads what came of the tests that carry them."""

from __future__ import annotations

import re
from pathlib import Path

from automation.management.commands.features import read_rows, run_tests, verdict

TESTS = Path(__file__).resolve().parents[1]


def test_every_mark_names_a_row_of_the_list_that_is_counted() -> None:
    rows = {row.id for row in read_rows() if row.tier != "X"}
    marks = re.findall(
        r"@pytest\.mark\.feature\(([^)]*)\)",
        "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")),
    )
    carried = {feature for mark in marks for feature in re.findall(r'"([^"]+)"', mark)}

    assert len(carried) > 100
    assert carried - rows == set()


def test_the_command_hears_what_came_of_marked_tests() -> None:
    answers = run_tests("tests/orders/test_remarks.py")

    assert answers
    assert {verdict(tests) for tests in answers.values()} == {"passed"}
    assert verdict({"one": "passed", "other": "failed"}) == "failed"
    assert verdict({"one": "skipped"}) == verdict({}) == "no test"
