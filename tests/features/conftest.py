"""The world outside with its mail sink, for tests that walk through it."""

from tests.journeys.conftest import world
from tests.mailer.conftest import server, sink

__all__ = ["server", "sink", "world"]
