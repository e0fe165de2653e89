"""A plugin of pytest: notes for each feature id what came of the tests that carry it (`manage.py features`)."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

FILE = "FEATURES_FILE"
"""The environment variable that names the file to write."""
_ids: dict[str, list[str]] = {}
_outcomes: dict[str, str] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which ids each test carries, also through its class or module."""
    for item in session.items:
        ids = [name for mark in item.iter_markers("feature") for name in mark.args]
        if ids:
            _ids[item.nodeid] = ids


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome; a failing set-up or tear-down fails the test."""
    if (report.when == "call" or report.outcome != "passed") and _outcomes.get(report.nodeid) != "failed":
        _outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish() -> None:
    """Write, for each id, its tests with their outcomes."""
    if name := os.environ.get(FILE):
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for test, ids in _ids.items():
            for feature in ids:
                found[feature][test] = _outcomes.get(test, "not run")
        Path(name).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
