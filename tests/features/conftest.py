"""The world outside, for tests that walk through it."""

from tests.journeys.conftest import world

__all__ = ["world"]
