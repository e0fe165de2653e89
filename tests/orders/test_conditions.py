"""Parsing (everything but the four shapes is refused, with the place), wording, and what a condition reads."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.conditions import (
    EVERYTHING,
    MESSAGES,
    AllOf,
    ConditionError,
    Not,
    describe,
    dump,
    explain,
    explain_many,
    masks,
    matching,
    parse,
    reads,
    sentence,
)  # fmt: skip
from orders.fields import Relative
from orders.fields.kinds import day_of
from orders.models import Order, Tag
from tests.conftest import NOW
from tests.orders.making import make_many, make_order, make_shop

TODAY = day_of(NOW)
COD = {"field": "payment_method", "op": "is", "value": "cod"}


def nested(depth: int) -> dict[str, Any]:
    return COD if depth == 1 else {"not": nested(depth - 1)}


REFUSED: list[tuple[Any, str, str]] = [
    (None, "/", "not_a_condition"),
    ([], "/", "not_a_condition"),
    ({}, "/", "not_a_condition"),
    ("all", "/", "not_a_condition"),
    ({"all": [], "any": []}, "/", "not_a_condition"),
    ({"none": []}, "/", "not_a_condition"),
    ({"any": []}, "/any", "empty_group"),
    ({"not": {"all": []}}, "/not/all", "empty_group"),
    ({"all": [{"all": []}]}, "/all/0/all", "empty_group"),
    ({"all": {}}, "/all", "not_list"),
    ({"all": [COD, {"field": "colour", "op": "is", "value": 1}]}, "/all/1/field", "unknown_field"),
    ({"field": 3, "op": "is", "value": 1}, "/field", "unknown_field"),
    ({"field": ["memo"], "op": "is", "value": 1}, "/field", "unknown_field"),
    ({"field": "memo"}, "/op", "unknown_op"),
    ({"field": "memo", "op": "lt", "value": "a"}, "/op", "unknown_op"),
    ({"field": "next_day", "op": "empty"}, "/op", "unknown_op"),
    ({"field": "memo", "op": "is", "value": "a", "note": 1}, "/", "unknown_key"),
    ({"field": "memo", "op": "is"}, "/value", "no_value"),
    ({"field": "memo", "op": "is", "value": None}, "/value", "no_value"),
    ({"field": "memo", "op": "is", "value": ""}, "/value", "empty_text"),
    ({"field": "memo", "op": "is", "value": 1}, "/value", "not_text"),
    ({"field": "memo", "op": "is", "value": "a\0b"}, "/value", "bad_character"),
    ({"field": "memo", "op": "contains", "value": "あ" * 1001}, "/value", "too_long"),
    ({"field": "memo", "op": "empty", "value": "x"}, "/value", "takes_no_value"),
    ({"field": "memo", "op": "in", "value": "a"}, "/value", "not_list"),
    ({"field": "memo", "op": "in", "value": []}, "/value", "empty_list"),
    ({"field": "memo", "op": "in", "value": ["a"] * 1001}, "/value", "too_many"),
    ({"field": "total_yen", "op": "gte", "value": True}, "/value", "not_number"),
    ({"field": "total_yen", "op": "gte", "value": "1"}, "/value", "not_number"),
    ({"field": "total_yen", "op": "gte", "value": 1.0}, "/value", "not_number"),
    ({"field": "total_yen", "op": "gte", "value": 10**13}, "/value", "too_large"),
    ({"field": "total_yen", "op": "between", "value": [2, 1]}, "/value", "range_reversed"),
    ({"field": "total_yen", "op": "between", "value": [1]}, "/value", "not_range"),
    ({"field": "next_day", "op": "is", "value": 1}, "/value", "not_flag"),
    ({"field": "next_day", "op": "is", "value": "true"}, "/value", "not_flag"),
    ({"field": "wish_on", "op": "is", "value": "11/22"}, "/value", "not_day"),
    ({"field": "wish_on", "op": "is", "value": "2026-02-30"}, "/value", "not_day"),
    ({"field": "wish_on", "op": "is", "value": {"days": 1}}, "/value", "not_day"),
    ({"field": "wish_on", "op": "is", "value": {"days_ago": True}}, "/value", "not_number"),
    ({"field": "wish_on", "op": "is", "value": {"days_ago": -1}}, "/value", "too_large"),
    ({"field": "wish_on", "op": "is", "value": "2026-11-22T10:00:00+09:00"}, "/value", "not_day"),
    ({"field": "placed_at", "op": "lt", "value": "2026-11-22T10:00:00"}, "/value", "no_offset"),
    ({"field": "placed_at", "op": "lt", "value": "yesterday at ten"}, "/value", "not_instant"),
    ({"field": "placed_at", "op": "is", "value": "2026-11-22T10:00:00+09:00"}, "/value", "not_day"),
    ({"field": "status", "op": "is", "value": True}, "/value", "not_id"),
    ({"field": "status", "op": "is", "value": "新規"}, "/value", "not_id"),
    ({"field": "status", "op": "is", "value": 0}, "/value", "not_id"),
    ({"field": "payment_method", "op": "is", "value": "cash"}, "/value", "unknown_choice"),
    ({"field": "payment_method", "op": "in", "value": ["cod", "cash"]}, "/value", "unknown_choice"),
    ({"field": "mall_block", "op": "has", "value": "weather"}, "/value", "unknown_choice"),
    ({"field": "memo", "op": "is", "value": "a", "of": "any"}, "/of", "no_of"),
    ({"field": "line_sku", "op": "is", "value": "a", "of": "some"}, "/of", "bad_of"),
    ({"field": "line_sku", "op": "is", "value": "a", "of": []}, "/of", "bad_of"),
    (nested(9), "/not/not/not/not/not/not/not/not", "too_deep"),
    ({"any": [COD] * 51}, "/any/50", "too_many_tests"),
]


@pytest.mark.parametrize(("data", "path", "code"), REFUSED)
def test_everything_else_is_refused_with_its_place(data: Any, path: str, code: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(data)

    assert (caught.value.path, caught.value.code) == (path, code)
    assert caught.value.message
    assert "%(" not in caught.value.message


def test_every_reason_is_met_by_a_case() -> None:
    assert {code for _, _, code in REFUSED} == set(MESSAGES)


def test_the_limits_themselves_are_allowed() -> None:
    assert isinstance(parse(nested(8)), Not)
    assert parse({"any": [COD] * 50})


@pytest.mark.parametrize(
    "data",
    [
        {"all": []},
        {"all": [COD, {"not": {"any": [COD, {"field": "remark_left", "op": "empty", "value": None}]}}]},
        {"field": "wish_on", "op": "between", "value": [{"days_ago": 3}, {"days_ahead": 2}]},
        {"field": "placed_at", "op": "gte", "value": "2026-11-22T10:00:00+09:00"},
        {"field": "line_sku", "op": "in", "value": ["A-1", "A-2"], "of": "every"},
        {"field": "tags", "op": "has_not", "value": [3, 5]},
    ],
)
def test_what_is_parsed_is_dumped_again(data: dict[str, Any]) -> None:
    assert dump(parse(data)) == data


def test_ids_are_read_in_both_forms_and_written_in_the_outer_one() -> None:
    inner = parse({"field": "status", "op": "in", "value": [12, 13]})

    assert parse({"field": "status", "op": "in", "value": [encode(12), encode(13)]}) == inner
    assert dump(inner, outside=True)["value"] == [encode(12), encode(13)]


def test_one_label_may_stand_without_a_list() -> None:
    assert parse({"field": "tags", "op": "has", "value": 3}) == parse({"field": "tags", "op": "has", "value": [3]})


def test_relative_days_are_values() -> None:
    assert parse({"field": "wish_on", "op": "is", "value": {"days_ago": 3}}).value == Relative(-3)  # type: ignore[union-attr]


def test_reads_names_columns_and_what_lies_beside() -> None:
    node = parse(
        {
            "all": [
                COD,
                {"not": {"field": "tags", "op": "empty"}},
                {"field": "line_sku", "op": "is", "value": "A", "of": "none"},
            ]
        }
    )

    assert reads(node) == {"payment_method", "tags", "lines", "lines.sku"}


@pytest.mark.usefixtures("inside")
class TestWording:
    def test_a_rule_reads_as_a_sentence(self) -> None:
        node = parse({"all": [COD, {"field": "remark_left", "op": "empty"}]})

        assert sentence(node, "ja") == "支払方法 が 代金引換 で 備考 が 空"
        assert [part.text for part in describe(node, "ja") if part.strong] == ["支払方法", "代金引換", "備考"]

    def test_groups_inside_groups_have_brackets(self) -> None:
        either = {"any": [COD, {"field": "next_day", "op": "is", "value": True}]}

        assert (
            sentence(parse({"all": [COD, either]}), "ja")
            == "支払方法 が 代金引換 で （支払方法 が 代金引換 または 翌日配送 が はい）"
        )
        assert sentence(parse({"not": COD}), "ja") == "（支払方法 が 代金引換） ではない"

    def test_rows_are_named(self) -> None:
        tag = Tag.objects.get(name="急ぎ")

        assert sentence(parse({"field": "tags", "op": "has", "value": tag.pk}), "ja") == "ラベル に 急ぎ がある"
        assert (
            sentence(parse({"field": "tags", "op": "has", "value": 1 << 40}), "ja")
            == "ラベル に （削除された項目） がある"
        )

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ({"all": []}, "すべての受注"),
            ({"field": "total_yen", "op": "gte", "value": 10_000}, "請求金額 が 10,000円 以上"),
            ({"field": "wish_on", "op": "lte", "value": {"days_ahead": 2}}, "お届け希望日 が 2日後 まで"),
            ({"field": "placed_at", "op": "is", "value": {"days_ago": 0}}, "注文日時 が 今日"),
            ({"field": "total_yen", "op": "between", "value": [1, 2]}, "請求金額 が 1円〜2円 の間"),
            ({"field": "line_sku", "op": "is", "value": "A", "of": "every"}, "すべての明細で 商品番号（SKU） が A"),
            ({"field": "memo", "op": "in", "value": list("abcdefg")}, "作業メモ が a・b・c・d・e ほか2件 のどれか"),
        ],
    )
    def test_values_are_said_in_words(self, data: dict[str, Any], said: str) -> None:
        assert sentence(parse(data), "ja") == said

    def test_the_language_is_the_readers_not_the_requests(self) -> None:
        with override("en"):
            assert sentence(parse({"all": []}), "ja") == "すべての受注"


@pytest.mark.usefixtures("inside")
class TestRunning:
    def test_matching_takes_live_orders_unless_deleted_is_asked(self) -> None:
        shop = make_shop()
        kept, gone, scratch = make_order(shop), make_order(shop, deleted_at=NOW), make_order(shop, scratch=True)
        deleted = parse({"field": "deleted", "op": "is", "value": True})

        assert list(matching(EVERYTHING, TODAY)) == [kept]
        assert list(matching(deleted, TODAY)) == [gone]
        assert set(masks({1: EVERYTHING}, [kept.pk, gone.pk, scratch.pk], TODAY)) == {kept.pk, gone.pk, scratch.pk}

    def test_masks_and_explain_are_one_statement_for_any_number(self) -> None:
        make_many(30, seed=2)
        ids = list(Order.objects.values_list("pk", flat=True))
        nodes = {key: parse({"all": [COD, {"field": "line_sku", "op": "is", "value": "A-1"}]}) for key in range(20)}

        for call in (
            lambda: masks(nodes, ids, TODAY), lambda: explain_many(nodes, ids, TODAY), lambda: explain(nodes[0], ids[:1], TODAY)
        ):  # fmt: skip
            with CaptureQueriesContext(connection) as caught:
                call()
            assert len(caught) == 1

    def test_keys_come_in_the_order_of_the_nodes(self) -> None:
        order = make_order(make_shop())

        assert masks({"z": EVERYTHING, "b": parse(COD), "a": EVERYTHING}, [order.pk], TODAY) == {order.pk: ("z", "a")}

    def test_nothing_asked_is_nothing_answered(self) -> None:
        assert masks({1: EVERYTHING}, [], TODAY) == {}
        assert explain(EVERYTHING, [], TODAY) == {}

    def test_a_kept_statement_follows_the_day(self) -> None:
        order = make_order(make_shop(), wish_on=TODAY)
        node = parse({"field": "wish_on", "op": "is", "value": {"days_ago": 0}})

        assert [masks({1: node}, [order.pk], day)[order.pk] for day in (TODAY, TODAY.replace(day=23), TODAY)] == [
            (1,),
            (),
            (1,),
        ]

    def test_more_conditions_than_a_word_has_bits(self) -> None:
        order = make_order(make_shop())
        nodes = {place: EVERYTHING if place % 3 else parse(COD) for place in range(150)}

        assert masks(nodes, [order.pk], TODAY) == {order.pk: tuple(place for place in range(150) if place % 3)}
        assert masks({}, [order.pk], TODAY) == {order.pk: ()}

    def test_more_questions_about_lines_than_a_word_has_bits(self) -> None:
        shop = make_shop()
        order = make_order(shop, lines=[{"sku": f"S-{place}"} for place in (0, 62, 63, 64, 126, 149)])
        other = make_order(shop, lines=[{"sku": "S-63"}])
        nodes = {place: parse({"field": "line_sku", "op": "is", "value": f"S-{place}"}) for place in range(150)}

        assert masks(nodes, [order.pk, other.pk], TODAY) == {order.pk: (0, 62, 63, 64, 126, 149), other.pk: (63,)}
        assert {node: explain(node, [other.pk], TODAY)[other.pk].holds for node in nodes.values()} == {
            node: place == 63 for place, node in nodes.items()
        }

    def test_texts_are_found_whatever_their_width(self) -> None:
        order = make_order(make_shop(), lines=[{"name": "ＴＯＷＥＬ（ﾎﾜｲﾄ）"}, {"name": "タオル"}], memo="至急２")
        asked = {
            word: parse({"field": field, "op": "contains", "value": word})
            for field, word in (
                ("line_name", "towel(ホワイト)"),
                ("line_name", "ﾀｵﾙ"),
                ("memo", "急2"),
                ("memo", "急3"),
            )
        }

        assert masks(asked, [order.pk], TODAY) == {order.pk: ("towel(ホワイト)", "ﾀｵﾙ", "急2")}

    def test_values_are_quoted_whatever_they_say(self) -> None:
        order = make_order(make_shop(), memo="%s ' \\ ; DROP")
        node = parse(
            {
                "all": [
                    {"field": "memo", "op": "is", "value": "%s ' \\ ; DROP"},
                    {"field": "memo", "op": "contains", "value": "%"},
                ]
            }
        )

        assert masks({1: node}, [order.pk], TODAY) == {order.pk: (1,)}


def test_another_tenants_ids_and_orders_give_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        tag = Tag.objects.get(name="急ぎ")
        theirs = make_order(make_shop(), tags=[tag])
    has = parse({"field": "tags", "op": "has", "value": tag.pk})

    with tenant_transaction(tenant.pk):
        mine = make_order(make_shop())

        assert masks({1: has, 2: AllOf(())}, [mine.pk, theirs.pk], TODAY) == {mine.pk: (2,)}
        assert explain(has, [theirs.pk], TODAY) == {}
        assert list(matching(Not(has), TODAY)) == [mine]
