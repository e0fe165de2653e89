"""The paths of warehouses under `api/v1/`."""

from django.urls import URLPattern

from warehouses.api import requests, warehouses

urls: list[URLPattern] = [*warehouses.urls, *requests.urls]
