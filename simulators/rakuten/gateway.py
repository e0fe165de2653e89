"""The way of a request into the mall: late changes, route, key, faults, JSON, function, answer headers, ledger."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.clock import JST
from simulators.faults import ANSWER_KINDS, STATUS_KINDS, Fault, bad_answer
from simulators.rakuten import auth, confirm, notes, orders_get, search, sender, shipping
from simulators.rakuten.state import FUNCTIONS, Key, Shop
from simulators.server import Response

if TYPE_CHECKING:
    from simulators.rakuten.mall import RakutenMall

ORDER_PATH = "/es/2.0/order/"
LICENSE_PATH = "/es/1.0/license-management/license-key/expiry-date"
LICENSE = "licenseExpiryDate"
PERMISSION = {LICENSE: "license.expiryDate.get", **{name: f"rpay.order.{name}" for name in FUNCTIONS}}
LATE_SECONDS = 5.0


@dataclass(kw_only=True)
class Late:
    """A request whose change is made later, after its caller heard nothing."""

    due: datetime  # true time
    shop: Shop
    function: str
    request: dict[str, Any]


class Gateway:
    """Answer the API; every request leaves one line in the ledger."""

    def __init__(self, mall: RakutenMall) -> None:
        self._mall = mall
        self._late: list[Late] = []
        self._dice = random.Random(f"{mall.seed}:gateway")

    def handle(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer one request."""
        arrived = self._mall.clock.real_now()
        with self._mall.lock:
            now = self._mall.catch_up()
            function = route(path)
            found = self._mall.keys.get(auth.credentials(headers.get("authorization", "")) or ("", ""))
            shop = found[0] if found else None
            if function is None:
                answer, payload, fault = self._refuse(auth.NO_SUCH_PATH, shop), None, None
            else:
                fault = self._fault(function, shop, now)
                answer, payload = self._answer(function, method, query, headers, body, found, fault, now)
            status = 0 if answer.hang_up else STATUS_KINDS.get(fault.kind, answer.status) if fault else answer.status
            self._mall.ledger.write(
                "request", at=now, shop=shop.id if shop else None, function=function or path, status=status,
                arrived_at=arrived.isoformat(), **({"fault": fault.kind} if fault else {}),
            )  # fmt: skip
        return self._finish(answer, payload, fault, function or "", shop, now)

    def _fault(self, function: str, shop: Shop | None, now: datetime) -> Fault | None:
        return self._mall.faults.pick(function, ANSWER_KINDS, now=now, shop=shop.id if shop else None)

    def _answer(
        self, function: str, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
        found: tuple[Shop, Key] | None, fault: Fault | None, now: datetime,
    ) -> tuple[Response, Any]:  # fmt: skip
        """Return an answer without body and the data of its body, or a finished refusal and None."""
        shop = found[0] if found else None
        if fault and fault.kind != "late_apply" and not self._mall.faults.is_applied(fault):
            return Response(hang_up=fault.kind == "timeout_before"), None
        if method != ("GET" if function == LICENSE else "POST"):
            return self._refuse(auth.WRONG_METHOD, shop), None
        refusal = auth.judge(found, headers.get("authorization", ""), PERMISSION[function], now)
        refusal = refusal or self._too_fast(shop)
        if refusal is None and method == "POST" and not self._is_json(headers):
            refusal = auth.UNSUPPORTED_MEDIA
        if refusal or found is None:
            return self._refuse(refusal or auth.UNAUTHORISED, shop), None
        if function == LICENSE:
            return self._license(found[0], query)
        request = read_json(body)
        if request is None:
            return self._refuse(auth.NOT_ENABLED, shop), None
        if fault and fault.kind == "late_apply":
            seconds = LATE_SECONDS if fault.seconds is None else fault.seconds
            due = self._mall.clock.real_now() + timedelta(seconds=seconds)
            self._late.append(Late(due=due, shop=found[0], function=function, request=request))
            return Response(hang_up=True), None
        status, payload = self._call(found[0], function, request, now)
        self._bend(function, found[0], request, payload, now)
        return Response(status=status, hang_up=bool(fault and fault.kind == "timeout_after")), payload

    def _call(self, shop: Shop, function: str, request: dict[str, Any], now: datetime) -> tuple[int, Any]:
        """Carry out one function of the order API."""
        mall = self._mall
        functions: dict[str, Callable[[], tuple[int, Any]]] = {
            "searchOrder": lambda: search.search_order(shop, request, now),
            "getOrder": lambda: orders_get.get_order(shop, request, now),
            "confirmOrder": lambda: confirm.confirm_order(shop, request, now, mall.life),
            "cancelOrder": lambda: confirm.cancel_order(shop, request, now, mall.life),
            "cancelOrderAfterShipping": lambda: confirm.cancel_order_after_shipping(shop, request, now, mall.life),
            "updateOrderShipping": lambda: shipping.update_order_shipping(
                shop, request, now, mall.ledger, mall.detail_ids.__next__
            ),
            "updateOrderMemo": lambda: notes.update_order_memo(shop, request, now, mall.ledger),
            "updateOrderRemarks": lambda: notes.update_order_remarks(shop, request, now, mall.ledger),
            "updateOrderSubStatus": lambda: notes.update_order_sub_status(shop, request, now, mall.ledger),
            "getSubStatusList": lambda: notes.get_sub_status_list(shop),
            "updateOrderSender": lambda: sender.update_order_sender(shop, request, now, mall.ledger),
        }
        return functions[function]()

    def apply_late(self) -> None:
        """Make the late changes whose true time has come."""
        real = self._mall.clock.real_now()
        due = [late for late in self._late if late.due <= real]
        self._late = [late for late in self._late if late.due > real]
        for late in due:
            now = self._mall.clock.now()
            self._mall.engine.run_until(now)
            self._call(late.shop, late.function, late.request, now)

    def _too_fast(self, shop: Shop | None) -> auth.Refusal | None:
        """Refuse a call that comes too soon after the shop's last one, where the mall is set to."""
        gap = self._mall.enforced_gap_seconds
        if shop is None or not gap:
            return None
        real = self._mall.clock.real_now().timestamp()
        early = real - shop.last_request < gap
        if not early:
            shop.last_request = real
        return auth.TOO_MANY if early else None

    def _is_json(self, headers: Mapping[str, str]) -> bool:
        kind = headers.get("content-type", "").lower().replace(" ", "")
        return kind == "application/json;charset=utf-8" or (
            not self._mall.strict_content_type and kind.startswith("application/json")
        )

    def _license(self, shop: Shop, query: Mapping[str, str]) -> tuple[Response, Any]:
        key = next((key for key in shop.keys if key.license_key == query.get("licenseKey")), None)
        if key is None:
            return self._refuse(auth.NOT_ENABLED, shop), None
        return Response(), {"expiryDate": key.expires_at.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S")}

    def _refuse(self, refusal: auth.Refusal, shop: Shop | None) -> Response:
        return auth.refuse(refusal, (shop and shop.error_shape) or self._mall.error_shape)

    def _bend(self, function: str, shop: Shop, request: dict[str, Any], payload: Any, now: datetime) -> None:
        """Let the faults of content have their way with a good answer."""

        def strikes(kind: str) -> bool:
            return self._mall.faults.pick(function, {kind}, now=now, shop=shop.id) is not None

        name = {"searchOrder": "orderNumberList", "getOrder": "OrderModelList"}.get(function)
        found = payload.get(name) if name else None
        if found and strikes("missing_number"):
            found.pop(self._dice.randrange(len(found)))
        if found and strikes("repeated_number"):
            found.append(found[self._dice.randrange(len(found))])
        if found and strikes("shuffled"):
            self._dice.shuffle(found)
        if function == "searchOrder" and found and search.paging(request)[1] > 1 and strikes("page_shift"):
            del found[: 1 + self._dice.randrange(min(3, len(found)))]
        if function == "updateOrderShipping" and strikes("null_detail_ids"):
            for entry in payload["MessageModelList"]:
                if entry["messageCode"].endswith("INFO_101"):
                    entry["shippingDetailId"] = None

    def _finish(
        self, answer: Response, payload: Any, fault: Fault | None, function: str, shop: Shop | None, now: datetime
    ) -> Response:
        """Put body and headers on the answer, outside the lock, and let the fault spoil it."""
        if payload is not None:
            body = Response.json(payload, answer.status)
            answer = Response(status=answer.status, headers=body.headers, body=body.body)
        if fault:
            status_body = auth.refuse(
                REFUSALS.get(fault.kind, BUSY), (shop and shop.error_shape) or self._mall.error_shape
            )
            answer = bad_answer(fault, answer, status_body.body)
        slow = self._mall.faults.pick(function, {"slow"}, now=now, shop=shop.id if shop else None)
        if slow:
            answer.delay_seconds += slow.seconds or 1.0
        answer.headers = {
            **answer.headers,
            "RequestId": str(uuid.uuid4()),
            "Timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "Cache-Control": "no-cache,no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return answer


BUSY: auth.Refusal = (503, {auth.LEGACY: "ES99-01", auth.GATEWAY: "GE0099"}, "Service Unavailable")
REFUSALS: dict[str, auth.Refusal] = {
    "status_400": auth.NOT_ENABLED,
    "status_401": auth.UNAUTHORISED,
    "status_404": auth.NO_SUCH_PATH,
    "status_429": auth.TOO_MANY,
}


def route(path: str) -> str | None:
    """Return the function of a path, with or without a slash at its end."""
    path = path.rstrip("/")
    if path == LICENSE_PATH:
        return LICENSE
    name = path.removeprefix(ORDER_PATH)
    return name if path.startswith(ORDER_PATH) and name in FUNCTIONS else None


def read_json(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object; an empty body or null is an empty one, anything else is None."""
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return {} if data is None else data if isinstance(data, dict) else None
