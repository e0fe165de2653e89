"""The demo: two tenants with a lived-in shop each, a world outside that goes on, and the product in front of it.

The first start makes two thousand past orders through the real intake; later starts continue the same data. Ctrl-C ends everything.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection

from drivers.clockwork import JAPAN, Clockwork
from drivers.furnish import Furnished, Furnisher
from drivers.history import LEFT_OPEN, make_history, take_in
from drivers.house import House
from drivers.outside import Outside, Refused
from drivers.place import COMPLETE, Place, persistent
from drivers.watching import Watcher
from hub.clock import business_now
from hub.embedded import environment
from hub.embedded.supervisor import Supervisor
from hub.models import Clock, Member, Role, User
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount

SHOP_NAMES = ("みどり商店", "青空マーケット")
PAST_ORDERS = 2_000
PAST_DAYS = 7
SEED = 7
ORDERS_AN_HOUR = 40
"""New orders in an hour of business time in each shop by day; a fifth of it by night."""
PATIENCE_SECONDS = 45.0
OWNER, STAFF = "owner@demo.example", "staff@demo.example"


@dataclass(kw_only=True)
class Demo:
    """One running demo."""

    place: Place
    port: int
    speed: float
    past: int
    say: Callable[[str], None]
    started: float = field(default_factory=time.monotonic)

    @property
    def notes(self) -> Path:
        """What a later start needs to know: passwords, accounts at the sink, and the business time at the end."""
        return self.place.folder / COMPLETE

    def run(self) -> None:
        """Run until Ctrl-C."""
        with Supervisor(self.place.logs, say=self.say) as supervisor:
            self.outside = Outside(self.place, seed=SEED)
            self.outside.start(supervisor, keep=self.place.folder)
            self.house = House(self.place, supervisor)
            try:
                if self.notes.exists():
                    known = self.go_on()
                    self.house.start(restart=True)
                else:
                    known = self.begin()
                self.welcome(known)
                self.live(supervisor, known)
            except KeyboardInterrupt:
                self.say("ending the demo")
            finally:
                self.remember()

    # The first start.

    def begin(self) -> dict[str, Any]:
        """Fill two tenants and two thousand past orders, then start the product over them."""
        today = datetime.now(JAPAN)
        first = (today - timedelta(days=PAST_DAYS)).replace(hour=6, minute=0, second=0, microsecond=0)
        clock = Clockwork(self.outside, start=first, speed=0.0)
        furnisher = Furnisher(self.place, self.outside)
        passwords = {OWNER: new_password(), STAFF: new_password()}
        tenants = [
            furnisher.tenant(name, shops=1, owner=OWNER, password=passwords[OWNER], now=first, live=False)
            for name in SHOP_NAMES
        ]
        self._hire(tenants[0], passwords[STAFF])
        self.say(
            f"[{self.seconds():.0f} s] two tenants are there; the mall plays {PAST_DAYS} days with {self.past} orders"
        )
        now = today.replace(microsecond=0)
        make_history(self.outside, clock, tenants, orders=self.past, until=now)
        clock.speed = self.speed
        clock.set(now)
        furnisher.go_live(tenants, at=now - LEFT_OPEN)
        count = sum(take_in(tenant, since=first, until=now - timedelta(minutes=5), now=now) for tenant in tenants)
        self.say(f"[{self.seconds():.0f} s] {count} past orders are taken in")
        known = {
            "passwords": passwords,
            "accounts": [account for tenant in tenants for account in tenant.accounts],
            "mail": furnisher.mail_logins,
        }
        self.house.start(restart=True)
        self._wait_for_past(clock)
        self._write(known)  # only now: an interrupted first start is made anew
        return known

    def _hire(self, tenant: Furnished, password: str) -> None:
        person = User.objects.create_user(STAFF, password)
        with tenant_transaction(tenant.tenant_id):
            Member.objects.create(user=person, role=Role.STAFF)

    def _wait_for_past(self, clock: Clockwork) -> None:
        """Wait until the hub has come to all of it, but not for ever: it goes on by itself."""
        watcher = Watcher(self.place.owner_url)
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while not watcher.look(clock.now()).idle and time.monotonic() < deadline:
                time.sleep(0.5)
        finally:
            watcher.close()

    # Later starts.

    def go_on(self) -> dict[str, Any]:
        """Continue: the clock goes on from the later of now and where it ended; the sink is told its accounts again."""
        known: dict[str, Any] = json.loads(self.notes.read_text())
        ended = datetime.fromisoformat(known["ended"]) if known.get("ended") else datetime.now(UTC)
        Clockwork(self.outside, start=max(datetime.now(UTC), ended), speed=self.speed)
        for login in known["mail"]:
            self.outside.mail.post("accounts", {key: login[key] for key in ("user", "password", "sender")})
            with tenant_transaction(login["tenant"]):
                MailAccount.objects.filter(user=login["user"]).update(port=self.place.smtp_port)
        return known

    # Running.

    def welcome(self, known: dict[str, Any]) -> None:
        """Say where it is and how to sign in."""
        self.say(f"ready after {self.seconds():.0f} s")
        self.say(f"  address   http://localhost:{self.port}/")
        self.say(f"  owner     {OWNER}   password {known['passwords'][OWNER]}   ({' and '.join(SHOP_NAMES)})")
        self.say(f"  staff     {STAFF}   password {known['passwords'][STAFF]}   ({SHOP_NAMES[0]})")
        self.say(
            f"  mall      {self.outside.mall.base}   warehouse {self.outside.warehouse.base}   mail {self.outside.mail.base}"
        )
        self.say(f"  logs      {self.place.logs}")
        self.say(
            f"Business time runs at {self.speed:g} times true time. New orders keep arriving. Ctrl-C ends everything."
        )

    def live(self, supervisor: Supervisor, known: dict[str, Any]) -> None:
        """Let buyers order, more by day than by night, until Ctrl-C."""
        dice = Random()
        due = time.monotonic()

        def buy() -> bool:
            nonlocal due
            while time.monotonic() >= due:
                hour = business_now().astimezone(JAPAN).hour
                an_hour = ORDERS_AN_HOUR * len(known["accounts"]) * (1.0 if 8 <= hour < 23 else 0.2)
                due += max(0.2, dice.expovariate(an_hour * self.speed / 3600))
                with suppress(Refused):
                    self.outside.mall.post(
                        "orders", {"shop": dice.choice(known["accounts"]), "n": 1, "mix": known.get("mix") or EVERYDAY}
                    )
            return False

        supervisor.watch(until=buy, every=0.2)

    def remember(self) -> None:
        """Write down the business time, so that the next start does not go back."""
        with suppress(Exception):  # the database may be gone already; then true time must do
            if self.notes.exists() and Clock.objects.exists():
                self._write({**json.loads(self.notes.read_text()), "ended": business_now().isoformat()})
        connection.close()

    def _write(self, known: dict[str, Any]) -> None:
        self.notes.touch(mode=0o600)
        self.notes.write_text(json.dumps(known, ensure_ascii=False, indent=1))

    def seconds(self) -> float:
        return time.monotonic() - self.started


EVERYDAY = {
    "card": 40, "cod": 14, "apple_pay": 4, "next_day": 8, "wished": 6, "points": 5, "multi_line": 4, "mixed_tax": 3, "same_buyer": 3,
    "drop_off": 3, "gift": 2, "remark_free": 3, "bank_paid": 2, "convenience_paid": 2, "zip_mismatch": 1, "unmapped_part": 1,
    "self_cancel": 1, "island": 1,
}  # fmt: skip
"""What people order while the demo runs."""


class PortTaken(Exception):
    """Another program answers at the port: perhaps this demo, started before."""


def refuse_taken(port: int) -> None:
    """Raise PortTaken where the demo's pages could not be served."""
    with socket.socket() as wanted:
        wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            wanted.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(
                f"port {port} is taken; end what runs there, or name another: make demo PORT=8001"
            ) from None


def run(*, port: int, speed: float, past: int, say: Callable[[str], None]) -> None:
    """Make the demo's place if there is none, and run in it. Raises PortTaken."""
    refuse_taken(port)
    place = persistent(
        "demo",
        settings={"MALL_GAP_SECONDS": "0.1", "TICK_SECONDS": "1", "PUBLIC_URL": f"http://localhost:{port}"},
        web_port=port,
    )
    say(f"the demo keeps its data in {place.folder}")
    try:
        Demo(place=place, port=port, speed=speed, past=past, say=say).run()
    finally:
        environment.leave()


def new_password() -> str:
    """Return a password that can be read out."""
    return "-".join(secrets.token_hex(2) for _ in range(4))
