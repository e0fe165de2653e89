"""Paths of the pages where the tenant's own things are set; `orders/urls.py` includes them."""

from __future__ import annotations

from django.urls import path

from orders.views.settings import connect, live, shops

urlpatterns = [
    path("settings/shops/", shops.shops, name="shops"),
    path("settings/shops/new/", connect.shop_new, name="shop_new"),
    path("settings/shops/<oid:pk>/", shops.shop, name="shop"),
    path("settings/shops/<oid:pk>/edit/", connect.shop_edit, name="shop_edit"),
    path("settings/shops/<oid:pk>/test/", connect.shop_test, name="shop_test"),
    path("settings/shops/<oid:pk>/fetch/", shops.shop_fetch, name="shop_fetch"),
    path("settings/shops/<oid:pk>/polling/", shops.shop_polling, name="shop_polling"),
    path("settings/shops/<oid:pk>/read-from/", shops.shop_read_from, name="shop_read_from"),
    path("settings/shops/<oid:pk>/live/", live.shop_live, name="shop_live"),
    path("settings/shops/<oid:pk>/observe/", shops.shop_observe, name="shop_observe"),
]
