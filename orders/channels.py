"""The words between a mall and the core: frozen values, the Channel protocol, and `channel_for(shop)`.

An adapter has no models, no clock and no transaction. It is given credentials and a client, translates, and decides nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from hub import secrets
from hub.effects.outcomes import Outcome
from hub.http import CounterpartBlind, CounterpartDown

if TYPE_CHECKING:
    from orders.models import Shop


class Ability(Enum):
    CONFIRM = "confirm"
    REPORT_SHIPMENT = "report_shipment"
    CANCEL = "cancel"


class Unsupported(Exception):
    """The mall has no such function; the ability is not in `Channel.abilities`."""


class MallDown(CounterpartDown):
    """A reading call had no usable answer (line, 5xx, 429). `retry_after` in seconds where the mall named it."""


FOREIGN = "foreign_orders"
"""Why a mall is not seen whose key works, and opens another shop than ours."""


class MallBlind(CounterpartBlind):
    """The mall refuses the key, or the key opens another shop than ours: `reason` is a code (`wrong_key`, `expired`,
    `not_switched_on`, `not_active_yet`, `foreign_orders`)."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A person at a place, as the mall wrote it. Phone as received."""

    name: str = ""
    kana: str = ""
    postal_code: str = ""
    prefecture: str = ""
    city: str = ""
    street: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class MallLine:
    """A line. `price_yen` as entered at the mall, `price_incl_yen` with tax; `listing_key` the mall's key for stock."""

    key: str
    listing_key: str
    sku: str
    name: str
    options: str = ""
    variation: str = ""
    quantity: int
    price_yen: int | None
    price_incl_yen: int | None
    tax_percent: int
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MallTracking:
    """A shipping row as it stands at the mall. `carrier` in the hub's words (`orders/carriers.py`), empty if none."""

    row_key: str
    carrier: str
    number: str
    shipped_on: date | None


