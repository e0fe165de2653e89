"""The paths of rules under `api/v1/`."""

from automation.api.rules import urls

__all__ = ["urls"]
