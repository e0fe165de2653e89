"""The core: orders and what can be said and done to them."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import lookups, words  # noqa: F401  (comparisons that Django lacks; how errors read)
