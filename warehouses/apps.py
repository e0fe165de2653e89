"""Requests to whoever ships, and what they answer."""

from django.apps import AppConfig


class WarehousesConfig(AppConfig):
    name = "warehouses"

    def ready(self) -> None:
        from warehouses import words  # noqa: F401  (how errors read, and who uses what)
