"""Words that the product's code must not contain, because a promise depends on it. Prints each with its place; exit code 1 if any.

What is allowed where stands in the tables below; an exception is added there, with its reason, and not in the code.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("hub", "orders", "warehouses", "automation", "mailer", "documents", "channels_*")
NOT_PRODUCT = ("hub/embedded/",)  # runs before Django and outside the fences

RAW_SQL = (  # places that may speak SQL; everything else asks one of them
    "hub/tenancy.py", "hub/database.py", "hub/checks.py", "hub/clock.py", "hub/audit", "hub/effects", "hub/throttle",
    "hub/stages.py", "hub/secrets.py", "hub/api/limits.py", "hub/api/idempotency.py", "hub/changes.py", "hub/operations.py", "hub/web.py",
    "orders/intake", "orders/queries", "orders/coverage.py", "orders/conditions/compiling.py",
    "orders/operations/door.py", "orders/search.py", "orders/lookups.py", "orders/polling", "automation/engine",
    "orders/operations/edits.py", "orders/operations/leaving.py",  # write sets of parcels from one JSON text, as the door does orders
    "warehouses/wanted.py",  # sorts all wanted parcels in one statement
    "orders/retention",  # walks an index over an expression, and promises to read only
    "automation/judge",  # reads the database's own catalogue, in a transaction that it has made read-only
)  # fmt: skip
OUTGOING = ("hub/http.py",)
CLOCKS = ("hub/clock.py", "hub/management/", "hub/conf/")


@dataclass(frozen=True)
class Found:
    """A forbidden word at its place."""

    path: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


KEYWORDS = {
    "countdown": "no delayed messages: put the time into a row and let the tick find it",
    "eta": "no delayed messages: put the time into a row and let the tick find it",
}
NAMES = {
    "_base_manager": "goes around the tenant's manager",
    "mark_safe": "what strangers wrote stays text",
    "AsyncResult": "nobody waits for a message's result; the row decides",
    "chord": "no chords; the row decides",
    "RawSQL": "SQL stands in queries only",
}
CLOCK_CALLS = {
    ("datetime", "now"),
    ("timezone", "now"),
    ("date", "today"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
}
TEMPLATE_WORDS = {
    re.compile(r"\|\s*safe(?:seq)?\b"): "what strangers wrote stays text",
    re.compile(r"{%\s*autoescape\s+off"): "what strangers wrote stays text",
    re.compile(r"\son[a-z]+\s*=\s*[\"']"): "no inline handlers: the content policy refuses them",
}
SCRIPT_WORDS = {
    re.compile(r"\.(?:innerHTML|outerHTML)\s*="): "what strangers wrote stays text",
    re.compile(r"\binsertAdjacentHTML\b"): "what strangers wrote stays text",
    re.compile(r"\beval\(|new Function\("): "the content policy refuses it",
}


def in_python(path: str, text: str) -> Iterator[Found]:
    """Yield what is forbidden in a Python file."""
    for node in ast.walk(ast.parse(text, path)):
        line = getattr(node, "lineno", 0)
        for why in (*_calls(node, path), *_names(node), *_imports(node, path), *_strings(node)):
            yield Found(path, line, why)


def _calls(node: ast.AST, path: str) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    yield from _arguments(node)
    yield from _called(node, path)


def _arguments(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        name = keyword.arg or ""
        if name in KEYWORDS:
            yield f"{name}=: {KEYWORDS[name]}"
        if name == "verify" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False:
            yield "verify=False: certificates are always checked"
        if re.search(r"__i?startswith$", name):
            yield f"{name}: compiles to LIKE, which no index serves under row security; use starts_with"


def _called(node: ast.Call, path: str) -> Iterator[str]:
    if isinstance(node.func, ast.Name) and node.func.id == "SafeString":
        yield "SafeString(: what strangers wrote stays text; use format_html"
    if not isinstance(node.func, ast.Attribute):
        return
    called, owner = node.func.attr, getattr(node.func.value, "id", getattr(node.func.value, "attr", ""))
    if called == "retry":
        yield ".retry(: the effect's row decides what is tried again"
    if (
        called in ("cursor", "raw", "extra")
        and owner not in ("logger", "re")
        and not path.startswith(RAW_SQL)
        and "/sql/" not in path
    ):
        yield f".{called}(: SQL stands in few places (RAW_SQL in this file); ask one of them, or give this one a reason to be there"
    if (owner, called) in CLOCK_CALLS and not path.startswith(CLOCKS) and "/management/" not in path:
        yield f"{owner}.{called}(): the clock is handed in; edges read it from hub.clock"


def _names(node: ast.AST) -> Iterator[str]:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if name in NAMES:
        yield f"{name}: {NAMES[name]}"


def _imports(node: ast.AST, path: str) -> Iterator[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module]
    for name in names:
        if name.partition(".")[0] in ("requests", "httpx", "urllib3") and path not in OUTGOING:
            yield f"import {name}: only hub/http.py speaks to the outside"


def _strings(node: ast.AST) -> Iterator[str]:
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if re.match(r"\s*SET\s+(?!LOCAL\b|CONSTRAINTS\b)\w+", text):
        yield "SET without LOCAL: it outlives the transaction and reaches the next tenant"


def in_text(path: str, text: str, words: dict[re.Pattern[str], str]) -> Iterator[Found]:
    """Yield what is forbidden in a template or script."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, why in words.items():
            if found := pattern.search(line):
                yield Found(path, number, f"{found[0].strip()}: {why}")


def everything(root: Path = ROOT) -> list[Found]:
    """Return all that is forbidden in the tree."""
    found: list[Found] = []
    for pattern in PRODUCT:
        for file in sorted(root.glob(f"{pattern}/**/*.py")):
            path = file.relative_to(root).as_posix()
            if not path.startswith(NOT_PRODUCT):
                found += in_python(path, file.read_text())
    for file in sorted([*root.glob("templates/**/*.html"), *root.glob("*/templates/**/*.html")]):
        found += in_text(file.relative_to(root).as_posix(), file.read_text(), TEMPLATE_WORDS)
    for file in sorted(root.glob("static/**/*.js")):
        if "/vendor/" not in file.as_posix():
            found += in_text(file.relative_to(root).as_posix(), file.read_text(), SCRIPT_WORDS)
    return found


if __name__ == "__main__":
    for one in (result := everything()):
        print(one)
    sys.exit(1 if result else 0)
