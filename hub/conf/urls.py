"""Every URL prefix. An app's own paths are in its `urls.py`."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
