"""Kill the process at every named point between two commits: nothing is lost and nothing happens twice (promise G36).

Also: no function of the delivery path commits without a point beside it, and the list of points is known.
"""

from __future__ import annotations

import ast
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from hub import crash
from hub.effects import Absent_, Delivery, Found, Handler, Outcome, Receipt, Unsure
from hub.models import Effect, Tenant
from tests.hub.counterpart import decide, deliver_all, lose_worker, make_due, states
from tests.hub.forks import Child

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

DELIVERY_PATH = (
    "hub/stages.py", "hub/throttle.py", "hub/effects", "orders/intake", "orders/polling.py", "orders/rereading.py",
    "orders/batches.py", "orders/keeping.py", "orders/retention", "automation/engine.py", "warehouses/collecting.py", "warehouses/requesting.py",
)  # fmt: skip
"""Where commits follow each other and a process may die in between."""

EFFECT_POINTS = {
    "effects.after_claim", "effects.after_prepare", "effects.before_mark", "effects.after_mark", "effects.after_call",
    "effects.after_settle", "effects.before_look", "effects.after_look", "effects.before_release", "effects.after_renew",
    "effects.before_stop", "throttle.after_ask", "throttle.after_pause",
    "stages.after_lease", "stages.before_give_back", "stages.before_release",
}  # fmt: skip

MATRIX = sorted(
    point for point in EFFECT_POINTS
    if point.startswith(("effects.", "throttle.")) and point not in ("effects.after_renew", "effects.before_stop", "throttle.after_pause")
)  # fmt: skip
"""Points that every delivery passes. The others stand on paths with tests of their own."""


def sources() -> Iterator[Path]:
    for name in DELIVERY_PATH:
        path = Path(settings.BASE_DIR) / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def commits_of(function: ast.FunctionDef) -> list[ast.With]:
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call) and getattr(item.context_expr.func, "id", "") == "tenant_transaction"
    ]


def points_of(tree: ast.AST) -> list[str]:
    return [
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "crash"
        and isinstance(node.args[0], ast.Constant)
    ]


