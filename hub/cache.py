"""What all web processes must count together (failed sign-ins, digits already used), kept in Valkey for minutes, and what a person
pasted into a search, for a day.

It never stands in a person's way: a server that does not answer within half a second is left alone for a while, and each process
counts for itself meanwhile. Values are JSON, so that nothing read from there can run.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

LEFT_ALONE_SECONDS = 5.0
QUICKLY = {"socket_connect_timeout": 0.2, "socket_timeout": 0.5, "health_check_interval": 0, "retry_on_timeout": False}


class Json:
    """Writes values as JSON."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SharedCache(BaseCache):
    """A few small values with a lifetime, shared by processes while Valkey answers and kept by each alone while it does not."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {**QUICKLY, "serializer": Json, **params.get("OPTIONS", {})}
        self._shared = RedisCache(server, {**params, "OPTIONS": options})
        self._alone = LocMemCache(f"alone {server}", params)
        self._alone_until = 0.0

    def _ask(self, act: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() >= self._alone_until:
            try:
                return act(self._shared)
            except (RedisError, OSError) as error:
                self._alone_until = time.monotonic() + LEFT_ALONE_SECONDS
                log.warning(
                    "limits are counted by this process alone: Valkey does not answer (%s)", type(error).__name__
                )
            except ValueError:
                log.warning("a value beside the limits is not ours and was not read")
        return act(self._alone)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda cache: cache.get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.delete(key, version)))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.has_key(key, version)))

    def clear(self) -> None:
        """Forget this cache's own keys; doorbells live in the same database of Valkey."""
        self._alone.clear()
        client = self._shared._cache.get_client(write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*", count=1_000):
            client.delete(key)
