"""FIELDS: the one vocabulary of conditions, rules, CSV columns, the timeline and the API.

An app above adds its own by `register()` in `ready()`.
"""

from collections.abc import Mapping

from orders.fields import beside_orders, on_orders
from orders.fields.base import LINES, PARCELS, TRACKING, Choice, Field, Registry, Source
from orders.fields.facts import OrderFacts
from orders.fields.kinds import OPS, BadValue, Kind, Of, Relative, read_value, write_value
from orders.fields.showing import show, vocabulary, words_for

_REGISTRY = Registry()
_REGISTRY.add(*on_orders.FIELDS, *beside_orders.FIELDS)

FIELDS: Mapping[str, Field] = _REGISTRY.entries


def register(*fields: Field) -> None:
    """Add fields of an app above this one. Call it in `AppConfig.ready()` and nowhere else."""
    _REGISTRY.add(*fields)


__all__ = [
    "FIELDS", "LINES", "OPS", "PARCELS", "TRACKING", "BadValue", "Choice", "Field", "Kind", "Of", "OrderFacts", "Relative", "Source",
    "read_value", "register", "show", "vocabulary", "words_for", "write_value",
]  # fmt: skip
