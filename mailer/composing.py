"""A mail's content from a template and an order. The values of many orders are gathered in a fixed number of statements."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import override

from hub.clock import JAPAN
from mailer import placeholders
from mailer.models import MailAccount, MailTemplate
from orders import carriers
from orders.fields.labels import PAYMENT_METHODS
from orders.models import Order, OrderLine, Parcel, TrackingNumber

MAX_SUBJECT = 200
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{3,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z0-9-]*[A-Za-z0-9]"
)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The frozen content of one mail."""

    recipient: str
    sender: str
    subject: str
    body: str
    message_id: str


def is_address(text: str) -> bool:
    """Say whether this is one plain mail address. Local parts with two dots in a row exist in Japan and are let through."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def compose(template: MailTemplate, account: MailAccount, order: Order, values: Mapping[str, str]) -> Letter:
    """Fill the template for one order. The shop's signature ends the mail where the template does not place it itself."""
    text = placeholders.fill(template.body, values).rstrip()
    if "signature" not in placeholders.words_of(template.body) and values.get("signature"):
        text = f"{text}\n\n{values['signature']}"
    return Letter(
        recipient=order.buyer_email.strip(),
        sender=sender_of(account),
        subject=placeholders.header(placeholders.fill(template.subject, values))[:MAX_SUBJECT],
        body=placeholders.body(text) + "\n",
        message_id=f"<{uuid.uuid4().hex}@{account.sender.rpartition('@')[2]}>",
    )


def sender_of(account: MailAccount) -> str:
    """Return the address a mail is from, with the account's name before it if it has one."""
    name = placeholders.header(account.sender_name).replace('"', "").replace("\\", "")
    return f'"{name}" <{account.sender}>' if name else account.sender


def values_of(orders: Sequence[Order]) -> dict[int, dict[str, str]]:
    """Return what every placeholder says for each order (loaded with its shop)."""
    ids = [order.pk for order in orders]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=ids, closed_at__isnull=True).order_by(
        "order_id", "position", "pk"
    ):
        lines[line.order_id].append(line)
    wanted = {line.parcel_id for of_order in lines.values() for line in of_order}
    parcels = {parcel.pk: parcel for parcel in Parcel.objects.filter(pk__in=wanted)}
    numbers: dict[int, list[TrackingNumber]] = defaultdict(list)
    for row in TrackingNumber.objects.filter(parcel_id__in=wanted).order_by("pk"):
        numbers[row.parcel_id].append(row)
    return {
        order.pk: _values(order, lines[order.pk], _parcels_of(lines[order.pk], parcels), numbers) for order in orders
    }


def _parcels_of(lines: Iterable[OrderLine], parcels: Mapping[int, Parcel]) -> list[Parcel]:
    found = {line.parcel_id: parcels[line.parcel_id] for line in lines}
    return sorted(found.values(), key=lambda parcel: (parcel.position, parcel.pk))


def _values(
    order: Order, lines: Sequence[OrderLine], parcels: Sequence[Parcel], numbers: Mapping[int, Sequence[TrackingNumber]]
) -> dict[str, str]:
    rows = [row for parcel in parcels for row in numbers.get(parcel.pk, ())]
    return {
        "order_number": order.number,
        "ordered_on": day(order.placed_at.astimezone(JAPAN).date()),
        "shop_name": order.shop.name,
        "mall_name": _mall_name(order.shop.channel),
        "buyer_name": order.buyer_name,
        "lines": "\n".join(map(_line, lines)),
        "recipients": "\n".join(map(_recipient, parcels)),
        "wish": _wishes(order, parcels) or "指定なし",
        "payment": order.payment_name or _payment(order.payment_method),
        "pay_due_on": day(order.pay_due_on),
        "delivery": order.delivery_name,
        "subtotal_yen": yen(order.subtotal_yen),
        "postage_yen": yen(order.postage_yen),
        "fee_yen": yen(order.fee_yen),
        "coupon_yen": yen(order.coupon_shop_yen + order.coupon_other_yen),
        "points_yen": yen(order.points_yen),
        "total_yen": yen(order.total_yen),
        "shipped_on": "、".join(dict.fromkeys(day(row.shipped_on) for row in rows)),
        "carrier": "、".join(dict.fromkeys(carriers.label_of(row.carrier) for row in rows)),
        "tracking_number": "、".join(dict.fromkeys(row.number for row in rows if row.number)),
        "tracking_url": "\n".join(dict.fromkeys(page for row in rows if (page := carriers.tracking_page(row.carrier, row.number)))),
        "shipments": "\n\n".join(
            _shipment(parcel, numbers.get(parcel.pk, ()), several=len(parcels) > 1) for parcel in parcels if numbers.get(parcel.pk)
        ),
        "signature": order.shop.signature.strip(),
    }  # fmt: skip


def _wishes(order: Order, parcels: Iterable[Parcel]) -> str:
    of_parcels = "、".join(dict.fromkeys(filter(None, (_wish(parcel.wish_on, parcel.wish_time) for parcel in parcels))))
    return of_parcels or _wish(order.wish_on, order.wish_time)


def _payment(method: str) -> str:
    """Return the hub's name for a way of paying in the buyer's language, whatever the person who writes the mail reads."""
    with override("ja"):
        return str(PAYMENT_METHODS.get(method, ""))


def _mall_name(channel: str) -> str:
    plug = settings.CHANNELS.get(channel)
    return plug.label if plug else channel


def _line(line: OrderLine) -> str:
    options = f"（{' / '.join(line.options.split())}）" if line.options.strip() else ""
    price = line.unit_price_incl_yen if line.unit_price_incl_yen is not None else line.unit_price_yen
    if price is None:
        return f"・{line.name}{options} × {line.quantity}"
    return f"・{line.name}{options}\n　{price:,}円 × {line.quantity} = {price * line.quantity:,}円"


def _recipient(parcel: Parcel) -> str:
    code = parcel.postal_code
    code = f"〒{code[:3]}-{code[3:]} " if len(code) == 7 else ""
    return f"{parcel.name} 様\n　{code}{parcel.prefecture}{parcel.city}{parcel.street}"


def _shipment(parcel: Parcel, rows: Sequence[TrackingNumber], *, several: bool) -> str:
    said = [f"お届け先　：{parcel.name} 様"] if several else []
    for row in rows:
        said.append(f"発送日　　：{day(row.shipped_on)}")
        said.append(f"運送会社　：{carriers.label_of(row.carrier)}")
        if row.number:
            said.append(f"送り状番号：{row.number}")
        if page := carriers.tracking_page(row.carrier, row.number):
            said.append(f"配送状況　：{page}")
    return "\n".join(said)


def _wish(on: date | None, time: str) -> str:
    return " ".join(filter(None, [day(on), time]))


def day(on: date | None) -> str:
    """Write a day as buyers read it; empty for none."""
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def yen(amount: int | None) -> str:
    """Write an amount; the mall has not fixed it while it is None."""
    return "未確定" if amount is None else f"{amount:,}円"
