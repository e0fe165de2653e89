"""Paths of the pages where the tenant's own things are set; `orders/urls.py` includes them."""

from __future__ import annotations

from django.urls import path

from orders.views.settings import connect, goods, labels, live, mall_words, rejected, retention, shops, steps, tasks

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
    path("settings/statuses/", steps.statuses, name="statuses"),
    path("settings/statuses/order/", steps.statuses_order, name="statuses_order"),
    path("settings/statuses/new/", steps.status_new, name="status_new"),
    path("settings/statuses/groups/order/", steps.status_groups_order, name="status_groups_order"),
    path("settings/statuses/groups/new/", steps.status_group_new, name="status_group_new"),
    path("settings/statuses/groups/<oid:pk>/", steps.status_group_edit, name="status_group_edit"),
    path("settings/statuses/groups/<oid:pk>/retire/", steps.status_group_retire, name="status_group_retire"),
    path("settings/statuses/<oid:pk>/", steps.status_edit, name="status_edit"),
    path("settings/statuses/<oid:pk>/retire/", steps.status_retire, name="status_retire"),
    path("settings/tags/", labels.tags, name="tags"),
    path("settings/tags/order/", labels.tags_order, name="tags_order"),
    path("settings/tags/new/", labels.tag_new, name="tag_new"),
    path("settings/tags/<oid:pk>/", labels.tag_edit, name="tag_edit"),
    path("settings/tags/<oid:pk>/retire/", labels.tag_retire, name="tag_retire"),
    path("settings/tasks/", tasks.tasks, name="tasks"),
    path("settings/tasks/order/", tasks.tasks_order, name="tasks_order"),
    path("settings/tasks/new/", tasks.task_new, name="task_new"),
    path("settings/tasks/<oid:pk>/", tasks.task_edit, name="task_edit"),
    path("settings/tasks/<oid:pk>/switch/", tasks.task_switch, name="task_switch"),
    path("settings/tasks/<oid:pk>/retire/", tasks.task_retire, name="task_retire"),
    path("settings/retention/", retention.retention, name="retention"),
    path("settings/mall-words/", mall_words.mall_words, name="mall_words"),
    path("products/", goods.product_list, name="products"),
    path("products/new/", goods.product_new, name="product_new"),
    path("products/listings/", goods.listing_list, name="listings"),
    path("products/listings/<oid:pk>/map/", goods.listing_map, name="listing_map"),
    path("products/<oid:pk>/", goods.product_edit, name="product_edit"),
    path("products/<oid:pk>/retire/", goods.product_retire, name="product_retire"),
    path("attention/rejected/<oid:pk>/", rejected.rejected, name="rejected"),
]
