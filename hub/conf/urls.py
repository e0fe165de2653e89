"""Every URL prefix. An app's own paths are in its `urls.py`; a namespace may be filled by several apps, and is put together here."""

from django.urls import URLPattern, URLResolver, include, path

from automation import urls as automation
from documents import urls as documents
from hub import urls as hub
from hub.views import failing, switching
from mailer import urls as mailer
from orders import urls as orders
from warehouses import urls as warehouses

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", switching.healthz, name="healthz"),
    path("readyz", switching.readyz, name="readyz"),
    path("language/", switching.set_language, name="set_language"),
    path("api/v1/", include("hub.conf.api_urls")),
    path("", include(([*hub.urlpatterns, *orders.in_hub], "hub"))),
    path("", include(([*documents.urlpatterns, *orders.urlpatterns], "orders"))),
    path("", include(hub.by_name_of_allauth)),
    path("", include((warehouses.urlpatterns, "warehouses"))),
    path("", include((automation.urlpatterns, "automation"))),
    path("", include((mailer.urlpatterns, "mailer"))),
]
handler500 = failing.server_error
