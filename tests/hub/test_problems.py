"""One catalogue of words: every code that the product can refuse with, stop with or note has a sentence in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.problems import CATALOGUE, Problem, Refusal, advise, explain, say
from orders.conditions import ConditionError
from orders.operations.edits import Conflict

ROOT = Path(__file__).resolve().parents[2]
APPS = ("hub", "orders", "warehouses", "automation", "mailer", "documents", "channels_rakuten")
CALLS = {
    "refuse", "NotRecordable", "CannotRequest", "NotDone", "Refused", "Unsure", "MallBlind", "CounterpartBlind", "ApiError", "Problem",
    "Unfit", "Odd", "_list", "_stop",
}  # fmt: skip
"""Calls whose first text, `reason=` or `code=` is a code. Codes with a place first (Odd) are their second text."""
NOT_CODES = {"kind", "id", "done", "same", "listed"}


def _sources() -> Iterator[tuple[str, ast.AST]]:
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            if "/migrations/" not in file.as_posix() and "/problems/" not in file.as_posix():
                yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts an expression can be: itself, both sides of an if, the values of an or."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value)


def _codes() -> Iterator[tuple[str, str]]:
    for path, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from ((code, path) for code in _of_call(node))
            elif isinstance(node, ast.ClassDef):
                for item in node.body:
                    if (
                        isinstance(item, ast.Assign)
                        and getattr(item.targets[0], "id", "") == "code"
                        and "Refusal" in ast.dump(node)
                    ):
                        yield from ((code, path) for code in _texts(item.value))


def _of_call(node: ast.Call) -> Iterator[str]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name not in CALLS:
        return
    named = [keyword.value for keyword in node.keywords if keyword.arg in ("reason", "code")]
    places = {"refuse": 1, "Odd": 1, "_list": 2, "_stop": 1}
    place = places.get(name, 0)
    given = [*named, *node.args[place : place + 1]]
    for value in given:
        yield from (text for text in _texts(value) if re.fullmatch(r"[a-z][a-z0-9_]*", text) and text not in NOT_CODES)


CODES = sorted(set(_codes()))
FACTS = {
    "sums_differ", "rule_changed", "customer_cancel", "customer_other", "unpaid", "out_of_stock", "delay", "shop_other", "taken_back",
    "dropped_by_hand", "again_if_unsure", "absent", "allowed", "already_moved", "newer_mail", "ended", "sent", "replaced",
}  # fmt: skip
"""Codes that refuse nobody anything: they say what was done, or name a reason that a person chose."""


def test_codes_are_found_at_all() -> None:
    assert {"not_open", "unknown_carrier", "too_many_calls", "name_taken", "warehouse_refused"} <= {
        code for code, _ in CODES
    }


@pytest.mark.parametrize(("code", "path"), CODES, ids=[f"{path}:{code}" for code, path in CODES])
def test_every_code_has_words(code: str, path: str) -> None:
    assert code in CATALOGUE


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_text_is_there_in_both_languages(code: str) -> None:
    text = CATALOGUE[code]

    assert text.ja
    assert text.en
    assert text.en.isascii()
    assert not text.ja.isascii()
    assert set(re.findall(r"{(\w+)}", text.ja)) == set(re.findall(r"{(\w+)}", text.en))


@pytest.mark.parametrize("code", sorted(CATALOGUE.keys() - FACTS))
def test_every_refusal_says_what_to_do_in_both_languages(code: str) -> None:
    text = CATALOGUE[code]

    assert text.do_ja
    assert text.do_en
    assert not text.do_ja.isascii() or re.fullmatch(r"{\w+}", text.do_ja)
    assert text.do_en.replace("…", "").isascii()
    assert set(re.findall(r"{(\w+)}", text.do_ja)) == set(re.findall(r"{(\w+)}", text.do_en))


def test_facts_ask_nothing_of_anybody() -> None:
    assert [code for code in sorted(FACTS) if CATALOGUE[code].do_ja or CATALOGUE[code].do_en] == []


def test_sentence_takes_values_and_never_reads_them_again() -> None:
    assert say("name_taken", {"name": "{email}"}, "en") == "{email} is in use already."
    assert say("name_taken", {}, "en") == "– is in use already."
    assert advise("name_taken", {}, "ja").endswith("ください。")


def test_expected_errors_read_as_problems() -> None:
    class Mine(Refusal):
        code = "retired"

    assert explain(Mine(field="status", name="旧")) == Problem(code="retired", field="status", params={"name": "旧"})
    located = explain(ConditionError("/all/1/op", "unknown_op", op="like"))
    assert located is not None
    assert (located.status, located.field) == (422, "condition/all/1/op")
    conflict = explain(Conflict(5, {"memo": "a"}, {"memo": "b"}))
    assert conflict is not None
    assert (conflict.status, conflict.more["revision"]) == (412, 5)
    assert explain(RuntimeError()) is None
