"""The figures of the home page: is today all right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField, Sum
from django.db.models.functions import Trunc

from hub.clock import JAPAN
from hub.models import Effect
from orders.fields.kinds import day_of, start_of
from orders.models import MallReport, Order, Shop, Status, Warehouse
from orders.models.statuses import Phase
from orders.queries.counts import status_counts
from orders.queries.held import Cause, held_causes, held_queue, longest_held
from orders.queries.late import count_late
from orders.queries.shops import in_shops
from orders.queries.to_ship import count_to_ship, count_unplaced, wanted_parcels


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """The orders that are to leave a warehouse by its next cut-off. `held` of them cannot go as things stand."""

    warehouse: Warehouse
    at: datetime
    orders: int
    held: int


@dataclass(frozen=True, kw_only=True)
class HomeFigures:
    """The figures in the order in which the page asks. `new_in` are the statuses of the new ones; `hours` are orders placed in each
    hour of today and of the same weekday last week; `held` and `oldest_held` leave out what only waits for others; `unreported_yen` is
    what is shipped and not yet counted at the mall; `to_ship` of our orders wait to be shipped, `unplaced` of them have no warehouse
    yet, and `elsewhere` wait for another system to ship them."""

    new: int
    new_in: tuple[int, ...]
    waiting: int
    held: int
    causes: tuple[Cause, ...]
    oldest_held: int | None
    late: int
    stopped: tuple[tuple[str, int], ...]
    unreported: int
    unreported_yen: int
    to_ship: int
    elsewhere: int
    cutoffs: tuple[Cutoff, ...]
    unplaced: int
    hours: tuple[int, ...]
    hours_last_week: tuple[int, ...]
    shops: tuple[Shop, ...]

    @property
    def all_well(self) -> bool:
        """Say whether nothing waits for a person: none held, none late, nothing stopped, every mall seen."""
        return not (self.held or self.late or self.stopped or any(shop.blind_since for shop in self.shops))


def home_figures(now: datetime, shop_ids: Sequence[int] = ()) -> HomeFigures:
    """Return the figures of this moment, in a fixed number of statements: of these shops where any are named; what has stopped and the
    shops themselves are always the whole tenant's."""
    new, new_in, waiting = _new(shop_ids)
    unreported, yen = _unreported(shop_ids)
    to_ship, elsewhere = count_to_ship(shop_ids)
    queue = held_queue(shop_ids=shop_ids)
    oldest = longest_held(queue)
    today = day_of(now)
    return HomeFigures(
        new=new,
        new_in=new_in,
        waiting=waiting,
        held=queue.count(),
        causes=held_causes(shop_ids),
        oldest_held=oldest[0] if oldest else None,
        late=count_late(now, shop_ids),
        stopped=tuple(_stopped()),
        unreported=unreported,
        unreported_yen=yen,
        to_ship=to_ship,
        elsewhere=elsewhere,
        cutoffs=tuple(cutoffs(now, shop_ids)),
        unplaced=count_unplaced(shop_ids),
        hours=_hours(start_of(today), shop_ids),
        hours_last_week=_hours(start_of(today - timedelta(days=7)), shop_ids),
        shops=tuple(
            Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk").defer("credentials", "covered")
        ),
    )


def _new(shop_ids: Sequence[int]) -> tuple[int, tuple[int, ...], int]:
    """Return the live orders in the phase of intake without those still in their waiting time, their statuses, and those."""
    counts = status_counts(shop_ids)
    intake = dict(Status.objects.filter(group__phase=Phase.INTAKE).order_by("pk").values_list("pk", "default_for"))
    new_in = tuple(pk for pk, default_for in intake.items() if default_for != "waiting")
    new = sum(counts.get(pk, 0) for pk in new_in)
    return new, new_in, sum(counts.get(pk, 0) for pk in intake) - new


def _stopped() -> Sequence[tuple[str, int]]:
    rows = Effect.objects.filter(state="stopped").order_by().values("kind").annotate(n=Count("pk"))
    return sorted(rows.values_list("kind", "n"))


def _unreported(shop_ids: Sequence[int]) -> tuple[int, int]:
    """Return the shipped orders that a mall has not counted yet, and their amount."""
    open_reports = MallReport.objects.filter(counted_at__isnull=True).values("order")
    rows = Order.objects.filter(**in_shops(shop_ids), pk__in=open_reports, is_live=True)
    found = rows.aggregate(n=Count("pk"), yen=Sum("total_yen"))
    return found["n"], int(found["yen"] or 0)


def _hours(start: datetime, shop_ids: Sequence[int]) -> tuple[int, ...]:
    placed = Order.objects.filter(
        **in_shops(shop_ids), is_live=True, placed_at__gte=start, placed_at__lt=start + timedelta(days=1)
    ).order_by()
    hour = Trunc("placed_at", "hour", tzinfo=JAPAN, output_field=DateTimeField())
    counted = dict(placed.annotate(hour=hour).values("hour").annotate(n=Count("pk")).values_list("hour", "n"))
    return tuple(counted.get(start + timedelta(hours=hour), 0) for hour in range(24))


def cutoffs(now: datetime, shop_ids: Sequence[int] = ()) -> list[Cutoff]:
    """Return each warehouse's next cut-off with our orders that are to leave by it and not yet requested."""
    rows = (
        wanted_parcels(shop_ids)
        .filter(warehouse__isnull=False)
        .order_by()
        .values("warehouse_id", "order__held")
        .annotate(n=Count("order", distinct=True))
    )
    counts: dict[int, dict[bool, int]] = {}
    for warehouse_id, held, n in rows.values_list("warehouse_id", "order__held", "n"):
        counts.setdefault(warehouse_id, {})[held] = n
    found = Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk").defer("credentials")
    return [
        Cutoff(
            warehouse=warehouse, at=next_cutoff(warehouse, now), orders=sum(counts.get(warehouse.pk, {}).values()),
            held=counts.get(warehouse.pk, {}).get(True, 0),
        )
        for warehouse in found
    ]  # fmt: skip


def next_cutoff(warehouse: Warehouse, now: datetime) -> datetime:
    """Return the warehouse's next cut-off after now; at the very instant of a cut-off it is tomorrow's."""
    day = now.astimezone(JAPAN).date()
    today = datetime.combine(day, warehouse.cutoff_on(day), JAPAN)
    if now < today:
        return today
    return datetime.combine(day + timedelta(days=1), warehouse.cutoff_on(day + timedelta(days=1)), JAPAN)
