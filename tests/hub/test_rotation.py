"""`manage.py rotate_keys`: everything sealed comes under the newest key, whatever happens meanwhile; afterwards the old key is not missed."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import override_settings

from hub import rotation, secrets
from hub.embedded import databases, roles
from hub.models import Tenant, User
from hub.rotation import Place
from hub.tenancy import tenant_transaction
from hub.throttle import Pacer
from mailer.accounts import server_of
from mailer.models import MailAccount
from mailer.settings import save_account
from orders.channels import BadPayload, channel_for
from orders.intake import save_mall_orders
from orders.intake.fresh import snapshot_owner
from orders.models import MallSnapshot, RejectedPayload, Shop, Warehouse
from orders.operations.shops import create_shop
from tests.conftest import NOW, TESTER, make_tenant
from tests.factories import MALL, changed, mall_order, take_in
from tests.pages import make_member
from warehouses.adapters import adapter_for
from warehouses.settings import create_warehouse

ROOT = Path(settings.BASE_DIR)
FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SNAPSHOTS = 7


def ring(*names: str) -> str:
    """A ring of these keys, newest first."""
    return ",".join(f"{name}:{base64.b64encode(name.encode().ljust(32, b'.')).decode()}" for name in names)


OLD, BOTH, NEW = ring("old"), ring("new", "old"), ring("new")


@dataclass(frozen=True)
class House:
    """A database with nothing in it but two tenants, and the address that other processes reach it at."""

    tenants: tuple[Tenant, Tenant]
    person: User
    url: str

    @property
    def tenant(self) -> Tenant:
        return self.tenants[0]


@pytest.fixture
def house(django_db_setup: None) -> Iterator[House]:
    """Everything that the product seals, made by its own ways under the key `old`, twice. The command goes through a whole database."""
    owner_url, name = os.environ["OWNER_DATABASE_URL"], databases.scratch_name("rotation")
    databases.create(owner_url, name)
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        with override_settings(CREDENTIAL_KEYS=OLD):
            tenants = (make_tenant("うつわの店"), make_tenant("かばんの店"))
            people = [furnish(tenant) for tenant in tenants]
        yield House(tenants=tenants, person=people[0], url=roles.with_database(os.environ["DATABASE_URL"], name))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        databases.drop(owner_url, name)


def furnish(tenant: Tenant) -> User:
    with tenant_transaction(tenant.pk):
        Shop.objects.create(
            name="鍵のない店", channel="rakuten"
        )  # so that the ids of two tables are not the same by chance
        keys = {"service_secret": "SP-秘密", "license_key": "SL-鍵"}
        shop = create_shop(channel="rakuten", name="本店", credentials=keys, by=TESTER, now=NOW)
        create_warehouse(kind="rsl", name="倉庫", credentials={"shop_code": "s", "token": "t"}, by=TESTER, now=NOW)
        account = {"name": "店", "host": "mail.invalid", "sender": "a@example.com", "password": "合言葉"}
        save_account(account, by=TESTER, now=NOW)
        save_account({**account, "name": "空", "password": ""}, by=TESTER, now=NOW)
    first, *others = (mall_order() for _ in range(SNAPSHOTS - 1))
    take_in(tenant, shop, first, *others)
    take_in(tenant, shop, changed(first, remarks="急ぎです"))
    bad = BadPayload(number="1-{pk}-3", path="x", reason="missing", payload=b'{"orderNumber": "1-{pk}-3"}')
    save_mall_orders(tenant.pk, shop.pk, [bad], by=MALL, now=NOW)
    user = User.objects.get(pk=make_member(tenant).user_id)
    TOTP.activate(user, FACTOR)
    RecoveryCodes.activate(user)
    return user


def rotate(keys: str, *options: str) -> str:
    out = StringIO()
    with override_settings(CREDENTIAL_KEYS=keys):
        call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def refused(keys: str, *options: str) -> tuple[str, str]:
    """What was printed before the command ended with exit code 1, and its last words."""
    out = StringIO()
    with override_settings(CREDENTIAL_KEYS=keys), pytest.raises(CommandError) as error:
        call_command("rotate_keys", *options, stdout=out)
    assert error.value.returncode == 1
    return out.getvalue(), str(error.value)


def counted() -> dict[str, Counter[str]]:
    """Key ids by table, read row by row and not as the command counts."""
    found: dict[str, Counter[str]] = {}
    for place in rotation.places():
        with place.transaction():
            boxes = [
                box for row in place.rows() for box in rotation._boxes(place.sealed, getattr(row, place.sealed.column))
            ]
        found.setdefault(place.table, Counter()).update(map(secrets.key_id_of, boxes))
    return found


def place_of(tenant: Tenant, model: str) -> Place:
    [sealed] = [one for one in secrets.SEALED if one.model == model]
    return Place(sealed=sealed, tenant_id=tenant.pk)


PER_TABLE = {
    "orders_shop.credentials": 2, "orders_warehouse.credentials": 2, "mailer_mailaccount.password": 2, "orders_rejectedpayload.body": 2,
    "orders_mallsnapshot.body": 2 * SNAPSHOTS, "mfa_authenticator.data": 4,
}  # fmt: skip


def under(key_id: str) -> dict[str, Counter[str]]:
    return {table: Counter({key_id: n}) for table, n in PER_TABLE.items()}


# --- rotating


def test_everything_comes_under_the_newest_key_and_works_without_the_old_one(house: House) -> None:
    assert counted() == under("old")

    said = rotate(BOTH)

    assert counted() == under("new")
    assert "nothing is left under key old: it may be removed" in said
    assert f"orders_mallsnapshot.body: {2 * SNAPSHOTS} under new" in said
    assert f"orders_mallsnapshot.body, tenant {house.tenant.pk}: {SNAPSHOTS} sealed anew" in said
    with override_settings(CREDENTIAL_KEYS=NEW):
        for tenant in house.tenants:
            all_opens(tenant)
        code = format_hotp_value(hotp_value(FACTOR, int(time.time()) // 30))
        factors = {one.type: one.wrap() for one in Authenticator.objects.filter(user=house.person)}
        assert factors["totp"].validate_code(code)
        codes = factors["recovery_codes"].get_unused_codes()
        assert factors["recovery_codes"].validate_code(codes[0])


def the_shop() -> Shop:
    shop: Shop = Shop.objects.get(name="本店")
    return shop


def all_opens(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        channel: Any = channel_for(the_shop(), pace=Pacer(0, "test"))
        assert channel._keys == ("SL-鍵", "SP-秘密")
        assert adapter_for(Warehouse.objects.get(kind="rsl")).abilities
        assert [server_of(account).password for account in MailAccount.objects.order_by("pk")] == ["合言葉", ""]
        for snapshot in MallSnapshot.objects.all():
            body = secrets.unseal_text(bytes(snapshot.body), owner=snapshot_owner(snapshot.order_id, tenant.pk))
            assert b"400001-20261122" in body
        rejected = RejectedPayload.objects.get()
        owner = f"{tenant.pk}|rejected|{rejected.shop_id}|{rejected.number}"
        assert b"orderNumber" in secrets.unseal_text(bytes(rejected.body), owner=owner)


def test_without_a_rotation_the_old_key_is_needed(house: House) -> None:
    with (
        override_settings(CREDENTIAL_KEYS=NEW),
        tenant_transaction(house.tenant.pk),
        pytest.raises(secrets.Unreadable, match="no key 'old'"),
    ):
        channel_for(the_shop(), pace=Pacer(0, "test"))


def test_a_second_time_there_is_nothing_to_do(house: House) -> None:
    rotate(BOTH)
    with tenant_transaction(house.tenant.pk):
        before = bytes(the_shop().credentials)

    said = rotate(BOTH)

    assert "sealed anew" not in said
    with tenant_transaction(house.tenant.pk):
        assert bytes(the_shop().credentials) == before


def test_a_dry_run_counts_and_changes_nothing(house: House) -> None:
    said = rotate(BOTH, "--dry-run")

    assert counted() == under("old")
    assert f"{sum(PER_TABLE.values())} are left under key old: keep it" in said
    assert "mfa_authenticator.data: 4 under old" in said


def test_a_suspended_tenants_boxes_are_not_forgotten(house: House) -> None:
    Tenant.objects.filter(pk=house.tenant.pk).update(suspended_at=NOW)

    rotate(BOTH)

    assert counted() == under("new")


@pytest.mark.slow
@pytest.mark.parametrize("point", ["rotation.before_commit:3", "rotation.after_commit:3", "rotation.after_commit:7"])
def test_killed_anywhere_it_goes_on_where_it_was(house: House, point: str) -> None:
    command = [sys.executable, "manage.py", "rotate_keys", "--batch", "2"]
    environment = {**os.environ, "DATABASE_URL": house.url, "CREDENTIAL_KEYS": BOTH}
    killed = subprocess.run(command, cwd=ROOT, env={**environment, "HUB_CRASH": point}, capture_output=True, text=True)
    assert killed.returncode == 9, killed.stderr
    so_far = sum(counts["new"] for counts in counted().values())
    assert 0 < so_far < sum(PER_TABLE.values())

    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert again.returncode == 0, again.stderr
    assert counted() == under("new")
    anew = sum(int(n) for n in re.findall(r": (\d+) sealed anew", again.stdout))
    assert anew == sum(PER_TABLE.values()) - so_far


# --- beside a running product


def test_what_is_changed_meanwhile_is_not_overwritten(house: House) -> None:
    """Another session writes a new key into a shop and commits while the rotation waits for that row, having read the old value."""
    tenant, place = house.tenant, place_of(house.tenant, "orders.Shop")
    with tenant_transaction(tenant.pk):
        shop = the_shop()
    fresh = {"service_secret": "新しい", "license_key": "新しい"}
    turns: list[rotation.Turn] = []

    def rotating() -> None:
        turns.append(rotation.rotate(place))
        connection.close()

    with override_settings(CREDENTIAL_KEYS=OLD):
        box = secrets.seal_box(
            fresh, owner=f"{tenant.pk}|shop|{shop.pk}"
        )  # by a process that does not know the new key yet
    with override_settings(CREDENTIAL_KEYS=BOTH):
        with tenant_transaction(tenant.pk):
            Shop.objects.filter(pk=shop.pk).update(credentials=box)
            thread = Thread(target=rotating)
            thread.start()
            wait_until_somebody_waits_for_a_lock()
        thread.join()
        with tenant_transaction(tenant.pk):
            held = bytes(the_shop().credentials)
        assert secrets.open_box(held, owner=f"{tenant.pk}|shop|{shop.pk}") == fresh
        assert secrets.key_id_of(held) == "new", "it was gone through once more, for what the other had written"
    assert [(turn.resealed, turn.beaten) for turn in turns] == [(1, 0)]


def wait_until_somebody_waits_for_a_lock() -> None:
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks l WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_a_row_that_is_held_for_long_is_left_for_a_later_turn(house: House) -> None:
    tenant = house.tenant
    turns: list[rotation.Turn] = []

    def rotating() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', '50ms', false)")
        turns.append(rotation.rotate(place_of(tenant, "orders.Shop")))
        connection.close()

    with override_settings(CREDENTIAL_KEYS=BOTH):
        with tenant_transaction(tenant.pk):
            list(Shop.objects.select_for_update())
            thread = Thread(target=rotating)
            thread.start()
            thread.join()
        assert [(turn.resealed, turn.beaten) for turn in turns] == [(0, 1)]
        with override_settings(CREDENTIAL_KEYS=OLD):
            all_opens(tenant)


# --- what cannot be opened


def test_a_missing_key_is_named_with_table_and_id_and_nothing_is_lost(house: House) -> None:
    with override_settings(CREDENTIAL_KEYS=ring("lost")), tenant_transaction(house.tenant.pk):
        shop = the_shop()
        Shop.objects.filter(pk=shop.pk).update(
            credentials=secrets.seal_box({"a": "b"}, owner=f"{house.tenant.pk}|shop|{shop.pk}")
        )
        before = bytes(the_shop().credentials)

    for options in ((), ("--dry-run",)):
        said, last = refused(BOTH, *options)
        assert (
            f"orders_shop.credentials, tenant {house.tenant.pk}: cannot be opened (no key 'lost' in CREDENTIAL_KEYS): id {shop.pk}"
            in said
        )
        assert "1 rows cannot be opened; they stand as they were. Put the key they name back" in last

    with tenant_transaction(house.tenant.pk):
        assert bytes(the_shop().credentials) == before
    wanted = under("new")
    wanted["orders_shop.credentials"] = Counter({"lost": 1, "new": 1})
    assert counted() == wanted, "the rest was rotated"
    assert "nothing is left under key lost: it may be removed" in rotate(ring("new", "old", "lost"))


def test_no_key_of_all_that_is_there_changes_nothing(house: House) -> None:
    said, last = refused(NEW)

    assert counted() == under("old")
    assert last.startswith(f"{sum(PER_TABLE.values())} rows cannot be opened")
    assert said.count("cannot be opened (no key 'old' in CREDENTIAL_KEYS)") == 2 * 5 + 1


def test_a_box_that_was_moved_or_broken_is_told_and_kept(house: House) -> None:
    one, two = house.tenants
    with tenant_transaction(one.pk):
        moved = bytes(the_shop().credentials)
        rejected = RejectedPayload.objects.get()
        RejectedPayload.objects.update(body=b"\xff\xfe no box")
    with tenant_transaction(two.pk):
        shop = the_shop()
        Shop.objects.filter(pk=shop.pk).update(credentials=moved)
    factor = Authenticator.objects.get(user=house.person, type="totp")
    Authenticator.objects.filter(pk=factor.pk).update(data={"secret": "plain text"})

    said, _ = refused(BOTH)

    assert (
        f"orders_shop.credentials, tenant {two.pk}: cannot be opened (the box does not belong here): id {shop.pk}"
        in said
    )
    assert f"orders_rejectedpayload.body, tenant {one.pk}: cannot be opened (this is no box): id {rejected.pk}" in said
    assert f"mfa_authenticator.data: cannot be opened (this is no box): id {factor.pk}" in said
    with tenant_transaction(two.pk):
        assert bytes(the_shop().credentials) == moved
    assert Authenticator.objects.get(pk=factor.pk).data == {"secret": "plain text"}


def test_recovery_codes_that_came_from_elsewhere_are_rotated_too(house: House) -> None:
    with override_settings(CREDENTIAL_KEYS=OLD):
        texts = [base64.b64encode(secrets.seal(code, owner="account|second-factor")).decode() for code in (b"a", b"b")]
    codes = Authenticator.objects.filter(user=house.person, type="recovery_codes")
    codes.update(data={"migrated_codes": texts, "used_mask": 0})

    rotate(BOTH)

    with override_settings(CREDENTIAL_KEYS=NEW):
        held = codes.get().data
        opened = [
            secrets.unseal(base64.b64decode(text), owner="account|second-factor") for text in held["migrated_codes"]
        ]
    assert (opened, held["used_mask"]) == ([b"a", b"b"], 0)


def test_a_process_that_still_seals_with_the_old_key_is_noticed(house: House) -> None:
    """What is sealed anew under an older key while the rotation runs behind it stands in the count at the end, with what to do."""
    rotate(BOTH)
    with override_settings(CREDENTIAL_KEYS=OLD):
        with tenant_transaction(house.tenant.pk):
            shop = the_shop()
        take_in(house.tenant, shop, mall_order())

    assert "1 are left under key old: keep it" in rotate(BOTH, "--dry-run")
    assert "nothing is left under key old" in rotate(BOTH)
