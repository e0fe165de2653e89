"""Reading: the list, counts, one order, and the figures of the day. Nothing here changes anything but `fold_deltas`."""

from orders.queries.counts import GroupNode, StatusNode, fold_deltas, late_counts, recount, status_counts, status_tree
from orders.queries.detail import HistoryEntry, NoOrder, OrderDetail, history_of, order_detail, others_of_buyer
from orders.queries.facts import facts_of
from orders.queries.figures import Cutoff, HomeFigures, cutoffs, home_figures, next_cutoff
from orders.queries.filters import Filter
from orders.queries.held import Cause, held_causes, held_queue, longest_held
from orders.queries.late import any_uncounted, count_late, is_late, past_limit
from orders.queries.pages import (
    SORTS,
    BadCursor,
    Page,
    count_orders,
    ids_of_orders,
    marker,
    newer_orders,
    page_of_orders,
)  # fmt: skip
from orders.queries.rows import OpenTask, OrderRow, ShopMark, StatusMark, TagMark, rows_of
from orders.queries.to_ship import ToShip, count_unplaced, wanted_parcels

__all__ = [
    "SORTS", "BadCursor", "Cause", "Cutoff", "Filter", "GroupNode", "HistoryEntry", "HomeFigures", "NoOrder",
    "OpenTask", "OrderDetail", "OrderRow", "Page", "ShopMark", "StatusMark", "StatusNode", "TagMark", "ToShip", "any_uncounted",
    "count_late", "count_orders", "count_unplaced", "cutoffs", "facts_of", "fold_deltas", "held_causes", "held_queue", "history_of",
    "home_figures", "ids_of_orders", "is_late", "late_counts", "longest_held", "marker", "newer_orders", "next_cutoff",
    "order_detail", "others_of_buyer", "page_of_orders", "past_limit", "recount", "rows_of", "status_counts", "status_tree",
    "wanted_parcels",
]  # fmt: skip
