"""The warehouse as an HTTP app: who may call what, with the faults of the plan, over the desk and the floor."""

from __future__ import annotations

import hmac
import json
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.clock import Clock
from simulators.faults import KINDS, Fault, bad_answer
from simulators.ledger import Ledger
from simulators.rsl.desk import Desk
from simulators.rsl.faults import RslFaults
from simulators.rsl.floor import Floor
from simulators.rsl.models import Account
from simulators.server import Response

MAX_REQUESTS = 500
MAX_RESULTS = 500
LATE_APPLY_SECONDS = 5.0
WRITES = frozenset({"request", "withdraw", "products"})
Handler = Callable[[Account, Mapping[str, str], Any], Response]


class BadCall(Exception):
    """The call as a whole is refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = Response.json({"code": code, "message": message}, status=status)


class RslWarehouse:
    """The warehouse in one object; `app` is served over HTTP or mounted under an httpx.MockTransport."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        faults: RslFaults | None = None,
        seed: int = 1,
    ) -> None:
        from simulators.rsl.control import Control  # it is built over this class

        self.clock = clock or Clock()
        self.ledger = ledger or Ledger(clock=self.clock)
        self.faults = faults or RslFaults(seed)
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.calls: Counter[str] = Counter()
        self.floor = Floor(ledger=self.ledger, faults=self.faults, seed=seed)
        self.desk = Desk(ledger=self.ledger, floor=self.floor)
        self._late: list[tuple[datetime, Callable[[], Response]]] = []
        self._control = Control(self)

    @property
    def pending_late(self) -> int:
        """Count the changes that were heard but are not applied yet."""
        return len(self._late)

    def add_account(self, **fields: Any) -> Account:
        """Add an account, or change one and keep its stock."""
        with self.lock:
            old = self.accounts.get(fields.get("shop", ""))
            account = replace(old, **fields) if old else Account(**fields)
            self.accounts[account.shop] = account
            return account

    def save(self, path: Path) -> None:
        """Keep accounts, shipments and what is on the floor in a file, so that a later start can go on."""
        with self.lock:
            content = pickle.dumps((self.accounts, self.desk.shipments, self.floor.kept()))
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a file that `save` wrote (our own file: it is trusted)."""
        with self.lock:
            self.accounts, self.desk.shipments, floor = pickle.loads(path.read_bytes())
            self.floor.take(floor)

    def run_due(self) -> int:
        """Let everything happen that is due on both clocks; return how much it was."""
        with self.lock:
            real_now = self.clock.real_now()
            ripe = [change for due, change in self._late if due <= real_now]
            self._late = [entry for entry in self._late if entry[0] > real_now]
            for change in ripe:
                self.floor.run_until(self.clock.now())
                change()
            return len(ripe) + self.floor.run_until(self.clock.now())

    def app(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer one call."""
        with self.lock:
            self.run_due()
            if path.startswith("/_control/"):
                return self._control.app(method, path, query, headers, body)
            return self._answer(method, path, query, headers, body)

    def _answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        account: Account | None = None
        function, fault = "", None
        try:
            function, handler = self._route(method, path)
            account = self._who(headers)
            fault = self.faults.pick(function, KINDS, now=self.clock.now(), shop=account.shop)
            caller, data = account, _read_json(body)
            response = self._perform(function, fault, lambda: handler(caller, query, data))
        except BadCall as refused:
            response = refused.response
        self.calls[function] += 1
        self.ledger.write(
            "http",
            shop=account.shop if account else headers.get("x-rsl-shop", ""),
            function=function,
            method=method,
            path=path,
            status=0 if response.hang_up else response.status,
            fault=fault.kind if fault else None,
        )
        return response

    def _perform(self, function: str, fault: Fault | None, handle: Callable[[], Response]) -> Response:
        """Do what was asked, or not, and answer it, or not, as the fault says."""

        def safely() -> Response:
            try:
                return handle()
            except BadCall as refused:
                return refused.response

        if fault is None:
            return safely()
        if fault.kind == "slow":
            return replace(safely(), delay_seconds=1.0 if fault.seconds is None else fault.seconds)
        if fault.kind == "late_apply" and function in WRITES:
            wait = timedelta(seconds=LATE_APPLY_SECONDS if fault.seconds is None else fault.seconds)
            self._late.append((self.clock.real_now() + wait, safely))
            answer = Response()
        elif function not in WRITES or self.faults.is_applied(fault):
            answer = safely()
        else:
            answer = Response.json({})
        error = json.dumps({"code": "E900", "message": "システムエラーが発生しました"}, ensure_ascii=False).encode()
        return bad_answer(fault, answer, error)

    def _who(self, headers: Mapping[str, str]) -> Account:
        account = self.accounts.get(headers.get("x-rsl-shop", ""))
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if (
            account is None
            or scheme.lower() != "bearer"
            or not hmac.compare_digest(token.encode(), account.token.encode())
        ):
            raise BadCall(401, "E001", "認証に失敗しました")
        return account

    def _route(self, method: str, path: str) -> tuple[str, Handler]:
        match (method, *path.strip("/").split("/")):
            case ("GET", "v1", "account"):
                return "account", self._account
            case ("POST", "v1", "shipments"):
                return "request", self._request
            case ("POST", "v1", "shipments", "find"):
                return "find", self._find
            case ("GET", "v1", "shipments", reference):
                return "get", lambda account, query, data: self._get(account, reference)
            case ("POST", "v1", "shipments", reference, "withdraw"):
                return "withdraw", lambda account, query, data: self._withdraw(account, reference, data)
            case ("GET", "v1", "results"):
                return "results", self._results
            case ("GET", "v1", "stock"):
                return "stock", self._stock
            case ("PUT", "v1", "products"):
                return "products", self._products
        raise BadCall(404, "E404", "該当する機能がありません")

    # The functions of the API

    def _account(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        abilities = {"dedupe": account.dedupe, "askable": account.askable}
        return Response.json(
            {"shop": account.shop, "abilities": abilities, "cut_off": "15:30", "results_from": "19:00"}
        )

    def _request(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        requests = _list_of(data, "requests")
        return Response.json({"answers": [self.desk.request(account, raw, self.clock.now()) for raw in requests]})

    def _find(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        _must_be_askable(account)
        references = _list_of(data, "references")
        return Response.json({"shipments": {str(name): self.desk.find(account, str(name)) for name in references}})

    def _get(self, account: Account, reference: str) -> Response:
        _must_be_askable(account)
        found = self.desk.find(account, reference)
        if found is None:
            raise BadCall(404, "E405", "該当する依頼がありません")
        return Response.json(found)

    def _withdraw(self, account: Account, reference: str, data: Any) -> Response:
        if not isinstance(data, dict):
            raise BadCall(400, "E002", "JSONオブジェクトを送信してください")
        answer = self.desk.withdraw(
            account,
            reference,
            accept_fee=data.get("accept_fee") is True,
            reason=str(data.get("reason", "")),
            now=self.clock.now(),
        )
        if answer is None:
            raise BadCall(404, "E405", "該当する依頼がありません")
        return Response.json(answer)

    def _results(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        after, limit = query.get("after") or "0", query.get("limit") or "100"
        if not after.isdigit() or not limit.isdigit() or int(after) > len(account.feed):
            raise BadCall(400, "E003", "after または limit が正しくありません")
        start, size = int(after), min(max(int(limit), 1), MAX_RESULTS)
        page = account.feed[start : start + size]
        return Response.json(
            {"results": page, "next": str(start + len(page)), "more": start + len(page) < len(account.feed)}
        )

    def _stock(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        rows = [
            {"sku": sku, "name": account.names.get(sku, ""), "on_hand": count, "free": account.free(sku)}
            for sku, count in sorted(account.stock.items())
        ]
        return Response.json({"at": self.clock.now().isoformat(), "stock": rows})

    def _products(self, account: Account, query: Mapping[str, str], data: Any) -> Response:
        products = _list_of(data, "products")
        if not all(_is_product(row) for row in products):
            raise BadCall(400, "E004", "sku または stock が正しくありません")
        for row in products:
            account.names[row["sku"]] = str(row.get("name") or account.names.get(row["sku"], ""))
            account.stock[row["sku"]] = row.get("stock", account.stock.get(row["sku"], 0))
        self.ledger.write("products", shop=account.shop, skus=[row["sku"] for row in products])
        return Response.json({"registered": len(products)})


def _must_be_askable(account: Account) -> None:
    if not account.askable:
        raise BadCall(501, "E501", "照会機能は契約に含まれていません")


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        raise BadCall(400, "E002", "JSONとして読めません") from None


def _list_of(data: Any, name: str) -> list[Any]:
    rows = data.get(name) if isinstance(data, dict) else None
    if not isinstance(rows, list) or len(rows) > MAX_REQUESTS:
        raise BadCall(400, "E002", f"{name} は{MAX_REQUESTS}件以内の配列です")
    return rows


def _is_product(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("sku"), str)
        and bool(row["sku"])
        and (type(row.get("stock", 0)) is int and row.get("stock", 0) >= 0)
    )
