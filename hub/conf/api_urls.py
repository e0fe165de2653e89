"""Every path of the REST API, version 1: what each app answers, and what is promised and not due yet."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from automation.api.urls import urls as automation_urls
from hub.api import audit, effects, members
from hub.api.routes import not_ready, nowhere
from mailer.api.urls import urls as mailer_urls
from orders.api.urls import urls as orders_urls
from warehouses.api.urls import urls as warehouses_urls

READS, WRITES = "settings:read", "settings:write"

NOT_DUE: list[URLPattern] = [
    not_ready("rules/try-out", "POST", read=READS, write=WRITES, due="automation"),
    not_ready("rules/lint", "GET POST", read=READS, write=READS, due="automation"),
    not_ready("flow", "GET", read=READS, write=WRITES, due="automation"),
    not_ready("parcels/actions/bundle", "POST", read="orders:read", write="orders:write", due="bundles"),
    not_ready("parcels/actions/unbundle", "POST", read="orders:read", write="orders:write", due="bundles"),
    not_ready("stock", "GET PATCH", read=READS, write=WRITES, due="stock"),
    not_ready("webhooks", "GET POST", read=READS, write=WRITES, due="integration"),
    not_ready("files", "GET POST", read="personal:read", write="personal:read", due="files"),
    not_ready("document-templates", "GET POST", read=READS, write=WRITES, due="documents"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    *orders_urls,
    *automation_urls,
    *warehouses_urls,
    *mailer_urls,
    *effects.urls,
    *members.urls,
    *audit.urls,
    *NOT_DUE,
    nowhere,
]
