"""The vocabulary: every field can be tested, shown and offered, and an app above can add one."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from orders.conditions import EVERYTHING, parse
from orders.fields import FIELDS, Field, Kind, Of, register, show, vocabulary
from orders.fields.kinds import OPS_OF, BadValue, Relative, day_of, read_value, start_of, write_value
from orders.models import Order, Tag, Task
from orders.queries import facts_of
from tests.conftest import NOW
from tests.orders.making import make_many, make_order, make_shop
from tests.orders.oracle import Row, _value, snapshot

WANTED = {
    "number", "shop", "channel", "status", "status_group", "phase", "placed_at", "ready_at", "status_days", "payment_method",
    "payment_name", "payment_state", "mall_state", "delivery_method", "delivery_name", "next_day", "island", "gift", "order_kind",
    "remark_left", "remarks", "remark_read", "wish_on", "wish_time", "buyer_name", "buyer_kana", "buyer_phone", "buyer_email",
    "buyer_prefecture", "recipient_prefecture", "recipient_city", "recipient_postal_code", "recipient_is_buyer", "several_destinations",
    "subtotal_yen", "postage_yen", "fee_yen", "total_yen", "coupon_yen", "points_yen", "tags", "tasks", "held", "memo", "mall_block",
    "unmapped", "line_sku", "line_product", "line_listing", "line_name", "line_options", "line_count", "quantity_total", "warehouse",
    "carrier", "tracking_number", "parcel_state", "shipped_at", "unreported", "ours", "confirm_state", "deleted", "address_doubt",
}  # fmt: skip


def test_the_words_that_search_and_rules_need_are_there() -> None:
    assert WANTED - FIELDS.keys() == set()


def test_labels_are_distinct_within_a_subject() -> None:
    seen = [(field.subject, str(field.label)) for field in FIELDS.values()]

    assert len(seen) == len(set(seen))


def test_every_kind_has_comparisons() -> None:
    assert set(OPS_OF) == set(Kind)


@pytest.mark.parametrize("value", [True, 3, "あ", (1, 2), Relative(-3), Relative(2), date(2026, 11, 22), NOW])
def test_values_survive_json(value: object) -> None:
    kinds = {
        bool: Kind.FLAG,
        int: Kind.NUMBER,
        str: Kind.TEXT,
        Relative: Kind.DAY,
        date: Kind.DAY,
        datetime: Kind.INSTANT,
    }
    if isinstance(value, tuple):
        assert read_value(Kind.NUMBER, "between", write_value(value)) == value
    else:
        assert (
            read_value(kinds[type(value)], "gte" if isinstance(value, datetime) else "is", write_value(value)) == value
        )


def test_a_day_is_a_day_in_japan() -> None:
    assert start_of(date(2026, 11, 22)) == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert day_of(datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)) == date(2026, 11, 21)


def test_a_value_that_does_not_fit_says_why() -> None:
    with pytest.raises(BadValue) as caught:
        read_value(Kind.NUMBER, "is", 10**13)

    assert (caught.value.code, caught.value.params) == ("too_large", {"limit": 10**12})


@pytest.mark.usefixtures("inside")
class TestShowing:
    def test_every_field_shows_every_order(self) -> None:
        make_many(25, seed=21)

        for facts in facts_of(Order.objects.values_list("pk", flat=True)).values():
            for field in FIELDS.values():
                assert isinstance(show(field, facts), str)

    def test_shown_values_are_those_that_are_tested(self) -> None:
        make_many(25, seed=22)
        rows = snapshot()
        today = day_of(NOW)

        facts = facts_of(rows)

        for key in ("coupon_yen", "quantity_total", "parcel_count", "several_destinations", "recipient_is_buyer", "unmapped",
                    "address_doubt", "deleted", "total_yen", "wish_on", "memo", "line_count"):  # fmt: skip
            for pk, row in rows.items():
                assert FIELDS[key].value(facts[pk]) == _value(key, row, today), key
        assert isinstance(next(iter(rows.values())), Row)

    def test_words_for_people(self) -> None:
        order = make_order(
            make_shop("本店"), payment_method="cod", next_day=True, wish_on=date(2026, 11, 25), mall_block="cancelled payment",
            tags=[Tag.objects.get(name="急ぎ")], tasks=[Task.objects.get(key="hold")], lines=[{"sku": "A"}, {"sku": "B"}, {"sku": "A"}],
        )  # fmt: skip
        facts = facts_of([order.pk])[order.pk]

        said = {key: show(FIELDS[key], facts) for key in FIELDS}

        assert said["shop"] == "本店"
        assert said["payment_method"] == "代金引換"
        assert said["next_day"] == "はい"
        assert said["wish_on"] == "2026/11/25"
        assert said["placed_at"] == "2026/11/22 12:00"
        assert said["total_yen"] == "1500"
        assert said["tags"] == "急ぎ"
        assert said["tasks"] == "保留"
        assert said["line_sku"] == "A、B"
        assert said["mall_block"] == "キャンセル済み、入金待ち"
        assert said["shipped_at"] == ""

    def test_facts_take_fixed_statements(self) -> None:
        make_many(20, seed=23)
        ids = list(Order.objects.values_list("pk", flat=True))
        counts = []
        for chosen in (ids[:1], ids):
            with CaptureQueriesContext(connection) as caught:
                facts_of(chosen)
            counts.append(len(caught))

        assert counts[0] == counts[1] <= 8

    def test_the_builder_gets_everything_it_needs(self) -> None:
        make_shop("本店")

        offered = {entry["key"]: entry for entry in vocabulary(FIELDS)}

        assert [choice["label"] for choice in offered["shop"]["choices"]] == ["本店"]
        assert [way["key"] for way in offered["line_sku"]["of"]] == list(Of)
        assert {op["key"]: op["takes"] for op in offered["tags"]["ops"]} == {
            "has": "some", "has_all": "many", "has_not": "some", "empty": "none", "not_empty": "none",
        }  # fmt: skip
        assert offered["memo"]["choices"] is None

    def test_an_app_above_adds_a_field_once(self) -> None:
        asked = Field(
            key="sampled", label="見本", subject="work", kind=Kind.FLAG, q=lambda op, value, today: Q(memo="x") if value else ~Q(memo="x"),
            value=lambda facts: facts.order.memo == "x", reads=frozenset({"memo"}),
        )  # fmt: skip
        register(asked)
        try:
            with pytest.raises(ValueError, match="sampled"):
                register(asked)
            assert parse({"field": "sampled", "op": "is", "value": True}) != EVERYTHING
        finally:
            del FIELDS["sampled"]  # type: ignore[attr-defined]
