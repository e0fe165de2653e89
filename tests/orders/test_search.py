"""The search box: numbers and phones by their end, names of two characters, words in open orders; and that keys stay true."""

import time
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audit import Actor
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import search
from orders.models import Order, OrderLine, OrderSearch, Parcel, SearchPhone, TrackingNumber
from orders.operations.edits import edit_parcel
from orders.queries import Filter, page_of_orders
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

TODAY = date(2026, 11, 22)


def hits(text: str, **asked: Any) -> list[int]:
    found = search.look_up(text, **asked)
    return [row.pk for row in page_of_orders(Filter(found=found), today=TODAY, size=200).rows]


def add_tracking(order: Order, number: str) -> None:
    parcel = Parcel.objects.get(order=order)
    TrackingNumber.objects.create(
        parcel=parcel, carrier="yamato", number=number, number_rev=number[::-1], shipped_on=TODAY
    )


def how(text: str) -> str:
    return search.look_up(text).how


def test_pairs_of_letters_depend_on_the_tenant_and_not_on_writing() -> None:
    assert search.grams("サトウ ハナコ", 1) == search.grams("ｻﾄｳﾊﾅｺ", 1) == search.grams("さとう　はなこ", 1)
    assert search.grams("髙橋", 1) == search.grams("高橋", 1)
    assert search.grams("佐藤", 1) != search.grams("佐藤", 2)
    assert all(-(1 << 31) <= gram < 1 << 31 for gram in search.grams("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1))
    assert search.grams("林", 1) == set()


def test_folding_in_python_and_in_the_database_agree(inside: Tenant) -> None:
    samples = [
        "ｻﾄｳ ﾊﾅｺ",
        "ガギグゲゴ",
        "ｶﾞｷﾞｸﾞ",
        "髙﨑濵邉齋",
        "Ａ・B　c",
        "㈱ヤマダ",
        "ー長音ヴヵヶ",
        "𠮷野家",
        "İ Straße ΑΒΓ",
        "が",
        "Ⅲ号室",
        "\t林",
    ]
    with connection.cursor() as cursor:
        for text in samples:
            cursor.execute(
                'SELECT translate(lower(normalize(%s, NFKC) COLLATE "C"), %s, %s)',
                [text, search.FOLD_FROM, search.FOLD_TO],
            )
            assert cursor.fetchone() == (search.fold_name(text),)


def test_one_letter_of_each_pair_of_folds() -> None:
    assert len(set(search.FOLD_FROM)) == len(search.FOLD_FROM)


@pytest.mark.usefixtures("inside")
class TestNumbers:
    @pytest.mark.feature("F022")
    def test_the_whole_number_or_its_end_however_it_is_written(self) -> None:
        shop = make_shop()
        order = make_order(shop, number="338866-20261122-0012345678")
        make_order(shop, number="338866-20261122-0099999999", buyer_phone="", recipients=[{"phone": ""}])

        for text in ("338866-20261122-0012345678", " 338866-20261122-0012345678\n", "３３８８６６－２０２６１１２２－００１２３４５６７８",
                     "338866 20261122 0012345678", "33886620261122 0012345678", "12345678", "5678"):  # fmt: skip
            assert hits(text) == [order.pk], text
        assert how("678") == "too_short"

    @pytest.mark.feature("F022")
    def test_a_pasted_list_finds_each_and_says_what_is_missing(self) -> None:
        shop = make_shop()
        one, two = make_order(shop, at=NOW), make_order(shop, number="ABC-000123", at=NOW.replace(hour=1))
        add_tracking(one, "111122223333")

        found = search.look_up(f"{one.number}\nabc-000123,　338866-00000000-0000000000\n1111-2222-3333")

        assert found.how == "numbers"
        assert found.missing == ("338866-00000000-0000000000",)
        assert set(Order.objects.filter(found.q).values_list("pk", flat=True)) == {one.pk, two.pk}

    @pytest.mark.feature("F022")
    def test_a_pasted_column_is_a_list_with_its_heading_and_in_two_spellings_of_a_number(self) -> None:
        shop = make_shop()
        one, two = make_order(shop, at=NOW), make_order(shop, number="ABC-000123", at=NOW.replace(hour=1))

        for heading in ("受注番号", "Order number", ""):
            found = search.look_up(f"{heading}\n{one.number}\nabc-000123\nABC000123\n338866-00000000-0000000000")

            assert found.how == "numbers", heading
            assert found.missing == ("338866-00000000-0000000000",), heading
            assert set(Order.objects.filter(found.q).values_list("pk", flat=True)) == {one.pk, two.pk}

    def test_a_list_of_short_numbers_is_one_too(self) -> None:
        shop = make_shop()
        orders = [make_order(shop, number=str(number)) for number in range(1001, 1007)]

        found = search.look_up("\n".join(map(str, range(1001, 1009))))

        assert found.missing == ("1007", "1008")
        assert set(Order.objects.filter(found.q).values_list("pk", flat=True)) == {order.pk for order in orders}

    def test_however_much_is_pasted_no_order_is_asked_for_each_word_of_it(self) -> None:
        order = make_order(make_shop(), memo="あい うえ")

        for text in ("\n".join(["受注番号", *map(str, range(10_000, 11_500))]), " ".join(["あい", "うえ"] * 700)):
            found = search.look_up(text)
            with CaptureQueriesContext(connection) as asked:
                shown = list(Order.objects.filter(found.q))
            assert shown == ([order] if found.how == "text" else [])
            assert sum(len(one["sql"]) for one in asked) < 40_000

    def test_phones_of_buyer_and_recipient(self) -> None:
        shop = make_shop()
        order = make_order(shop, buyer_phone="03-1111-2222", recipients=[{"phone": "０９０ー８７６５ー４３２１"}])
        make_order(shop)

        for text in ("03-1111-2222", "0311112222", "2222", "09087654321", "4321", "090 8765 4321"):
            assert hits(text) == [order.pk], text

    def test_tracking_numbers_and_skus(self) -> None:
        shop = make_shop()
        order = make_order(shop, lines=[{"sku": "4901234567894"}])
        make_order(shop)
        add_tracking(order, "111122223333")

        assert hits("1111-2222-3333") == hits("3333") == hits("4901234567894") == [order.pk]

    def test_a_number_that_is_nowhere_is_looked_for_as_a_word(self) -> None:
        shop = make_shop()
        order = make_order(shop, memo="問い合わせ 778899")

        assert hits("778899") == [order.pk]
        assert hits("0000000000000") == []


@pytest.mark.usefixtures("inside")
class TestNames:
    def test_two_characters_of_buyer_or_recipient_in_any_script(self) -> None:
        shop = make_shop()
        order = make_order(
            shop,
            buyer_name="髙橋　健",
            buyer_kana="ﾀｶﾊｼ ｹﾝ",
            recipients=[{"name": "渡邊 美咲", "kana": "ワタナベ ミサキ"}],
        )
        make_order(shop)

        for text in (
            "髙橋",
            "高橋",
            "高橋健",
            "高橋 健",
            "健 高橋",
            "高橋 美",
            "たかはし",
            "タカハシ",
            "ﾀｶﾊｼ",
            "渡辺",
            "渡邉",
            "みさき",
            "高橋 渡辺",
        ):
            assert hits(text) == [order.pk], text
        assert how("健") == "too_short"

    def test_letters_must_stand_together(self) -> None:
        shop = make_shop()
        whole = make_order(shop, buyer_name="山田太郎", recipients=[{"name": "山田太郎"}])
        make_order(shop, buyer_name="太郎山田", buyer_kana="", recipients=[{"name": "田太", "kana": ""}])

        assert hits("山田太郎") == [whole.pk]

    def test_latin_names_are_not_taken_for_numbers(self) -> None:
        shop = make_shop()
        order = make_order(
            shop, buyer_name="John Smith", buyer_kana="", recipients=[{"name": "John Smith", "kana": ""}]
        )
        make_order(shop)

        assert hits("smith") == hits("ＳＭＩＴＨ") == hits("John Smith") == [order.pk]

    def test_many_hits_are_walked_and_give_the_same_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shop = make_shop()
        wanted = [
            make_order(shop, buyer_name=f"佐藤 {n}", buyer_kana="", recipients=[{"name": "乙", "kana": ""}]).pk
            for n in range(6)
        ]
        swapped = make_order(
            shop, buyer_name="藤佐 さとう太", buyer_kana="トウサ", recipients=[{"name": "乙", "kana": ""}]
        )
        named = make_order(shop, buyer_name="佐藤太郎", buyer_kana="", recipients=[{"name": "乙", "kana": ""}])
        few = (sorted(hits("佐藤")), hits("佐藤太郎"))

        monkeypatch.setattr(search, "FEW", 0)

        assert not search.look_up("佐藤").few
        assert (sorted(hits("佐藤")), hits("佐藤太郎")) == few == (sorted([*wanted, named.pk]), [named.pk])
        assert swapped.pk not in hits("佐藤")

    def test_ids_are_answered_whole_or_not_at_all(self, tenant: Tenant) -> None:
        shop = make_shop()
        wanted = [make_order(shop, buyer_name=f"佐藤 {n}").pk for n in range(30)]
        pair = sorted(search.grams("佐藤", tenant.pk))

        def ids(most: int) -> list[int] | None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT orders_search_ids(%s::integer[], %s)", [pair, most])
                found: list[int] | None = cursor.fetchone()[0]
                return found

        for _ in range(5):
            assert [ids(most) for most in (0, 2, 15, 29)] == [None] * 4
            assert sorted(ids(30) or ()) == sorted(ids(1_500) or ()) == wanted
        with connection.cursor() as cursor:
            cursor.execute("SHOW gin_fuzzy_search_limit")
            assert cursor.fetchone() == ("0",), "the limit that proves many is the function's own"

    def test_closed_and_shipped_orders_are_found_by_name(self) -> None:
        order = make_order(make_shop(), status="done", buyer_name="鈴木一郎")

        assert hits("鈴木") == [order.pk]


@pytest.mark.usefixtures("inside")
class TestWords:
    def test_goods_memo_address_and_mail_of_open_orders(self) -> None:
        shop = make_shop()
        order = make_order(
            shop, memo="要電話", lines=[{"name": "青森りんご ５kg"}], buyer_email="taro@example.jp", buyer_city="那覇市"
        )
        make_order(
            shop, status="done", memo="要電話", lines=[{"name": "青森りんご 5kg"}], buyer_email="taro@example.jp"
        )

        for text in ("青森りんご", "青森 要電話", "5KG りんご", "要電話", "taro@example.jp", "TARO@", "那覇"):
            assert hits(text) == [order.pk], text
        assert hits("青森 みかん") == []

    def test_words_can_be_asked_for_although_a_name_fits(self) -> None:
        shop = make_shop()
        person = make_order(shop, buyer_name="青森 太郎")
        goods = make_order(shop, lines=[{"name": "青森りんご"}])

        assert hits("青森") == [person.pk]
        assert hits("青森", everywhere=True) == [goods.pk]

    @pytest.mark.parametrize(
        "text", ["", "  ", "　", "\0", "%", "'", "\\", "a" * 30_000, "@", "-", "ー", "（）", "1" * 30_000, "; DROP"]
    )
    def test_odd_texts_find_nothing_and_break_nothing(self, text: str) -> None:
        make_order(make_shop())

        assert hits(text) == [] or text == "@"


@pytest.mark.usefixtures("inside")
class TestKeys:
    def test_keys_made_in_bulk_are_those_made_one_by_one(self) -> None:
        shop = make_shop()
        recipients = [{"phone": "0312345678", "name": "乙"}, {"phone": "", "name": "丙野"}]
        orders = [make_order(shop, recipients=recipients, lines=[{}, {"parcel": 1}]) for _ in range(3)]
        single = list(OrderSearch.objects.order_by("order").values_list("order", "number_rev", "phone_rev", "grams"))
        phones = list(SearchPhone.objects.order_by("order", "phone_rev").values_list("order", "phone_rev"))
        SearchPhone.objects.all().delete()
        OrderSearch.objects.all().delete()

        search.insert_keys(list(Order.objects.values()), list(Parcel.objects.values()))

        assert (
            list(OrderSearch.objects.order_by("order").values_list("order", "number_rev", "phone_rev", "grams"))
            == single
        )
        assert list(SearchPhone.objects.order_by("order", "phone_rev").values_list("order", "phone_rev")) == phones
        assert len(orders) == len(single)

    def test_refreshing_follows_an_edit_and_writes_nothing_without_one(self) -> None:
        order = make_order(make_shop())
        before = OrderSearch.objects.get(order=order).pk

        search.refresh_keys(order.pk)
        assert OrderSearch.objects.get(order=order).pk == before

        Parcel.objects.filter(order=order).update(name="新垣 結", phone="0988887777")
        search.refresh_keys(order.pk)
        assert hits("新垣") == hits("7777") == [order.pk]

    def test_an_edited_recipient_is_found_at_once(self, by: Actor) -> None:
        order = make_order(make_shop())
        parcel = Parcel.objects.get(order=order)

        edit_parcel(parcel.pk, values={"name": "金城 武", "phone": "0980001111"}, by=by, now=NOW)

        assert hits("金城") == hits("0001111") == [order.pk]

    def test_a_recipient_of_a_shared_parcel_finds_both_orders(self) -> None:
        shop = make_shop()
        lead, joined = make_order(shop, recipients=[{"name": "比嘉 誠"}]), make_order(shop, at=NOW.replace(hour=1))
        OrderLine.objects.filter(order=joined).update(parcel=Parcel.objects.get(order=lead))

        search.refresh_keys(joined.pk)

        assert hits("比嘉") == [lead.pk, joined.pk]

    def test_keys_of_an_order_cost_little(self) -> None:
        names = [f"{a}{b}" for a in "佐藤鈴木高橋田中" for b in ("花子", "一郎", "美咲")]
        start = time.perf_counter()
        for number in range(2_000):
            search.keys_of(number, number=f"338866-20261122-{number:010}", phone="090-1234-5678", phones=["0312345678"],
                           names=[names[number % len(names)], "サトウ ハナコ"], tenant_id=1)  # fmt: skip
        assert (time.perf_counter() - start) / 2_000 < 0.000_2


def test_another_tenants_names_numbers_and_phones_are_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        theirs = make_order(make_shop(), buyer_name="渡嘉敷 守", number="999999-20260101-7777777777", memo="渡嘉敷メモ")
        hashed = list(OrderSearch.objects.get(order=theirs).grams)
    with tenant_transaction(tenant.pk):
        make_order(make_shop())

        assert hits("渡嘉敷") == hits("7777777777") == hits("999999-20260101-7777777777") == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT orders_search_ids(%s::integer[], 100)", [hashed[:1]])
            assert cursor.fetchall() == [([],)]
