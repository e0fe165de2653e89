"""What the mall remembers of an order, and the document that it tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement

OPEN, CANCELLED = "2", "4"
MAY_NOT_SHIP, MAY_SHIP, SHIPPED = "0", "1", "3"
SHIP_FIELDS = ("ShipCompanyCode", "ShipDate", "InvoiceNumber1", "InvoiceNumber2")


@dataclass(kw_only=True)
class Order:
    """One order. `ship` holds the elements of a shipment as the shop wrote them."""

    number: str
    placed_at: datetime
    next_day: bool = False
    bad: bool = False
    seen: bool = False
    status: str = OPEN
    ship_status: str = MAY_NOT_SHIP
    ship: dict[str, str] = field(default_factory=dict)

    def see(self) -> None:
        """Let the shop's people look at the order: it may be shipped now."""
        self.seen, self.ship_status = True, MAY_SHIP

    def cancel(self) -> None:
        self.status, self.ship_status = CANCELLED, MAY_NOT_SHIP

    def write_shipment(self, ship: dict[str, str]) -> None:
        self.ship.update(ship)
        self.ship_status = SHIPPED

    def to_xml(self) -> Element:
        """Return the whole document; amounts are those of one item of 1,980 yen, twice."""
        info = Element("OrderInfo")
        quantity = "たくさん" if self.bad else "2"
        add(
            info,
            OrderId=self.number,
            OrderTime=stamp(self.placed_at),
            IsSeen="true" if self.seen else "false",
            OrderStatus=self.status,
        )
        add(info, BuyerComments="")
        add(
            SubElement(info, "Pay"), PayStatus="1", PayMethod="payment_a1", PayMethodName="クレジットカード決済",
            CardLast4="4242", BillName="見本 花子", BillNameKana="ミホン ハナコ", BillZipCode="1000001", BillPrefecture="東京都",
            BillCity="千代田区", BillAddress="千代田1-1", BillPhoneNumber="03-1234-5678", BillMailAddress="hanako@example.jp",
        )  # fmt: skip
        add(
            SubElement(info, "Ship"), ShipStatus=self.ship_status, ShipMethodName="宅配便", ArriveType="2" if self.next_day else "0",
            ShipRequestDate="", ShipRequestTimeZoneCode="", ShipName="見本 太郎", ShipNameKana="ミホン タロウ", ShipZipCode="5300001",
            ShipPrefecture="大阪府", ShipCity="大阪市北区", ShipAddress="梅田1-1", ShipPhoneNumber="06-1234-5678",
            **{name: self.ship.get(name, "") for name in SHIP_FIELDS},
        )  # fmt: skip
        add(
            SubElement(info, "Detail"), ShipCharge="550", PayCharge="0", Discount="0", UsePoint="100", TotalPrice="4410"
        )
        add(
            SubElement(info, "Item"), LineId="1", ItemId="apple", SubCode="apple-red", Title="りんごジュース", SubCodeOption="味:赤",
            UnitPrice="1980", ItemTaxRatio="8", Quantity=quantity,
        )  # fmt: skip
        return info


def add(parent: Element, **texts: str) -> Element:
    """Put elements with these texts under a parent, and return it."""
    for name, text in texts.items():
        SubElement(parent, name).text = text
    return parent


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")
