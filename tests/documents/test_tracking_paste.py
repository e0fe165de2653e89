"""A pasted list of tracking numbers: read, located faults, recorded once, twice without harm."""

from datetime import date, timedelta

import pytest

from documents import tracking_paste as paste
from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, OrderLine, Parcel, Shop, TrackingNumber
from orders.plugs import act
from tests.conftest import NOW
from tests.mailer.conftest import make_order

TODAY = date(2026, 11, 22)


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        made: Shop = Shop.objects.create(name="テスト商店", channel="rakuten", mode="live")
        return made


def checked(rows: list[paste.Row]) -> list[paste.Row]:
    return paste.check(rows, may_enter=act("may_enter"))


def faults(rows: list[paste.Row]) -> list[tuple[int, str]]:
    return [(row.line, row.fault) for row in rows if row.fault]


@pytest.mark.parametrize(
    "text",
    [
        "A-1\tヤマト運輸\t1234-1234-1232\t2026/11/21\n",
        "A-1,yamato,123412341232,2026-11-21\r\n",
        "A-1 クロネコヤマト １２３４１２３４１２３２ 20261121",
        "注文番号,配送会社,お荷物伝票番号,発送日\nA-1,ヤマト,1234-1234-1232,11/21\n",
        "発送日\tメモ\t送り状番号\t運送会社\t受注番号\n2026年11月21日\tx\ta123412341232a\tヤマト\tA-1\n",
        "\n\nA-1\tヤマト運輸\t123412341232\t2026/11/21\n\n",
    ],
)
def test_lists_as_people_paste_them(text: str) -> None:
    [row] = paste.parse(text, today=TODAY)

    assert (row.order, row.carrier, row.number, row.shipped_on) == ("A-1", "yamato", "123412341232", date(2026, 11, 21))
    assert row.fault == ""


def test_two_columns_take_carrier_and_day_from_above() -> None:
    [row] = paste.parse("A-1\t123412341232\n", today=TODAY, carrier="yamato")

    assert (row.carrier, row.shipped_on) == ("yamato", TODAY)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("\tyamato\t123412341232\t", "order_missing"),
        ("A-1\t飛脚\t123412341232\t", "unknown_carrier"),
        ("A-1\t\t123412341232\t", "carrier_missing"),
        ("A-1\tyamato\t\t", "number_missing"),
        ("A-1\tyamato\t4.43E+11\t", "number_rounded"),
        ("A-1\tyamato\t=1+1\t", "number_odd"),
        ("A-1\tyamato\t123412341232\t2026/13/40", "day_odd"),
        ("A-1\tyamato\t123412341232\t2026/11/23", "day_ahead"),
    ],
)
def test_each_fault_is_told_at_its_line(line: str, fault: str) -> None:
    rows = paste.parse(f"Z-9\tyamato\t123412341232\t2026/11/20\n{line}\n", today=TODAY)

    assert faults(rows) == [(2, fault)]


def test_day_without_a_year_is_never_ahead() -> None:
    [row] = paste.parse("A-1\tyamato\t123412341232\t12/30\n", today=date(2027, 1, 3))

    assert row.shipped_on == date(2026, 12, 30)


def test_repeated_row_and_wrong_looking_number() -> None:
    rows = paste.parse("A-1\tyamato\t123412341233\nA-1\tyamato\t123412341233\n", today=TODAY)

    assert rows[0].warning == "number_looks_wrong"
    assert faults(rows) == [(2, "repeated")]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"\x00\x01", "not_text"), (b"\xff\x00\x81", "not_text"), (b"a," * 300 + b"\n", "too_wide")]
)
def test_what_is_no_list_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(paste.Unreadable) as refused:
        paste.parse(paste.text_of(data), today=TODAY)

    assert refused.value.reason == reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert paste.text_of("受注番号,運送会社\n".encode(encoding)) == "受注番号,運送会社\n"


@pytest.mark.feature("F154")
def test_recorded_once_and_the_same_list_again_changes_nothing(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        good, other = make_order(shop, mall_state="ready"), make_order(shop, mall_state="ready")
        OrderLine.objects.update(mall_parcel_key="1")
        text = (
            f"{good.number}\tyamato\t123412341232\n{good.number}\tyamato\t111111111111\n"
            f"NO-SUCH\tyamato\t5\n{other.number}\tsagawa\t222222222222\n"
        )
        first = paste.record(checked(paste.parse(text, today=TODAY)), by=by, now=NOW)
    with tenant_transaction(tenant.pk):
        entries, effects = AuditEntry.objects.count(), Effect.objects.count()
        rows = checked(paste.parse(text, today=TODAY))
        second = paste.record(rows, by=by, now=NOW + timedelta(minutes=5))
        after = (AuditEntry.objects.count(), Effect.objects.count())
        numbers = sorted(TrackingNumber.objects.values_list("number", flat=True))
        phases = set(Order.objects.values_list("phase", flat=True))

    assert (first.recorded, first.unchanged) == (2, 0)
    assert [(row.line, row.fault) for row in first.rows if row.fault] == [(3, "unknown_order")]
    assert (second.recorded, second.unchanged) == (0, 2)
    assert [row.same for row in rows] == [True, True, False, True]
    assert after == (entries, effects)
    assert numbers == ["111111111111", "123412341232", "222222222222"]
    assert phases == {"shipped"}


def test_other_numbers_cancelled_and_unclear_parcels_are_refused_by_row(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        shipped, cancelled, split, busy = (make_order(shop) for _ in range(4))
        paste.record(checked(paste.parse(f"{shipped.number} yamato 123412341232", today=TODAY)), by=by, now=NOW)
        Order.objects.filter(pk=cancelled.pk).update(phase="cancelled")
        parcel = Parcel.objects.create(order=split, name="別の人", position=2)
        OrderLine.objects.create(order=split, parcel=parcel, sku="X", name="X", quantity=1)
        Parcel.objects.filter(order=busy).update(state="requested")
        text = "\n".join(f"{o.number}\tyamato\t999999999999" for o in (shipped, cancelled, split, busy))
        rows = checked(paste.parse(text, today=TODAY))
        reference = f"{tenant.pk}-{parcel.pk}-1"
        [one] = checked(paste.parse(f"{reference}\tyamato\t999999999999", today=TODAY))
        [foreign] = checked(paste.parse(f"{tenant.pk + 1}-{parcel.pk}-1\tyamato\t999999999999", today=TODAY))

    assert [row.fault for row in rows] == ["other_numbers", "not_open", "several_parcels", "requested_elsewhere"]
    assert (one.fault, one.parcel_id, one.order_id) == ("", parcel.pk, split.pk)
    assert foreign.fault == "unknown_order"


def test_other_tenants_orders_are_unknown(tenant: Tenant, other_tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        number = make_order(shop).number
    with tenant_transaction(other_tenant.pk):
        [row] = checked(paste.parse(f"{number}\tyamato\t123412341232", today=TODAY))

    assert row.fault == "unknown_order"
