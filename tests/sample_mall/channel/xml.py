"""XML in and out: documents of plain texts, and answers that are refused when they are not whole or bring a document type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, SubElement, XMLPullParser, tostring


class Unreadable(ValueError):
    """An answer is not a document."""


def document(name: str, body: Mapping[str, Any]) -> bytes:
    """Write a document; a mapping inside becomes an element of elements."""
    root = Element(name)
    _fill(root, body)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _fill(parent: Element, body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        element = SubElement(parent, name)
        if isinstance(value, Mapping):
            _fill(element, value)
        else:
            element.text = str(value)


def read(body: bytes) -> Element:
    """Return the root of a document. Raises Unreadable, also for a document type: entities have no place in an answer."""
    if b"<!DOCTYPE" in body:
        raise Unreadable("document type")
    parser: XMLPullParser[Any] = XMLPullParser(events=("end",))
    try:
        parser.feed(body)
        parser.close()
        ended: list[tuple[str, Element]] = list(cast(Any, parser.read_events()))
        root = ended[-1][1] if ended else None
    except (ParseError, ValueError) as error:
        raise Unreadable(str(error)) from None
    if root is None:
        raise Unreadable("empty")
    return root
