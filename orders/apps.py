"""The core: orders and what can be said and done to them."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
