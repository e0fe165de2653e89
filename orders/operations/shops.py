"""Shops: credentials, the live test, intake on and off, observing and going live, and the rule set's number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.functions import Greatest

from hub import rows, secrets
from hub.audit import Actor, note
from hub.effects.late import let_go
from hub.models import Effect
from hub.tenancy import current_tenant
from orders import coverage
from orders.channels import ShopTest, channel_class
from orders.models import Order, PollWindow, Shop
from orders.models.intake import WindowState
from orders.models.shops import ShopMode
from orders.operations.door import touch

OLDEST = timedelta(days=730)
"""Malls tell of orders no older than this."""
MINUTE_OF_A_FORM = timedelta(minutes=2)
"""A form says times in whole minutes, and a person takes a moment to press the button."""
OBSERVING = "observing"
"""The hold reason of what waits because its shop only observes."""


class AccountTaken(Exception):
    """The mall's shop is connected already: `where` is here (this tenant) or elsewhere (another contract)."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class OtherAccount(Exception):
    """The key is of another shop of the mall (`found`) than the one whose orders this shop holds (`known`)."""

    def __init__(self, known: str, found: str) -> None:
        super().__init__(f"{found} is not {known}")
        self.known, self.found = known, found


class TestNeeded(Exception):
    """Intake starts only with a key that passed its live test. `failed`: it was tested, and did not pass."""

    __test__ = False

    def __init__(self, *, failed: bool) -> None:
        super().__init__("failed" if failed else "not tested")
        self.failed = failed


class TooOld(Exception):
    """Reading again begins at most 730 days ago."""


class StartsInThePast(Exception):
    """A shop goes live now or at a later time: what was placed before is taken on only by name."""


def owner_of(shop: Shop) -> str:
    """Return what the shop's credentials are bound to."""
    return f"{current_tenant()}|shop|{shop.pk}"


def create_shop(
    *, channel: str, name: str, credentials: Mapping[str, str], by: Actor, now: datetime, **values: Any
) -> Shop:
    """Add a shop in 観察: it reads and judges once intake is started, and sends nothing until it goes live. Raises NameTaken."""
    shop = rows.create(
        Shop,
        noun="shop",
        by=by,
        now=now,
        channel=channel,
        name=name,
        mark=values.pop("mark", name[:1]),
        wanted_from=now,
        **values,
    )
    if credentials:
        set_credentials(shop, credentials, by=by, now=now)
    return shop


