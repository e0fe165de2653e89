"""The counterpart with a memory as a fixture."""

from collections.abc import Iterator

import pytest

from tests.hub.counterpart import Counterpart, world


@pytest.fixture
def other_side(django_db_setup: None) -> Iterator[Counterpart]:
    with world() as counterpart:
        yield counterpart
