"""What the pages of README and docs hold besides prose: code blocks, and commands in the blocks and in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"sh", "python", "text"}
"""What a block may be: commands for a shell, Python, or anything that is looked at and not run."""
IN_TEXT = re.compile(r"(make|manage\.py|python -m|curl|docker|git|\.venv/bin/|[A-Z_]+=\S+ make) ")
"""How a command begins that stands in a sentence. In a block for a shell every line is one."""


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


def shell_lines(page: Path) -> list[str]:
    """Return the commands in the blocks for a shell, in their order: every line, without its remark; `&&` joins two."""
    bare = [re.sub(r"(^|\s+)#(\s.*)?$", "", line).strip() for line in lines_of(page, "sh")]
    return [command.strip() for line in bare for command in line.split(" && ") if command]


def commands(page: Path) -> list[str]:
    """Return the commands of a page: all of its blocks for a shell, and those between backticks in the text."""
    in_text = re.findall(r"`([^`\n]+)`", page.read_text())
    return list(dict.fromkeys([*shell_lines(page), *(text for text in in_text if IN_TEXT.match(text))]))
