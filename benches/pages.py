"""The list over HTTP by one worker, with a signed-in session, against PostgreSQL alone making the same orders as JSON."""

from __future__ import annotations

from benches.measuring import Figure
from benches.shelf import Shelf


def served(shelf: Shelf) -> list[Figure]:
    """Measure goal 12 where the list has an address."""
    return [
        Figure(
            row="list",
            goal="12",
            what="the list over HTTP",
            limit="–",
            product="–",
            ratio="n/a: the list has no address yet",
            bar="printed",
            met=None,
        )
    ]
