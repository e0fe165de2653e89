"""Fills the environment of a development process before settings are read: addresses of the embedded services, and keys.

What is set already stays. In production nothing is filled: there a missing setting must stop the start.
"""

import base64
import os
import secrets
from typing import IO

from hub.embedded import stack, valkey
from hub.embedded.state import State

_used: list[IO[str]] = []
HELD = "HUB_EMBEDDED_HELD"
"""The number of the open file that says "in use", for the program that this one becomes (`hand_on`)."""


def fill(*, use: bool = True) -> None:
    """Start the embedded services where DATABASE_URL or REDIS_URL is missing, and set what settings need.

    With `use` the services count as needed until this process ends or calls `leave`.
    """
    if os.environ.get("HUB_ENV") == "production":
        return
    wants_database, wants_redis = (not os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL"))
    if not wants_database and not wants_redis:
        return
    os.environ.setdefault("HUB_ENV", "development")
    state = State.at()
    if use and not _used:
        _used.append(state.use())
    if wants_database:
        _admin, app_url, owner_url = stack.ensure_postgres(state)
        os.environ.update(DATABASE_URL=app_url, OWNER_DATABASE_URL=owner_url)
    if wants_redis:
        os.environ["REDIS_URL"] = valkey.running(state) or valkey.start(state)
    os.environ.setdefault("SECRET_KEY", state.keep("secret_key", secrets.token_urlsafe(48)))
    os.environ.setdefault("CREDENTIAL_KEYS", state.keep("credential_keys", new_key_ring()))


def leave() -> bool:
    """Stop the embedded services, unless another process needs them. Return whether they were stopped."""
    while _used:
        _used.pop().close()
    return stack.stop(unless_used=True)


def hand_on() -> dict[str, str]:
    """Return what a program must be told that takes this one's place (`os.execve`): it inherits the file that says "in use"."""
    return {HELD: str(_used[0].fileno())} if _used else {}


def take_over() -> None:
    """Go on using the services for the program whose place this one took, so that `leave` counts for both."""
    held = os.environ.pop(HELD, "")
    if held:
        _used.append(os.fdopen(int(held), "w"))


def new_key_ring() -> str:
    """Return a key ring with one new key, as CREDENTIAL_KEYS wants it."""
    return f"{secrets.token_hex(2)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
