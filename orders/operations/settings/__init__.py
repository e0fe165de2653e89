"""Everything that changes the tenant's own vocabulary: statuses, labels, tasks, saved searches, products, names, shops.

Each act is audited; what is in use is not taken away; what a judgement depends on makes live orders due again (`raise_rule_set`).
"""

from orders.operations.settings.labels import change_tag, create_tag, reorder_tags, restore_tag, retire_tag
from orders.operations.settings.names import NameUnknown, set_delivery_name, set_payment_name
from orders.operations.settings.products import change_product, create_product, restore_product, retire_product
from orders.operations.settings.searches import change_search, create_search, delete_search, reorder_searches
from orders.operations.settings.shops import change_shop, reorder_shops, retire_shop
from orders.operations.settings.statuses import (
    OtherPhase,
    StatusHasOrders,
    StatusIsDefault,
    change_group,
    change_status,
    create_group,
    create_status,
    make_default,
    move_status,
    reorder_groups,
    reorder_statuses,
    restore_group,
    restore_status,
    retire_group,
    retire_status,
)  # fmt: skip
from orders.operations.settings.tasks import (
    change_task,
    create_task,
    reorder_tasks,
    restore_task,
    retire_task,
    switch_task,
)

__all__ = [
    "NameUnknown", "OtherPhase", "StatusHasOrders", "StatusIsDefault", "change_group", "change_product", "change_search",
    "change_shop", "change_status", "change_tag", "change_task", "create_group", "create_product", "create_search",
    "create_status", "create_tag", "create_task", "delete_search", "make_default", "move_status", "reorder_groups",
    "reorder_searches", "reorder_shops", "reorder_statuses", "reorder_tags", "reorder_tasks", "restore_group",
    "restore_product", "restore_status", "restore_tag", "restore_task", "retire_group", "retire_product", "retire_shop",
    "retire_status", "retire_tag", "retire_task", "set_delivery_name", "set_payment_name", "switch_task",
]  # fmt: skip
