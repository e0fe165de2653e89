"""Says what the product shows in Japanese and cannot yet show in English; exit code 1 if anything. `--update` writes the gaps down.

The source language is Japanese. `locale/en/LC_MESSAGES/django.po` holds the English; a folder that brings a `locale/` of its own, such as
a mall's, holds the English of its texts there. Needs no gettext programs.
"""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LANGUAGE = "en"
CATALOGUE = f"locale/{LANGUAGE}/LC_MESSAGES/django.po"
PRODUCT = ("hub", "orders", "warehouses", "automation", "mailer", "documents", "channels_*")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None, "gettext_noop": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip
NOBODY = re.compile(rb'^"(?:Report-Msgid-Bugs-To|Last-Translator|Language-Team): .*\n| VERSION(?=\\n"$)', re.M)
"""What Babel writes of people when it is told of none."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Text:
    """One translatable text and the first place that shows it."""

    msgid: str
    plural: str
    context: str
    place: str

    @property
    def home(self) -> Path:
        """Return the nearest folder above the text that has a `locale/`."""
        return next(folder for folder in (ROOT / self.place).parents if folder == ROOT or (folder / "locale").is_dir())


def texts() -> dict[Path, list[Text]]:
    """Return every translatable text of code and templates once, by the folder that holds its English."""
    found: dict[Path, dict[tuple[str, str], Text]] = {ROOT: {}}
    for text in [*in_code(), *in_templates()]:
        found.setdefault(text.home, {}).setdefault((text.msgid, text.context), text)
    return {home: list(of_home.values()) for home, of_home in found.items()}


def in_code() -> Iterator[Text]:
    for pattern in PRODUCT:
        for path in sorted(ROOT.glob(f"{pattern}/**/*.py")):
            with path.open("rb") as file:
                yield from _extracted("python", file, path)


def in_templates() -> Iterator[Text]:
    for path in sorted(
        [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html"), *ROOT.glob("templates/**/*.txt")]
    ):
        # Django turns a template into something like a script; the lexer for scripts is the patient one.
        script = templatize(path.read_text(), origin=str(path))
        yield from _extracted("javascript", io.BytesIO(script.encode()), path)


def _extracted(method: str, file: io.BufferedIOBase, path: Path) -> Iterator[Text]:
    place = path.relative_to(ROOT).as_posix()
    for line, found, _comments, context in extract(method, file, keywords=KEYWORDS, options={"encoding": "utf-8"}):
        msgid, plural = (found[0], found[1]) if isinstance(found, tuple) else (found, "")
        if msgid:
            yield Text(str(msgid), str(plural or ""), context or "", f"{place}:{line}")


def _empty() -> Catalog:
    day = datetime(2026, 1, 1, tzinfo=UTC)  # the same header every time, so that only texts show up as changes
    return Catalog(
        locale=LANGUAGE, project="order-hub", charset="utf-8", creation_date=day, revision_date=day, fuzzy=False,
        header_comment="# English words of the order hub.",
    )  # fmt: skip


def catalogue(home: Path) -> Catalog:
    path = home / CATALOGUE
    if not path.exists():
        return _empty()
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def faults() -> list[str]:
    """Return what is missing, unsure, differs in its placeholders, or is not compiled."""
    found = []
    for home, of_home in texts().items():
        known = catalogue(home)
        found += [f"{text.place}: {why}: {text.msgid!r}" for text in of_home if (why := _fault(known, text))]
        compiled = (home / CATALOGUE).with_suffix(".mo")
        if not found and compiled.exists() and _said(read_mo(io.BytesIO(compiled.read_bytes()))) != _said(known):
            found.append(f"{compiled.relative_to(ROOT)}: is not made of the .po beside it: make messages")
    return found


def _said(catalog: Catalog) -> set[tuple[str, tuple[str, ...]]]:
    """Return what a catalogue says: for each text that has words, its id (a compiled plural keeps none but the first) and the words."""
    return {(_listed(one.id)[0], _listed(one.string)) for one in catalog if one.id and any(one.string)}


def _listed(words: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _fault(known: Catalog, text: Text) -> str:
    message: Message | None = known.get(text.msgid, context=text.context or None)
    if message is None:
        return "no English"
    if message.fuzzy:
        return "marked fuzzy"
    words = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    if not all(words):
        return "no English"
    wanted = set(PLACEHOLDER.findall(text.msgid))
    if any(set(PLACEHOLDER.findall(str(word))) != wanted for word in words[-1:]):
        return "other placeholders in English"
    return ""


def update() -> int:
    """Write the gaps into the catalogues, empty, for a person to fill; texts no longer shown go. Return how many are new."""
    return sum(_update(home, of_home) for home, of_home in texts().items())


def _update(home: Path, of_home: list[Text]) -> int:
    old, new = catalogue(home), _empty()
    added = 0
    for text in sorted(of_home, key=lambda text: text.place):
        before = old.get(text.msgid, context=text.context or None)
        added += before is None
        msgid = (text.msgid, text.plural) if text.plural else text.msgid
        new.add(msgid, before.string if before else None, context=text.context or None)
    path = home / CATALOGUE
    path.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, new, omit_header=False, no_location=True, width=120)
    path.write_bytes(NOBODY.sub(b"", written.getvalue()))
    return added


def main() -> int:
    settings.configure(USE_I18N=True)
    django.setup()
    if "--update" in sys.argv:
        print(f"{update()} new texts in {CATALOGUE}")
        return 0
    for fault in (found := faults()):
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
