"""What is left of a buyer's remark once the mall's own form text is taken away. Nothing left means 備考無し."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

DELIVERY = "配送日時指定"
SHORT = 200
"""What is left of texts up to this length is remembered."""

_HEADER = re.compile(r"[ \t　]*[\[［]([^\[\]［］\n]{1,100}?)[:：][\]］][ \t　]*")
_DAY = re.compile(
    r"(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?:\([日月火水木金土](?:曜日?)?\))?|最短|なし|指定なし|希望なし|指定しない"
)
_CLOCK = r"\d{1,2}(?:[:時]\d{0,2}分?)?"
_TIME = re.compile(
    rf"(?:{_CLOCK}(?:[-~〜から]+{_CLOCK}?(?:まで)?)?|午前中?|午後|終日|夜間|夕方|その他|なし|指定なし|希望なし|指定しない)"
)
_WISH = re.compile(rf"(?:{_DAY.pattern})(?:{_TIME.pattern})")
_BLANKS = re.compile(r"[\s\u200b\ufeff]+")


def remark_left(text: str, harmless: Sequence[str]) -> str:
    """Return the remark without its delivery block, empty labelled sections and answers that the shop calls harmless.

    A remark is `[配送日時指定:]`, a line with a day or blank, a line with a time or blank, then free text, then
    sections `[label:]` with an answer each. `harmless` holds answers (`希望しない`, good for every label) or
    `label:answer`; width, case and blanks do not count. Free text is never harmless.
    """
    return _left(text, tuple(harmless)) if len(text) <= SHORT else _left.__wrapped__(text, tuple(harmless))


@lru_cache(maxsize=2_048)
def _left(text: str, harmless: tuple[str, ...]) -> str:
    """Do so. Most remarks are the mall's empty form, so the same few texts come again and again."""
    known = {_folded(entry) for entry in harmless if _folded(entry)}
    kept: list[str] = []
    for label, lines in _sections(text):
        if label == DELIVERY:
            lines = _without_wishes(lines)
        answer = "\n".join(lines).strip()
        if not _folded(answer):
            continue
        if label is None or label == DELIVERY:
            kept.append(answer)
        elif not {_folded(answer), _folded(f"{label}:{answer}"), _folded(f"[{label}:]{answer}")} & known:
            kept.append(f"[{label}:]\n{answer}")
    return "\n".join(kept)


def _sections(text: str) -> list[tuple[str | None, list[str]]]:
    """Split at the headers; text before the first one has no label."""
    found: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        header = _HEADER.match(line)
        if header:
            found.append((header.group(1).strip(), [line[header.end() :]] if line[header.end() :] else []))
        else:
            found[-1][1].append(line)
    return found


def _without_wishes(lines: list[str]) -> list[str]:
    """Drop the day and the time that the mall wrote on the two lines below its header (or on one); either may be blank.

    What the buyer wrote begins on the third line, so a lone 午前中 there is the buyer's and stays.
    """
    rest = list(lines)
    if rest and _WISH.fullmatch(_folded(rest[0])):
        return rest[1:]
    for wish in (_DAY, _TIME):
        folded = _folded(rest[0]) if rest else None
        if folded is not None and (not folded or wish.fullmatch(folded)):
            rest.pop(0)
    return rest


def _folded(text: str) -> str:
    """Bring a text to the form in which answers are compared."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
