"""What the pages of README and docs hold besides prose: code blocks, and commands in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(make|manage\.py|python -m|curl|\.venv/bin/|[A-Z_]+=\S+ make)\b")


def blocks(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each code block: its language (empty for none) and its lines."""
    language = ""
    lines: list[str] | None = None
    for line in page.read_text().splitlines():
        fence = re.match(r"```(\w*)$", line.strip())
        if fence and lines is None:
            language, lines = fence[1], []
        elif fence and lines is not None:
            yield language, lines
            lines = None
        elif lines is not None:
            lines.append(line)


def lines_of(page: Path, *languages: str) -> list[str]:
    """Return the lines of all blocks in these languages; a backslash joins a line to the next."""
    text = "\n".join(line for language, lines in blocks(page) if language in languages for line in lines)
    return text.replace("\\\n", " ").splitlines()


def commands(page: Path) -> list[str]:
    """Return the commands of a page: in blocks without a language or for a shell, and between backticks in the text."""
    in_blocks = [re.split(r"\s+#\s", line)[0].strip() for line in lines_of(page, "", "sh", "bash")]
    in_text = re.findall(r"`([^`\n]+)`", page.read_text())
    return list(dict.fromkeys(line for line in [*in_blocks, *in_text] if COMMAND.match(line)))
