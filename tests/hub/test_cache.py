"""What web processes count together: shared while Valkey answers, counted alone and without delay while it does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from hub.cache import SharedCache

PARAMS = {"KEY_PREFIX": "limits"}


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def test_two_processes_count_together() -> None:
    one, other = SharedCache(settings.REDIS_URL, PARAMS), SharedCache(settings.REDIS_URL, PARAMS)
    one.clear()

    assert one.add("code-1", "y", timeout=30)
    one.set("tries", [1.5, 0.5], 60)

    assert not other.add("code-1", "y", timeout=30), "a second process takes the same digits again"
    assert other.get("tries") == [1.5, 0.5]
    assert other.delete("tries")
    assert one.get("tries", "none") == "none"


def test_forgetting_leaves_the_doorbells() -> None:
    cache, broker = SharedCache(settings.REDIS_URL, PARAMS), Redis.from_url(settings.REDIS_URL)
    broker.set("a doorbell", "rings")
    cache.set("tries", [1.0])

    cache.clear()

    assert cache.get("tries") is None
    assert broker.get("a doorbell") == b"rings"
    broker.delete("a doorbell")


def test_without_valkey_a_process_counts_alone_and_nobody_waits(silent: str) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    gone = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    closed.close()

    for place in (silent, gone):
        cache, began = SharedCache(place, PARAMS), time.monotonic()
        assert cache.add("code-1", "y", timeout=30)
        assert not cache.add("code-1", "y", timeout=30), "what is used is used in this process at least"
        for number in range(100):
            cache.set(f"tries-{number}", [1.0], 60)
        assert cache.get("tries-7") == [1.0]
        assert time.monotonic() - began < 1.5, place


def test_what_is_not_ours_is_never_run() -> None:
    import pickle

    cache, broker = SharedCache(settings.REDIS_URL, PARAMS), Redis.from_url(settings.REDIS_URL)
    broker.set("limits:1:planted", pickle.dumps(["planted"]))

    assert cache.get("planted", "nothing") == "nothing"
    broker.delete("limits:1:planted")
