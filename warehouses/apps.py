"""Requests to whoever ships, and what they answer."""

from django.apps import AppConfig


class WarehousesConfig(AppConfig):
    name = "warehouses"