def without_a_point(source: str) -> list[str]:
    """Name the functions that commit with no point beside it: neither in themselves nor in a function here that calls them."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    guarded = [function for function in functions if points_of(function)]
    calls = [node for function in guarded for node in ast.walk(function) if isinstance(node, ast.Call)]
    called = {getattr(call.func, "id", getattr(call.func, "attr", "")) for call in calls}
    return [f.name for f in functions if commits_of(f) and not points_of(f) and f.name not in called]


def test_no_function_commits_without_a_point() -> None:
    missing = {
        f"{path.relative_to(settings.BASE_DIR)}:{name}"
        for path in sources()
        for name in without_a_point(path.read_text())
    }

    assert missing == set()


def test_a_commit_without_a_point_is_noticed() -> None:
    commit = "    with tenant_transaction(1):\n        pass\n"
    source = (
        f"def f():\n{commit}def g():\n{commit}    crash('a.b')\ndef h():\n{commit}def i():\n    h()\n    crash('a.c')\n"
    )

    assert without_a_point(source) == ["f"]


def test_points_of_the_effects_are_those_listed() -> None:
    found = {point for path in sources() for point in points_of(ast.parse(path.read_text()))}

    assert {point for point in found if point.startswith(("effects.", "throttle.", "stages."))} == EFFECT_POINTS


# The matrix. The counterpart is a file: a line for each act, written before it is decided whether an answer comes.


class Written(Handler):
    """Writes its key into the ledger, one call each, at the lane's pace; told once to lose an answer, it does."""

    kind = "test.written"
    batch_size = 3
    function = "write"
    can_look = True

    def quiet_seconds(self) -> float:
        return 0.0

    def order_ids(self, effect: Effect) -> list[int]:
        return []

    def perform(self, delivery: Delivery, prepared: object, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        for effect in effects:
            delivery.arm([effect.pk])
            delivery.pace.wait("report")
            delivery.settle(effect.pk, write(effect))
        return {}

    def look(self, delivery: Delivery, prepared: object, effects: Sequence[Effect]) -> Mapping[int, Found]:
        delivery.pace.wait("reread")
        return {effect.pk: Receipt() if effect.key in ledger(effect) else Absent_() for effect in effects}


class WrittenTogether(Written):
    """The same in one call for all."""

    kind = "test.written_together"

    def perform(self, delivery: Delivery, prepared: object, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        delivery.arm([effect.pk for effect in effects])
        delivery.pace.wait("report")
        return {effect.pk: write(effect) for effect in effects}


class WrittenBlindly(Written):
    """As mail: it cannot be looked for."""

    kind = "test.written_blindly"
    can_look = False


def ledger(effect: Effect) -> list[str]:
    path = Path(effect.payload["ledger"])
    return path.read_text().split() if path.exists() else []


def write(effect: Effect) -> Outcome:
    lost = effect.payload.get("lost") and effect.key not in ledger(effect)
    with Path(effect.payload["ledger"]).open("a") as file:
        file.write(f"{effect.key}\n")
        file.flush()
        os.fsync(file.fileno())
    return Unsure(reason="ReadTimeout") if lost else Receipt()


KINDS = {
    "test.written": "tests.test_crash_points.Written",
    "test.written_together": "tests.test_crash_points.WrittenTogether",
    "test.written_blindly": "tests.test_crash_points.WrittenBlindly",
}


def die_at(tenant_id: int, point: str, passage: int, lane: str) -> int:
    """Deliver in another process that dies at the point; return its exit code: 9 if it got there."""

    def deliver() -> None:
        crash._WANTED, crash._NTH = point, str(passage)
        for _ in range(3):
            deliver_all(tenant_id, lane)
            make_due(tenant_id)

    return Child(deliver).join()[0]


@pytest.mark.parametrize("passage", [1, 2])
@pytest.mark.parametrize("kind", list(KINDS))
def test_death_at_any_point_loses_nothing_and_does_nothing_twice(
    tenant: Tenant, tmp_path: Path, kind: str, passage: int
) -> None:
    reached = set()
    with override_settings(EFFECTS=KINDS, MALL_GAP_SECONDS=0.01):
        for number, point in enumerate(MATRIX):
            lane = f"shop:{number}"
            file = tmp_path / f"{number}.ledger"
            payload = {"ledger": str(file)}
            keys = [f"{number}-{name}" for name in "abc"]
            decide(tenant.pk, keys[:2], kind=kind, now=NOW, lane=lane, payload=payload)
            decide(tenant.pk, keys[2:], kind=kind, now=NOW, lane=lane, payload={**payload, "lost": True})
            if die_at(tenant.pk, point, passage, lane) == 9:
                reached.add(point)
            for _ in range(6):
                lose_worker(tenant.pk)
                make_due(tenant.pk)
                deliver_all(tenant.pk, lane)
            ended = {key: state for key, state in states(tenant.pk).items() if key in keys}
            written = file.read_text().split()
            assert len(written) == len(set(written)), (point, written)
            if kind == "test.written_blindly":
                assert all(ended[key] == "done" or ended[key].startswith("stopped:maybe_done") for key in keys), (
                    point,
                    ended,
                )
                assert set(written) >= {key for key in keys if ended[key] == "done"}, (point, written, ended)
            else:
                assert ended == dict.fromkeys(keys, "done"), (point, ended)
                assert sorted(written) == keys, (point, written)
    looks = {"effects.before_look", "effects.after_look"}
    if passage == 1:
        assert reached == set(MATRIX) - (looks if kind == "test.written_blindly" else set())
    assert len(reached) >= 3


def test_a_point_can_freeze_the_process_until_it_is_let_go_on(tenant: Tenant, tmp_path: Path) -> None:
    """Frozen between mark and send for longer than its lease: it sends nothing when it goes on, and another delivers."""
    file = tmp_path / "frozen.ledger"
    decide(tenant.pk, ["a"], kind="test.written", now=NOW, lane="shop:1", payload={"ledger": str(file)})

    def deliver() -> None:
        crash._WANTED, crash._NTH, crash._HOW = "effects.after_mark", "1", "freeze"
        deliver_all(tenant.pk, "shop:1")

    with override_settings(EFFECTS=KINDS, MALL_GAP_SECONDS=0.01):
        child = Child(deliver)
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        lose_worker(tenant.pk)
        deliver_all(tenant.pk, "shop:1")
        make_due(tenant.pk)
        deliver_all(tenant.pk, "shop:1")
        time.sleep(0.5)  # its slot, which it had before it was marked, is over in every case
        os.kill(child.pid, signal.SIGCONT)
        assert child.join()[0] == 0

        assert states(tenant.pk) == {"a": "done"}
        assert file.read_text().split() == ["a"]
