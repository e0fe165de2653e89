"""Runs rows one after the other and prints what came of them."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import django
from django.db import connection

from benches.measuring import Figure, GateFailed, table


def run(rows: list[str], measured_by: Mapping[str, str], *, size: str, json_path: Path, strict: bool) -> int:
    """Measure the rows, each by its module; print the table, keep the figures as JSON."""
    print(_machine(), flush=True)
    figures: list[Figure] = []
    failed = False
    modules: dict[str, list[str]] = {}
    for row in rows:
        modules.setdefault(measured_by[row], []).append(row)
    for module, wanted in modules.items():
        began = time.perf_counter()
        try:
            found = import_module(module).run(size, wanted)
        except Exception as fault:  # noqa: BLE001  (one row's fault must not cost the figures of the others)
            failed = True
            if not isinstance(fault, GateFailed):
                traceback.print_exc()
            found = [_void(row, fault) for row in wanted]
        figures += found
        print(f"{', '.join(wanted)}: {time.perf_counter() - began:.0f} s\n{table(found)}", file=sys.stderr, flush=True)
    print(table(figures))
    asserted = [figure for figure in figures if figure.met is not None]
    print(f"\nbench: rows={','.join(rows)} size={size} met={sum(bool(f.met) for f in asserted)}/{len(asserted)}")
    json_path.parent.mkdir(parents=True, exist_ok=True)
    with json_path.open("a", encoding="utf-8") as trend:
        trend.write(
            json.dumps(
                {"size": size, "machine": _machine(), "figures": [asdict(f) for f in figures]}, ensure_ascii=False
            )
            + "\n"
        )
    return int(failed or (strict and not all(figure.met for figure in asserted)))


def _void(row: str, fault: Exception) -> Figure:
    """Return the line of a row whose results were wrong or that did not come to its end: it has no speed."""
    what = f"{type(fault).__name__}: {fault}"[:200].replace("\n", " ")
    return Figure(row=row, goal="gate", what=what, limit="–", product="void", ratio="–", bar="right results", met=False)


def _machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('shared_buffers'), current_setting('synchronous_commit')"
        )
        version, buffers, commit = cursor.fetchone()
    return (
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, Django {django.__version__}, "
        f"PostgreSQL {version.split()[0]} (shared_buffers {buffers}, synchronous_commit {commit}); role hub_app, row security forced"
    )
