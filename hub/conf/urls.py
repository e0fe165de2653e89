"""Every URL prefix. An app's own paths are in its `urls.py`; a namespace may be filled by several apps, and is put together here."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from documents import urls as documents
from hub import urls as hub
from hub.views import switching
from orders import urls as orders

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", switching.healthz, name="healthz"),
    path("readyz", switching.readyz, name="readyz"),
    path("language/", switching.set_language, name="set_language"),
    path("api/v1/", include("hub.conf.api_urls")),
    path("", include(([*hub.urlpatterns, *orders.in_hub], "hub"))),
    path("", include(([*documents.urlpatterns, *orders.urlpatterns], "orders"))),
    path("", include(hub.by_name_of_allauth)),
]
for app in ("warehouses", "automation", "mailer"):
    if find_spec(f"{app}.urls"):
        urlpatterns.append(path("", include((import_module(f"{app}.urls").urlpatterns, app))))
