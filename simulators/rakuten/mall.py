"""The simulated Rakuten mall: shops, orders, agenda, ledger and faults behind one lock."""

from __future__ import annotations

import itertools
import pickle
import random
import threading
import traceback
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten import auth
from simulators.rakuten.control import Control
from simulators.rakuten.engine import Engine
from simulators.rakuten.faults import MallFaults
from simulators.rakuten.gateway import Gateway
from simulators.rakuten.generate import Generator
from simulators.rakuten.life import Life
from simulators.rakuten.state import KEY_DAYS, PERMISSIONS, READY, Key, Order, Shop, SubStatus, permissions
from simulators.server import Response

FIRST_SHOP = 400_001
SUB_STATUSES = ((100, "確認中"), (100, "お客様連絡待ち"), (300, "出荷準備中"), (300, "出荷保留"))


class RakutenMall:
    """A mall in this process; `app` is the handler to serve over HTTP or to mount under a transport."""

    def __init__(
        self,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        seed: int = 1,
        faults: MallFaults | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.ledger = ledger or Ledger(None)
        self.ledger.clock = self.clock
        self.seed = seed
        self.faults = faults or MallFaults(seed)
        self.lock = threading.RLock()
        self.shops: dict[str, Shop] = {}
        self.keys: dict[tuple[str, str], tuple[Shop, Key]] = {}
        self.error_shape = auth.LEGACY
        self.strict_content_type = True
        self.enforced_gap_seconds = 0.0
        self.detail_ids = itertools.count(500_000_001)
        self.life = Life(self)
        self.engine = Engine(
            self.clock.now(), happen=self.life.happen, nightly=self.life.nightly, ready_complete=self.ready_complete
        )
        self.generator = Generator(seed)
        self.gateway = Gateway(self)
        self.control = Control(self)

    def app(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer one request, after everything that is due by now has happened."""
        try:
            if path.startswith("/_control/"):
                return self.control.handle(method, path, query, body)
            return self.gateway.handle(method, path, query, headers, body)
        except Exception:  # noqa: BLE001 the edge: a request too odd for the mall is a 500 and is printed
            traceback.print_exc()
            return Response.json({"Results": {"errorCode": "ES99-99", "message": "Internal Server Error"}}, 500)

    def catch_up(self) -> datetime:
        """Let everything happen that is due, late changes of a fault included, and return the business time."""
        with self.lock:
            self.gateway.apply_late()
            now = self.clock.now()
            self.engine.run_until(now)
            return now

    def ready_complete(self) -> Iterator[Order]:
        """Yield the orders in 発送待ち whose shipping rows are all complete, in order of shop and time."""
        for shop_id in sorted(self.shops):
            shop = self.shops[shop_id]
            for _, number in shop.by_time:
                order = shop.orders[number]
                if order.progress == READY and order.complete:
                    yield order

    def order(self, number: str) -> Order:
        """Return an order of any shop; raises KeyError if there is none."""
        return self.shops[number.split("-")[0]].orders[number]

    def add_shop(self, wish: dict[str, Any]) -> tuple[Shop, Key]:
        """Open a shop with one key; see control.py for what may be wished."""
        shop_id = str(wish.get("id") or FIRST_SHOP + len(self.shops))
        if shop_id in self.shops:
            raise ValueError(f"shop {shop_id} is there already")
        shop = Shop(
            id=shop_id,
            name=wish.get("name") or f"模擬店舗{len(self.shops) + 1}号店",
            keys=[],
            permissions=permissions(wish.get("functions") or PERMISSIONS) - permissions(wish.get("functions_off", [])),
            next_day=wish.get("next_day", True),
            auto_confirm_minutes=wish.get("auto_confirm_minutes"),
            error_shape=wish.get("error_shape"),
            denied_status=wish.get("denied_status", 401),
        )
        numbers = itertools.count(int(shop_id) % 10_000 * 10 + 1)
        shop.sub_statuses = [SubStatus(id=next(numbers), name=name, progress=p) for p, name in SUB_STATUSES]
        shop.serial = random.Random(f"{self.seed}:{shop_id}").randrange(10**9)
        self.ledger.write("shop", shop=shop_id, name=shop.name, functions=sorted(shop.permissions))
        self.shops[shop_id] = shop
        return shop, self.add_key(shop, wish)

    def add_key(self, shop: Shop, wish: dict[str, Any]) -> Key:
        """Issue a licence key; the shop's service secret stays the same."""
        now = self.clock.now()
        secret = shop.keys[-1].service_secret if shop.keys else None
        expires = Key.last_moment(now, wish.get("expiry_days", KEY_DAYS))
        if wish.get("expires_at"):
            expires = datetime.fromisoformat(wish["expires_at"])
        key = Key(
            service_secret=wish.get("service_secret") or secret or auth.new_secret("SP", shop.id),
            license_key=wish.get("license_key") or auth.new_secret("SL", shop.id),
            issued_at=now,
            active_from=now + timedelta(minutes=wish.get("activation_delay_minutes", 0)),
            expires_at=expires,
        )
        shop.keys.append(key)
        self.keys[key.service_secret, key.license_key] = (shop, key)
        self.ledger.write(
            "key", at=now, shop=shop.id, active_from=key.active_from.isoformat(), expires_at=key.expires_at.isoformat()
        )
        return key

    def save(self, path: Path) -> None:
        """Keep shops, orders and agenda in a file, so that a later start can go on."""
        with self.lock:
            content = pickle.dumps((self.shops, self.keys, self.engine.agenda(), next(self.detail_ids), self.generator))
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a file that `save` wrote (our own file: it is trusted)."""
        self.shops, self.keys, agenda, detail_id, self.generator = pickle.loads(path.read_bytes())
        self.detail_ids = itertools.count(detail_id)
        self.engine.take(agenda)
