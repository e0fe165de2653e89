"""What the core's pages ask of the apps above orders, by names in settings.ORDER_PANELS: panels to show, and acts behind buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def panel(name: str, **asked: Any) -> Any:
    """Return what the app that fills this panel says, or None where no app does."""
    path = settings.ORDER_PANELS.get(name)
    return import_string(path)(**asked) if path else None


def act(name: str) -> Callable[..., Any]:
    """Return the act that an app above orders does under this name."""
    found: Callable[..., Any] = import_string(settings.ORDER_PANELS[name])
    return found
