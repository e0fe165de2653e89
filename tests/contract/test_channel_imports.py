"""What a mall's adapter may know of the product, whatever its name: import-linter lists packages, this follows the registry."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {"orders.channels", "orders.carriers", "orders.blocks", "hub.http", "hub.effects", "hub.effects.outcomes"}


@pytest.mark.parametrize("name", sorted(settings.CHANNELS))
def test_adapter_knows_only_the_words_and_the_way_out(name: str) -> None:
    folder = settings.CHANNELS[name].folder
    files = sorted((ROOT / folder).rglob("*.py"))

    found = [
        f"{file.name}: {module}" for file in files for module in ours(file) if not may(module, ".".join(folder.parts))
    ]

    assert files
    assert found == []


def may(module: str, own: str) -> bool:
    return module in ALLOWED or module == own or module.startswith(f"{own}.")


def ours(file: Path) -> Iterator[str]:
    """Yield the modules of this project that a file imports; `from orders import x` counts as orders.x."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in packages)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in packages:
            names = {alias.name for alias in node.names}
            yield from (f"orders.{name}" for name in names) if node.module == "orders" else (node.module or "",)
