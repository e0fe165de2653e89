"""The faults themselves: what each does to processes, database, broker, mall or warehouse, how often it did, and what its row measures."""

from drivers.strikes.broker import DroppedBells, FlushedBroker, TripledBells
from drivers.strikes.fault import Fault
from drivers.strikes.mall import SilentMall, TooManyRequests
from drivers.strikes.poison import Poison, place_poison
from drivers.strikes.processes import FrozenChildren, GracefulStops, KilledChildren
from drivers.strikes.sessions import EndedSessions
from drivers.strikes.warehouse import SilentWarehouse

__all__ = [
    "DroppedBells", "EndedSessions", "Fault", "FlushedBroker", "FrozenChildren", "GracefulStops", "KilledChildren", "Poison",
    "SilentMall", "SilentWarehouse", "TooManyRequests", "TripledBells", "place_poison",
]  # fmt: skip
