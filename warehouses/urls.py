"""Paths of the pages of warehouses."""

from __future__ import annotations

from django.urls import path

from warehouses import asking, views

app_name = "warehouses"
urlpatterns = [
    path("settings/warehouses/", views.warehouse_list, name="list"),
    path("settings/warehouses/new/", views.new, name="new"),
    path("settings/warehouses/<oid:pk>/", views.edit, name="edit"),
    path("settings/warehouses/<oid:pk>/test/", views.test, name="test"),
    path("settings/warehouses/<oid:pk>/pause/", views.pause, name="pause"),
    path("settings/warehouses/<oid:pk>/retire/", views.retire, name="retire"),
    path("shipping/requests/<oid:pk>/ask/", asking.ask, name="ask"),
    path("shipping/results/<oid:pk>/settle/", asking.settle, name="settle"),
]
