"""Reads one setting each from the environment: a missing or malformed one stops the start with its name and what is wanted.

No message holds the value: it may be a password.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
_YES, _NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def malformed(name: str, wanted: str) -> ImproperlyConfigured:
    """Return the error of a setting that cannot be used as it is."""
    return ImproperlyConfigured(f"{name} is malformed: wanted {wanted}")


def required(name: str, wanted: str) -> str:
    """Read a setting that has no default."""
    value = str(env.str(name, default=""))
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {wanted}")
    return value


def choice(name: str, choices: tuple[str, ...], *, default: str) -> str:
    """Read one word of several."""
    value = str(env.str(name, default=default))
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}")
    return value


def switch(name: str, *, default: bool) -> bool:
    """Read on or off."""
    value = str(env.str(name, default="on" if default else "off")).lower()
    if value not in _YES + _NO:
        raise malformed(name, "on or off")
    return value in _YES


def seconds(name: str, *, default: float, above: float = 0.0) -> float:
    """Read a time in seconds."""
    wanted = f"a number of seconds above {above:g}"
    try:
        value = float(env.str(name, default=str(default)))
    except ValueError:
        raise malformed(name, wanted) from None
    if not above < value < float("inf"):
        raise malformed(name, wanted)
    return value


def count(name: str, *, default: int, least: int = 0) -> int:
    """Read a whole number."""
    try:
        value = int(env.str(name, default=str(default)))
    except ValueError:
        value = least - 1
    if value < least:
        raise malformed(name, f"a whole number from {least} on")
    return value


def address(name: str, value: str, schemes: tuple[str, ...], wanted: str) -> SplitResult:
    """Take an address apart. Raises where it has another scheme, no host (a socket's path will do) or no sensible port."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # a port that is no number is found here
    except ValueError:
        raise malformed(name, wanted) from None
    if parts.scheme not in schemes or not (parts.hostname or (parts.scheme == "unix" and parts.path)):
        raise malformed(name, wanted)
    return parts


def database(name: str, wanted: str) -> dict[str, Any]:
    """Read the address of a PostgreSQL database as Django wants it."""
    value = required(name, wanted)
    if not address(name, value, ("postgresql", "postgres"), wanted).path.strip("/"):
        raise malformed(name, wanted)
    return dict(env.db_url_config(value))


def web_address(name: str, *, default: str, only_https: bool = False) -> str:
    """Read the address of somebody's program; empty where there is no default and none was given."""
    value = str(env.str(name, default=default))
    if not value and not default:
        return value
    schemes = ("https",) if only_https else ("https", "http")
    address(name, value, schemes, " or ".join(f"{one}://host" for one in schemes))
    return value


def mail(name: str) -> dict[str, Any]:
    """Read the address of a mail server as Django wants it; empty where none was given."""
    value, wanted = str(env.str(name, default="")), "smtp+tls://user:password@host:587"
    if not value:
        return {}
    try:
        found = dict(env.email_url_config(value))
        _ = urlsplit(value).port
    except (ImproperlyConfigured, ValueError):
        raise malformed(name, wanted) from None
    if "smtp" in str(found["EMAIL_BACKEND"]) and not found["EMAIL_HOST"]:
        raise malformed(name, wanted)
    return found