def set_credentials(shop: Shop, credentials: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """Store the credentials write-only; the test result of the old ones is forgotten."""
    form = channel_class(shop.channel).form
    hint = credentials.get(form.hint_field, "")[-4:]
    Shop.objects.filter(pk=shop.pk).update(
        credentials=secrets.seal_box(credentials, owner=owner_of(shop)), key_hint=hint, tested_at=None, test_result={},
        key_expires_at=None, key_warned_days=None,
    )  # fmt: skip
    shop.refresh_from_db()
    note("shop.credentials", by=by, now=now, shop=shop.pk)


def save_test(shop: Shop, test: ShopTest, *, by: Actor, now: datetime) -> None:
    """Keep the outcome of a live test.

    Raises AccountTaken when the mall's shop is connected elsewhere, and OtherAccount when the key opens another shop of the mall
    than the one whose orders are here. Where none are here yet, what was read with the other's key counts as not read.
    """
    moved = bool(test.account and shop.account and shop.account != test.account)
    if test.account:
        if moved and Order.objects.filter(shop=shop).exists():
            raise OtherAccount(shop.account, test.account)
        taken = Shop.objects.filter(channel=shop.channel, account=test.account, retired_at__isnull=True).exclude(
            pk=shop.pk
        )
        if taken.exists():
            raise AccountTaken("here")
        if shop.mode == ShopMode.LIVE and account_elsewhere(shop, test.account):
            raise AccountTaken("elsewhere")  # it went live before its account was known
    values: dict[str, Any] = {"tested_at": now, "test_result": told(test), "key_expires_at": test.key_expires_at}
    if test.account:
        values["account"] = test.account
    if moved and shop.wanted_from is not None:
        _forget_read(shop, since=shop.wanted_from)
    if test.passed:
        values.update(blind_since=None, blind_reason="")
    Shop.objects.filter(pk=shop.pk).update(**values)
    note("shop.tested", by=by, now=now, shop=shop.pk, passed=test.passed)


def told(test: ShopTest) -> dict[str, Any]:
    """Return the outcome of a live test as it is stored and shown."""
    return {
        "passed": test.passed,
        "account": test.account,
        "functions": [{"function": t.function, "result": t.result, "detail": t.detail} for t in test.functions],
    }


def start_intake(shop: Shop, *, by: Actor, now: datetime) -> None:
    """Start reading the mall. Raises TestNeeded when the key has not passed its test."""
    if not shop.test_result.get("passed"):
        raise TestNeeded(failed=bool(shop.test_result))
    Shop.objects.filter(pk=shop.pk).update(polling=True, next_poll_at=now)
    note("shop.intake_started", by=by, now=now, shop=shop.pk)


def stop_intake(shop: Shop, *, by: Actor, now: datetime) -> None:
    """Stop reading. What is placed meanwhile is read when intake starts again: the gap stays open."""
    Shop.objects.filter(pk=shop.pk).update(polling=False)
    note("shop.intake_stopped", by=by, now=now, shop=shop.pk)


def read_again(shop: Shop, *, since: datetime, by: Actor, now: datetime) -> None:
    """Read the mall again from an instant on. Raises TooOld beyond 730 days."""
    if since < now - OLDEST:
        raise TooOld
    _forget_read(shop, since=since)
    Shop.objects.filter(pk=shop.pk).update(next_poll_at=now)
    note("shop.read_again", by=by, now=now, shop=shop.pk, since=since.isoformat())


def _forget_read(shop: Shop, *, since: datetime) -> None:
    """Let everything from an instant on count as not read, so that it is read again."""
    PollWindow.objects.filter(shop=shop, state=WindowState.OPEN).delete()
    coverage.uncover(shop.pk, since)


def fetch_now(shop: Shop, *, by: Actor, now: datetime) -> None:
    """Make the shop due at once, and its open orders with it."""
    Shop.objects.filter(pk=shop.pk).update(next_poll_at=now)
    Order.objects.filter(shop=shop, is_open=True, reread_at__gt=now).filter(ready_at__lte=now).update(reread_at=now)
    note("shop.fetch_now", by=by, now=now, shop=shop.pk)


def would_do(shop: Shop, *, since: datetime) -> dict[str, int]:
    """Count what going live at `since` would take on, and what stays with the old system."""
    live = Order.objects.filter(shop=shop, is_open=True)
    after = live.filter(Q(placed_at__gte=since) | Q(ours=True))  # ours: taken on before it went back to 観察
    return {
        "ours": after.count(),
        "stays": live.filter(placed_at__lt=since, ours=False).count(),
        "confirm": after.filter(mall_state="new").count(),
        "ready": after.filter(phase="ready").count(),
        "held": after.filter(held=True).count(),
    }


def go_live(shop: Shop, *, since: datetime, also: Iterable[int] = (), by: Actor, now: datetime) -> dict[str, int]:
    """本番開始: take on orders placed from `since` on (now or later), and earlier ones only if ticked.

    Raises AccountTaken, and StartsInThePast: the system used until then may be shipping what was placed before.
    """
    if since < now - MINUTE_OF_A_FORM:
        raise StartsInThePast
    if account_elsewhere(shop, shop.account):
        raise AccountTaken("elsewhere")
    Shop.objects.filter(pk=shop.pk).update(mode=ShopMode.LIVE, live_from=since)
    taken = Order.objects.filter(Q(placed_at__gte=since) | Q(pk__in=list(also)), shop=shop, is_open=True, ours=False)
    ids = sorted(taken.values_list("pk", flat=True))
    for start in range(0, len(ids), 1_000):
        part = ids[start : start + 1_000]
        Order.objects.filter(pk__in=part).update(ours=True)
        touch(part, verb="order.taken_on", by=by, now=now)
    let_go(Effect.objects.filter(shop_id=shop.pk, state="waiting", hold_reason=OBSERVING))
    note("shop.live", by=by, now=now, shop=shop.pk, since=since.isoformat(), taken=len(ids))
    return {"taken": len(ids)}


def observe(shop: Shop, *, by: Actor, now: datetime) -> None:
    """Back to 観察: nothing leaves any more; waiting effects stay waiting, and what is decided later waits with them."""
    Shop.objects.filter(pk=shop.pk).update(mode=ShopMode.OBSERVE)
    waiting = Effect.objects.filter(shop_id=shop.pk, state="waiting", hold_reason="")
    by_hand = Order.objects.filter(shop=shop, mall_state="none", is_open=True)
    waiting.exclude(order_id__in=by_hand.values("pk"), kind__begins="warehouse.").update(hold_reason=OBSERVING)
    note("shop.observe", by=by, now=now, shop=shop.pk)


def observed_orders(order_ids: Sequence[int]) -> set[int]:
    """Return those of the mall orders whose shop only observes. Orders entered by hand are no mall's, and go their way."""
    of_observing = Order.objects.filter(pk__in=order_ids, shop__mode=ShopMode.OBSERVE).exclude(mall_state="none")
    return set(of_observing.values_list("pk", flat=True))


def keep_observing(shop_ids: Iterable[int], *, wait: bool = True) -> set[int]:
    """Return those of the shops that observe, and go on doing so until the transaction ends: what it holds for that, 本番開始 finds.

    Locks the shops, so ask before any order is locked; under locks of orders do not `wait`, which leaves out shops that somebody
    changes at this moment.
    """
    wanted = list(shop_ids)
    if not wanted:
        return set()
    observing = Shop.objects.filter(pk__in=wanted, mode=ShopMode.OBSERVE).order_by("pk")
    return set(
        observing.select_for_update(no_key=True, of=("self",), skip_locked=not wait).values_list("pk", flat=True)
    )


def account_elsewhere(shop: Shop, account: str) -> bool:
    """Say whether another contract has this account of the shop's mall live."""
    if not account:
        return False
    elsewhere = Func("channel", Value(account), function="orders_account_elsewhere", output_field=BooleanField())
    return Shop.objects.filter(elsewhere, pk=shop.pk).exists()


def raise_rule_set(*, now: datetime, shop_id: int | None = None) -> int:
    """Note that rules, holding tasks or mappings changed: live orders are due for judging again. Return how many."""
    lock_rule_set(shop_id=shop_id)
    shops = Shop.objects.filter(pk=shop_id) if shop_id else Shop.objects.all()
    shops.update(rule_set=F("rule_set") + 1)
    due = Order.objects.filter(is_open=True, **({"shop_id": shop_id} if shop_id else {})).exclude(
        mall_read_at__lt=F("ready_at")
    )
    return due.update(judge_at=Greatest(F("ready_at"), now))


def lock_rule_set(*, shop_id: int | None = None, also: Iterable[int] = ()) -> None:
    """Lock what a change of rules reaches, shops before orders and each in id order: the open orders, and these others.

    Whoever writes beside orders before `raise_rule_set` (marks of a rule) locks them here first: a pass over the same orders
    holds them while it writes the same marks.
    """
    shops = Shop.objects.filter(pk=shop_id) if shop_id else Shop.objects.all()
    list(shops.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    reached = Q(is_open=True, **({"shop_id": shop_id} if shop_id else {}))
    if others := sorted(set(also)):
        reached |= Q(pk__in=others)
    orders = Order.objects.filter(reached).order_by("pk")
    list(orders.select_for_update(no_key=True, of=("self",)).values_list("pk"))


__all__ = [
    "OBSERVING", "AccountTaken", "OtherAccount", "StartsInThePast", "TestNeeded", "TooOld", "create_shop", "fetch_now", "go_live",
    "keep_observing",
    "lock_rule_set", "observe", "observed_orders", "owner_of", "raise_rule_set", "read_again", "save_test", "set_credentials",
    "start_intake", "stop_intake", "told", "would_do",
]  # fmt: skip
