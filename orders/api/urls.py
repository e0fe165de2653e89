"""The core's paths under `api/v1/`."""

from django.urls import URLPattern

from orders.api import acting, batches, orders, parcels, products, shops, vocabulary

urls: list[URLPattern] = [
    *shops.urls,
    *acting.urls,
    *orders.urls,
    *parcels.urls,
    *vocabulary.urls,
    *products.urls,
    *batches.urls,
]
