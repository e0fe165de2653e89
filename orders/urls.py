"""Paths of the core's pages. `in_hub` are pages of the platform's namespace that speak of orders."""

from django.urls import URLPattern, path

from hub.ids import register_in_paths
from orders.views import (
    acts,
    addresses,
    attention,
    bulk,
    detail,
    effects,
    entry,
    home,
    jobs,
    leaving,
    pasted,
    removed,
    search,
    shipping,
    triage,
)
from orders.views import list as listed
from orders.views.settings.urls import urlpatterns as settings_urls

register_in_paths()

app_name = "orders"
urlpatterns: list[URLPattern] = [
    path("orders/", listed.orders, name="list"),
    path("orders/news/", listed.news, name="news"),
    path("orders/searches/new/", listed.search_save, name="search_save"),
    path("orders/new/", entry.entry, name="new"),
    path("orders/new/products/", entry.entry_products, name="new_products"),
    path("orders/new/item/", entry.entry_item, name="new_item"),
    path("orders/new/place/", entry.entry_place, name="new_place"),
    path("orders/bulk/", bulk.bulk, name="bulk"),
    path("orders/undo/", acts.undo_change, name="undo"),
    path("orders/removed/", removed.removed, name="removed"),
    path("orders/batches/<oid:pk>/", jobs.batch, name="batch"),
    path("orders/batches/<oid:pk>/cancel/", jobs.batch_cancel, name="batch_cancel"),
    path("orders/batches/<oid:pk>/undo/", jobs.batch_undo, name="batch_undo"),
    path("orders/<oid:pk>/", detail.detail, name="detail"),
    path("orders/<oid:pk>/peek/", detail.peek, name="peek"),
    path("orders/<oid:pk>/history/", detail.history, name="history"),
    path("orders/<oid:pk>/remarks/", detail.remarks, name="remarks"),
    path("orders/<oid:pk>/status/", acts.set_status, name="set_status"),
    path("orders/<oid:pk>/tags/add/", acts.add_tag, name="add_tag"),
    path("orders/<oid:pk>/tags/remove/", acts.remove_tag, name="remove_tag"),
    path("orders/<oid:pk>/memo/", acts.set_memo, name="set_memo"),
    path("orders/<oid:pk>/remark-read/", acts.remark_read, name="remark_read"),
    path("orders/<oid:pk>/hold/", acts.hold, name="hold"),
    path("orders/<oid:pk>/release/", acts.release, name="release"),
    path("orders/<oid:pk>/override/", acts.override, name="override"),
    path("orders/<oid:pk>/want/", acts.want, name="want"),
    path("orders/<oid:pk>/unwant/", acts.unwant, name="unwant"),
    path("orders/<oid:pk>/warehouse/", acts.choose_warehouse, name="choose_warehouse"),
    path("orders/<oid:pk>/take-back/", acts.take_back, name="take_back"),
    path("orders/<oid:pk>/read-again/", acts.read_again, name="read_again"),
    path("orders/<oid:pk>/record-shipment/", shipping.record_shipment, name="record_shipment"),
    path("orders/<oid:pk>/give-up/", leaving.give_up, name="give_up"),
    path("parcels/<oid:pk>/address/", addresses.edit_address, name="edit_address"),
    path("parcels/<oid:pk>/address/take/", addresses.take_address, name="take_address"),
    path("parcels/<oid:pk>/reopen/", acts.reopen, name="reopen"),
    path("shipping/", shipping.shipping, name="shipping"),
    path("attention/", attention.attention, name="attention"),
    path("attention/errors/", attention.errors, name="errors"),
    path("attention/triage/", triage.triage, name="triage"),
    path("attention/triage/next/", triage.triage_next, name="triage_next"),
    *settings_urls,
]

in_hub: list[URLPattern] = [
    path("", home.home, name="home"),
    path("shop/", home.switch_shop, name="switch_shop"),
    path("search/", search.search, name="search"),
    path("search/keep/", pasted.keep, name="search_keep"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("attention/effects/", effects.effects, name="effects"),
    path("attention/effects/act/", effects.effects_act, name="effects_act"),
    path("attention/effects/<oid:pk>/", effects.effect, name="effect"),
    path("attention/effects/<oid:pk>/act/", effects.effect_act, name="effect_act"),
]
