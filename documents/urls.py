"""Paths of files and of pasted numbers. They lie in the namespace of orders, whose pages link to them."""

from django.urls import path

from documents.views import files, tracking
from hub.ids import register_in_paths

register_in_paths()

urlpatterns = [
    path("orders/tracking/", tracking.paste_tracking, name="paste_tracking"),
    path("orders/csv/", files.csv, name="csv"),
    path("orders/packing-slips/", files.packing_slips, name="packing_slips"),
    path("orders/<oid:pk>/packing-slip/", files.packing_slip, name="packing_slip"),
    path("orders/files/<oid:pk>/", files.file, name="file"),
    path("orders/files/<oid:pk>/download/", files.download, name="download"),
]