@dataclass(frozen=True, kw_only=True)
class MallParcel:
    """One destination."""

    key: str
    recipient: Address
    island: bool = False
    noshi: str = ""
    drop_off: str = ""
    carrier: str = ""
    pick_up: Mapping[str, Any] = field(default_factory=dict)
    postage_yen: int | None = 0
    fee_yen: int | None = 0
    goods_yen: int | None = 0
    total_yen: int | None = 0
    lines: tuple[MallLine, ...]
    tracking: tuple[MallTracking, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Coupon:
    """`payer`: shop, mall or maker."""

    payer: str
    code: str
    name: str
    yen: int


@dataclass(frozen=True, kw_only=True)
class TaxRow:
    percent: int
    base_yen: int
    tax_yen: int


@dataclass(frozen=True, kw_only=True)
class MallOrder:
    """An order as a mall says it is now. Times are aware; amounts integer yen, None while the mall has not fixed them.

    `state` and `blocks` are the hub's words: MallState, and codes of `orders/blocks.py` that forbid shipping.
    `payload` is the raw object less what must never be stored; `hash` is over `payload`.
    """

    number: str
    placed_at: datetime
    state: str
    code: str
    sub_status: str = ""
    blocks: tuple[str, ...] = ()
    kind: str = "normal"
    buyer: Address
    payment_name: str
    payment_method: str
    payment_state: str
    delivery_name: str = ""
    delivery_method: str = ""
    next_day: bool = False
    gift: bool = False
    remarks: str = ""
    wish_on: date | None = None
    wish_time: str = ""
    cancel_due_on: date | None = None
    pay_due_on: date | None = None
    confirmed_at: datetime | None = None
    subtotal_yen: int | None
    postage_yen: int | None
    fee_yen: int | None
    discount_yen: int = 0
    points_yen: int = 0
    coupons: tuple[Coupon, ...] = ()
    total_yen: int | None
    tax: tuple[TaxRow, ...] = ()
    parcels: tuple[MallParcel, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)
    unknown_fields: tuple[str, ...] = ()
    payload: bytes
    hash: bytes


@dataclass(frozen=True, kw_only=True)
class BadPayload:
    """An order the mall sent that cannot be understood: where and why. `reason` is a code, `params` its values."""

    number: str
    path: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Same:
    """The mall says of this order what is stored already, byte for byte."""

    number: str


@dataclass(frozen=True, kw_only=True)
class Absent:
    """The mall does not know this number (or no longer tells)."""

    number: str


@dataclass(frozen=True, kw_only=True)
class Named:
    """The numbers of one window and the mall's own counts at the first and the last page."""

    numbers: tuple[str, ...]
    total_first: int
    total_last: int
    mall_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class TrackingRow:
    """A row to report. `row_key` is the mall's row to update, empty to add one."""

    carrier: str
    number: str
    shipped_on: date
    row_key: str = ""


@dataclass(frozen=True, kw_only=True)
class ShipmentReport:
    """All tracking rows of one shipment of one mall parcel of one order."""

    key: str
    number: str
    mall_parcel_key: str
    rows: tuple[TrackingRow, ...]


class CancelReason(Enum):
    CUSTOMER_CANCEL = "customer_cancel"
    CUSTOMER_OTHER = "customer_other"
    UNPAID = "unpaid"
    OUT_OF_STOCK = "out_of_stock"
    DELAY = "delay"
    SHOP_OTHER = "shop_other"


@dataclass(frozen=True, kw_only=True)
class FunctionTest:
    """One line of the live test, in the mall's own function name. `result`: allowed, not_switched_on, wrong_key, not_active_yet,
    expired or no_answer. `detail` is the mall's text."""

    function: str
    result: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ShopTest:
    """The outcome of the live test: the account's own id at the mall, each function, the key's last moment."""

    account: str
    functions: tuple[FunctionTest, ...]
    key_expires_at: datetime | None

    @property
    def passed(self) -> bool:
        return bool(self.functions) and all(test.result == "allowed" for test in self.functions)


class Pace(Protocol):
    """Hands out call slots of the account: `wait(klass)` returns when a call may leave now, or raises `hub.throttle.Later`.

    `pause(seconds)` keeps every worker from calling for so long, because the mall asked for it.
    """

    def wait(self, klass: str) -> None: ...

    def pause(self, seconds: float) -> None: ...


class CredentialsForm(forms.Form):
    """Base of an adapter's credentials form. `secret_fields` are write-only; `hint_field` shows its last four characters."""

    secret_fields: tuple[str, ...] = ()
    hint_field: str = ""

    def key(self, name: str, *, without: str = "") -> str:
        """Return a key as it can stand in a header, blanks around it taken away. Raises ValidationError for any other sign."""
        value = unicodedata.normalize("NFKC", str(self.cleaned_data[name])).strip().strip("\u200b\ufeff")
        if not (value.isascii() and value.isprintable()) or any(sign.isspace() or sign in without for sign in value):
            raise forms.ValidationError(
                _("半角英数字と記号だけで、空白を入れずに入力してください。"), code="wrong_format"
            )
        return value


class Channel(Protocol):
    """A mall. Reading calls raise MallDown or MallBlind; writing calls answer an Outcome for each key (see hub.effects.outcomes)."""

    label: str
    form: type[CredentialsForm]
    abilities: frozenset[Ability]
    fetch_size: int
    confirm_size: int
    reading_class: str
    """The pace class of reading calls: intake, or reread while orders are read again."""

    def account_of(self, number: str) -> str:
        """Return the mall's shop id that an order number carries, or an empty text if it carries none."""
        ...

    def list_orders(self, *, since: datetime, until: datetime) -> Named:
        """Name every order placed in the window, whatever its state."""
        ...

    def fetch(
        self, *, numbers: Sequence[str], stored: Mapping[str, bytes] | None = None
    ) -> list[MallOrder | Same | BadPayload | Absent]:
        """Read up to `fetch_size` orders; one answer for each number, in any order.

        `stored`: the hashes of the payloads that are kept. An order whose payload has its hash may be answered with Same, which
        spares reading it; an adapter that does not care ignores this.
        """
        ...

    def look(self, *, numbers: Sequence[str]) -> Mapping[str, MallOrder | Absent]:
        """Read orders as `fetch` does, for handlers that look before or after a write."""
        ...

    def confirm(self, *, numbers: Sequence[str]) -> Mapping[str, Outcome]: ...

    def report_shipment(self, *, report: ShipmentReport) -> Outcome:
        """Write one report (rows with a row_key are updated, others added)."""
        ...

    def cancel(self, *, number: str, reason: CancelReason, restock: bool) -> Outcome: ...

    def test(self) -> ShopTest:
        """Call each function the adapter needs with a harmless request and say what each answered."""
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...


def channel_class(name: str) -> type[Any]:
    """Return the adapter class registered under this name."""
    found: type[Any] = import_string(settings.CHANNELS[name].adapter)
    return found


def can(channel: str, ability: Ability) -> bool:
    """Say whether a mall has this function. What it cannot do is not decided for its orders, nor offered to people."""
    return channel in settings.CHANNELS and ability in channel_class(channel).abilities


def channel_for(shop: Shop, *, pace: Pace, transport: Any = None) -> Channel:
    """Build the shop's adapter: decrypt its credentials (the only place that does) and hand it its pace.

    `transport` replaces the network in tests: an httpx transport that reaches a simulator.
    """
    credentials = secrets.open_box(bytes(shop.credentials), owner=f"{shop.tenant_id}|shop|{shop.pk}")
    built: Channel = channel_class(shop.channel)(
        credentials=credentials, base_url=settings.CHANNEL_BASE_URLS[shop.channel], pace=pace, transport=transport
    )
    return built
