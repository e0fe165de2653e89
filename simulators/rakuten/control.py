"""The control calls under `/_control/`: what a driver or test does that no client of the mall can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.rakuten import catalogue, kinds, mix, placing, shipping
from simulators.rakuten.life import REASON_CUSTOMER_CANCEL
from simulators.rakuten.state import AT_RAKUTEN, READY, WAITING_CONFIRM, Order, permissions, shipping_rows
from simulators.server import Response

if TYPE_CHECKING:
    from simulators.rakuten.mall import RakutenMall

CARRIER = "1001"


class Control:
    """Answer the control calls; a wish that cannot be fulfilled is a 400 with its reason."""

    def __init__(self, mall: RakutenMall) -> None:
        self._mall = mall
        self._posts: dict[str, Callable[[dict[str, Any]], Any]] = {
            "shops": self._shop,
            "orders": lambda wish: placing.place(mall, wish),
            "clock": self._clock,
            "faults": self._faults,
            "settings": self._settings,
            "keys": self._keys,
            "buyers/cancel": self._buyer_cancels,
            "buyers/pay": self._buyer_pays,
            "staff/confirm": self._staff_confirms,
            "staff/ship": self._staff_ships,
            "staff/change": self._staff_changes,
            "staff/cancel": self._staff_cancels,
            "staff/fix-postage": self._staff_fixes_postage,
            "gift/input": self._gift_input,
            "review": self._review,
        }
        self._gets: dict[str, Callable[[Mapping[str, str]], Any]] = {
            "state": self._state,
            "next-due": self._next_due,
            "mix": self._mix,
            "clock": lambda _: mall.clock.to_json(),
            "faults": lambda _: mall.faults.to_json(),
            "catalogue": lambda _: {"skus": catalogue.to_json()},
        }

    def handle(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Response:
        """Answer one control call."""
        name = path.removeprefix("/_control/").rstrip("/")
        with self._mall.lock:
            self._mall.catch_up()
            try:
                if method == "GET" and name in self._gets:
                    return Response.json(self._gets[name](query))
                if method == "POST" and name in self._posts:
                    wish = json.loads(body or b"{}")
                    if not isinstance(wish, dict):
                        raise ValueError("a wish is a JSON object")
                    return Response.json(self._posts[name](wish))
            except (ValueError, KeyError, TypeError) as error:
                return Response.json({"error": f"{type(error).__name__}: {error}"}, 400)
        return Response.json({"error": f"no such control: {method} {name}"}, 404)

    def _order(self, wish: dict[str, Any]) -> Order:
        return self._mall.order(wish["number"])

    def _now(self) -> datetime:
        return self._mall.clock.now()

    def _must_be(self, order: Order, *progresses: int) -> None:
        if order.progress not in progresses:
            raise ValueError(f"order {order.number} is in status {order.progress}")

    # --- the mall itself

    def _shop(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Open a shop.

        Wishes: id, name, functions, functions_off, expiry_days or expires_at, activation_delay_minutes, next_day,
        auto_confirm_minutes, error_shape, denied_status, service_secret, license_key.
        """
        shop, key = self._mall.add_shop(wish)
        return {
            "shop": shop.id,
            "name": shop.name,
            "service_secret": key.service_secret,
            "license_key": key.license_key,
            "active_from": key.active_from.isoformat(),
            "expires_at": key.expires_at.isoformat(),
            "functions": sorted(shop.permissions),
        }

    def _keys(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Issue a key (`issue`), let one expire or revoke it, switch functions on or off.

        `{"shop", "issue": {…}, "revoke_old": bool, "expire": key, "revoke": key, "functions_on": […], "functions_off": […]}`
        """
        shop = self._mall.shops[str(wish["shop"])]
        for key in shop.keys:
            key.revoked = key.revoked or wish.get("revoke") == key.license_key or bool(wish.get("revoke_old"))
            if wish.get("expire") == key.license_key:
                key.expires_at = self._now() - timedelta(seconds=1)
        shop.permissions = (shop.permissions | permissions(wish.get("functions_on", []))) - permissions(
            wish.get("functions_off", [])
        )
        if "issue" in wish:
            self._mall.add_key(shop, wish["issue"])
        return {
            "functions": sorted(shop.permissions),
            "keys": [
                {
                    "service_secret": key.service_secret,
                    "license_key": key.license_key,
                    "active_from": key.active_from.isoformat(),
                    "expires_at": key.expires_at.isoformat(),
                    "revoked": key.revoked,
                }
                for key in shop.keys
            ],
        }

    def _clock(self, wish: dict[str, Any]) -> dict[str, Any]:
        before = self._now()
        self._mall.clock.apply_json(wish)
        if self._now() < before:
            self._mall.engine.restart(self._now())
        self._mall.catch_up()
        return self._mall.clock.to_json()

    def _faults(self, plan: dict[str, Any]) -> dict[str, Any]:
        self._mall.faults.replace(plan)
        return self._mall.faults.to_json()

    def _settings(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Switch `error_shape` (legacy, gateway), `strict_content_type`, `enforced_gap_seconds` (429 below it), `wish_days`."""
        if "wish_days" in wish:
            first, last = wish["wish_days"]
            self._mall.generator.wish_days = (int(first), int(last))
        names = ("error_shape", "strict_content_type", "enforced_gap_seconds")
        for name in names:
            if name in wish:
                setattr(self._mall, name, wish[name])
        return {name: getattr(self._mall, name) for name in names}

    # --- buyers

    def _buyer_cancels(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Cancel from the purchase history: within 30 minutes, unconfirmed, and not where the mall forbids it."""
        order = self._order(wish)
        self._must_be(order, WAITING_CONFIRM)
        model = order.read()
        if (
            model["deliveryCertPrgFlag"]
            or model["asurakuFlag"]
            or model["orderType"] != 1
            or not model["rakutenMemberFlag"]
        ):
            raise ValueError(f"order {order.number} is not of a kind that its buyer can cancel")
        if self._now() - order.placed_at > timedelta(minutes=30) and not wish.get("force"):
            raise ValueError(f"order {order.number} is older than 30 minutes")
        self._mall.life.finish_cancel(order, self._now(), by="buyer")
        return brief(order)

    def _buyer_pays(self, wish: dict[str, Any]) -> dict[str, Any]:
        order = self._order(wish)
        self._must_be(order, AT_RAKUTEN)
        self._mall.life.authorise(order, self._now())
        if order.expected_end == "held:unpaid":
            self._expect(order, kinds.COUNTED)
        return brief(order)

    def _gift_input(self, wish: dict[str, Any]) -> dict[str, Any]:
        order = self._order(wish)
        self._mall.life.gift_input(order, self._now(), wish["sender"])
        self._expect(order, kinds.COUNTED)
        return brief(order)

    # --- the shop's staff, in the mall's own screen, and Rakuten

    def _staff_confirms(self, wish: dict[str, Any]) -> dict[str, Any]:
        order = self._order(wish)
        self._must_be(order, WAITING_CONFIRM)
        self._mall.life.confirm(order, self._now(), by="staff")
        return brief(order)

    def _staff_ships(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Put rows as another tool would: `rows` per destination, or one row each with `tracking` and `carrier`."""
        order = self._order(wish)
        row = {
            "deliveryCompany": wish.get("carrier", CARRIER),
            "shippingNumber": wish.get("tracking", f"9{order.number[-11:].replace('-', '')}"),
            "shippingDate": wish.get("ship_date", self._now().date().isoformat()),
        }
        baskets = [
            {"basketId": package["basketId"], "ShippingModelList": wish.get("rows", [row])}
            for package in order.read()["PackageModelList"]
        ]
        request = {"orderNumber": order.number, "BasketidModelList": baskets}
        status, answer = shipping.update_order_shipping(
            self._mall.shops[order.shop_id],
            request,
            self._now(),
            self._mall.ledger,
            self._mall.detail_ids.__next__,
            "staff",
        )
        if status != 200:
            raise ValueError(json.dumps(answer, ensure_ascii=False))
        return {**brief(order), "answer": answer}

    def _staff_changes(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Begin a change of an order in 発送待ち (status 400); `fix_minutes` later it is ready again."""
        order = self._order(wish)
        self._must_be(order, READY)
        order.plan["change_fix_minutes"] = wish.get("fix_minutes", 20)
        self._mall.life.apply_change(order, self._now())
        return brief(order)

    def _staff_cancels(self, wish: dict[str, Any]) -> dict[str, Any]:
        order = self._order(wish)
        self._must_be(order, WAITING_CONFIRM, AT_RAKUTEN, READY)
        self._expect(order, kinds.CANCELLED)
        self._mall.life.apply_cancel(order, self._now(), by="staff", reason=wish.get("reason", REASON_CUSTOMER_CANCEL))
        return brief(order)

    def _staff_fixes_postage(self, wish: dict[str, Any]) -> dict[str, Any]:
        order = self._order(wish)
        self._mall.life.fix_postage(order, self._now(), int(wish["yen"]))
        if order.expected_end == "held:amount_open":
            self._expect(order, kinds.COUNTED)
        return brief(order)

    def _review(self, wish: dict[str, Any]) -> dict[str, Any]:
        """End Rakuten's review of an order."""
        order = self._order(wish)
        self._mall.life.clear_review(order, self._now())
        return brief(order)

    def _expect(self, order: Order, end: str) -> None:
        self._mall.life.expect(order, self._now(), end)

    # --- looking

    def _orders(self, query: Mapping[str, str]) -> list[Order]:
        shops = [self._mall.shops[query["shop"]]] if query.get("shop") else list(self._mall.shops.values())
        orders = [order for shop in shops for order in shop.orders.values()]
        if query.get("number"):
            orders = [order for order in orders if order.number == query["number"]]
        return orders

    def _state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """List the orders, all, of a `shop` or of a `number`; with `full=1` each with its OrderModel."""
        full = query.get("full") == "1"
        rows = [{**brief(order), **({"model": order.read()} if full else {})} for order in self._orders(query)]
        return {"now": self._now().isoformat(), "orders": rows, "shops": sorted(self._mall.shops)}

    def _next_due(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Say what happens next; `except=auto_cancel,settled` leaves kinds of events out."""
        leave_out = [name for name in query.get("except", "").split(",") if name]
        due = self._mall.engine.next_due(self._now(), leave_out=leave_out)
        return due or {"next_due": None}

    def _mix(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {"mix": mix.table(self._orders(query)), **kinds.labelled()}


def brief(order: Order) -> dict[str, Any]:
    """Return an order in short."""
    model = order.read()
    return {
        "number": order.number,
        "shop": order.shop_id,
        "kind": order.kind,
        "expected_end": order.expected_end,
        "status": order.progress,
        "placed_at": order.placed_at.isoformat(),
        "visible": order.visible,
        "rows": shipping_rows(model),
        "complete": order.complete,
        "counted_at": model.get("shippingCmplRptDatetime"),
    }
