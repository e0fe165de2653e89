"""The words between a warehouse and the core, the WarehouseAdapter protocol, and `adapter_for(warehouse)`.

An adapter translates and decides nothing. The reference is ours, so looking is always possible where the warehouse can be asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from hub import secrets
from hub.effects.outcomes import Outcome
from orders.channels import CredentialsForm

if TYPE_CHECKING:
    from orders.models import Warehouse


class WarehouseAbility(Enum):
    """REQUEST: takes requests from us. DEDUPES: the same reference twice is one shipment. ASKABLE: `find` answers.
    WITHDRAW: a request can be taken back. RESULTS: tells what was shipped. PRINT: people ship by paper (own shelf)."""

    REQUEST = "request"
    DEDUPES = "dedupes"
    ASKABLE = "askable"
    WITHDRAW = "withdraw"
    RESULTS = "results"
    PRINT = "print"


@dataclass(frozen=True, kw_only=True)
class ShipLine:
    """Units of one of our SKUs."""

    line_id: int
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class ShipRequest:
    """All a warehouse needs to send one parcel. Frozen into the effect's payload when the parcel is requested."""

    reference: str
    order_numbers: tuple[str, ...]
    shop_name: str
    name: str
    kana: str
    phone: str
    postal_code: str
    prefecture: str
    city: str
    street: str
    lines: tuple[ShipLine, ...]
    wish_on: date | None = None
    wish_time: str = ""
    delivery_method: str = ""
    carrier: str = ""
    cod_yen: int | None = None
    drop_off: str = ""
    noshi: str = ""
    gift: bool = False
    wrapping: str = ""
    pick_up: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestState:
    """What the warehouse says of a reference: accepted, working, refused, cannot_ship, withdrawn or shipped."""

    reference: str
    state: str
    reason: str = ""
    detail: str = ""
    ship_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ShippedPackage:
    """One tracking number. `carrier` in the hub's words (`orders/carriers.py`)."""

    carrier: str
    number: str
    shipped_on: date


@dataclass(frozen=True, kw_only=True)
class ShipResult:
    """A result. `outcome`: shipped, short (part of the quantities) or cannot_ship. `quantities` by SKU; empty means all."""

    reference: str
    outcome: str
    packages: tuple[ShippedPackage, ...] = ()
    quantities: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BadResult:
    """A result that cannot be understood: shown with its path, the others go on."""

    reference: str
    path: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Results:
    """One page of results and the cursor to go on from; `more` if there is another page now."""

    items: tuple[ShipResult | BadResult, ...]
    cursor: str
    more: bool


class WithdrawAnswer(Enum):
    """`agreed` (free or with `fee_yen` in the receipt), `needs_fee`, `too_late`."""

    AGREED = "agreed"
    NEEDS_FEE = "needs_fee"
    TOO_LATE = "too_late"


class WarehouseAdapter(Protocol):
    """A warehouse. Reading calls raise orders.channels.MallDown or MallBlind; writing calls answer an Outcome for each key."""

    label: str
    form: type[CredentialsForm]
    abilities: frozenset[WarehouseAbility]
    send_size: int

    def send(self, *, requests: Sequence[ShipRequest]) -> Mapping[str, Outcome]:
        """Ask for up to `send_size` shipments. Receipt.data may hold `ship_on` (ISO day) and `repeated`."""
        ...

    def find(self, *, references: Sequence[str]) -> Mapping[str, RequestState | None]:
        """Say what the warehouse knows of each reference; None means surely absent."""
        ...

    def withdraw(self, *, reference: str, accept_fee: bool, reason: str) -> Outcome:
        """Take a request back. Receipt.data: {"answer": WithdrawAnswer value, "fee_yen": int}."""
        ...

    def results(self, *, cursor: str) -> Results:
        """Read the next page of results after the cursor (empty: from the beginning)."""
        ...

    def test(self) -> str:
        """Call the warehouse harmlessly; return an empty text if it works, else a reason code."""
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...


def adapter_class(kind: str) -> type[Any]:
    """Return the adapter class registered under this kind."""
    found: type[Any] = import_string(settings.WAREHOUSES[kind].adapter)
    return found


def adapter_for(warehouse: Warehouse, *, transport: Any = None) -> WarehouseAdapter:
    """Build the warehouse's adapter. `transport` replaces the network in tests."""
    credentials = secrets.open_box(
        bytes(warehouse.credentials), owner=f"{warehouse.tenant_id}|warehouse|{warehouse.pk}"
    )
    built: WarehouseAdapter = adapter_class(warehouse.kind)(
        credentials=credentials, base_url=settings.WAREHOUSE_BASE_URLS[warehouse.kind], transport=transport
    )
    return built
