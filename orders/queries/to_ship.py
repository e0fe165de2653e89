"""出荷待ち: our own open orders with a parcel that is to leave and not yet requested. Figures and lists ask here, so that they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import Parcel
from orders.models.orders import ParcelState

ELSEWHERE = Q(order__ours=False) | Q(order__status__not_ours=True) | Q(warehouse__kind="other")
"""Another system ships it: it came before the hub went live, stands in a step that others look after, or leaves from elsewhere."""


@dataclass(frozen=True, kw_only=True)
class ToShip:
    """Which of the orders that wait to be shipped: all (`warehouse_id` None), those of one warehouse, or those without any (0)."""

    warehouse_id: int | None = None

    def q(self) -> Q:
        """Return the limit on orders."""
        parcels = wanted_parcels().filter(order=OuterRef("pk"))
        if self.warehouse_id is not None:
            parcels = parcels.filter(
                **{"warehouse": self.warehouse_id} if self.warehouse_id else {"warehouse__isnull": True}
            )
        return Q(Exists(parcels))


def wanted_parcels(shop_ids: Sequence[int] = ()) -> QuerySet[Parcel]:
    """Return the parcels that are to leave and not yet requested, apart from those of another system."""
    return _waiting(shop_ids).exclude(ELSEWHERE)


def count_to_ship(shop_ids: Sequence[int] = ()) -> tuple[int, int]:
    """Return how many orders wait to be shipped: ours, and those that another system ships. Two statements."""
    return _orders(wanted_parcels(shop_ids)), _orders(_waiting(shop_ids).filter(ELSEWHERE))


def count_unplaced(shop_ids: Sequence[int] = ()) -> int:
    """Return how many of our orders are to leave and have no warehouse yet."""
    return _orders(wanted_parcels(shop_ids).filter(warehouse__isnull=True))


def _waiting(shop_ids: Sequence[int]) -> QuerySet[Parcel]:
    found = Parcel.objects.filter(
        state=ParcelState.DRAFT, ship_wanted_at__isnull=False, closed_at__isnull=True, order__is_open=True
    )
    return found.filter(order__shop_id__in=shop_ids) if shop_ids else found


def _orders(parcels: QuerySet[Parcel]) -> int:
    return parcels.order_by().values("order").distinct().count()
