"""Many orders made in SQL: 5 % of them open, 2.3 lines each, Japanese names, search keys as the product makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import models

from benches import places
from benches.shops import House
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, OrderLine, OrderSearch, OrderTag, Parcel, Status, Tag, Warehouse
from orders.search import grams

CHUNK = 25_000
COMMON, SHARE = ("佐藤", "サトウ"), 0.05
"""A name of two characters that one order in twenty has."""
RARE, RARELY = ("龍崎", "リュウザキ"), 25_000
"""A name of two characters that one order in so many has."""
FAMILIES = [
    "鈴木 スズキ",
    "高橋 タカハシ",
    "田中 タナカ",
    "伊藤 イトウ",
    "渡辺 ワタナベ",
    "山本 ヤマモト",
    "中村 ナカムラ",
    "小林 コバヤシ",
    "加藤 カトウ",
    "吉田 ヨシダ",
    "山田 ヤマダ",
    "佐々木 ササキ",
    "山口 ヤマグチ",
    "松本 マツモト",
    "井上 イノウエ",
    "木村 キムラ",
    "林 ハヤシ",
    "斎藤 サイトウ",
    "清水 シミズ",
    "山崎 ヤマザキ",
    "森 モリ",
    "池田 イケダ",
    "橋本 ハシモト",
    "阿部 アベ",
    "石川 イシカワ",
    "山下 ヤマシタ",
    "中島 ナカジマ",
    "小川 オガワ",
    "前田 マエダ",
    "岡田 オカダ",
    "長谷川 ハセガワ",
    "藤田 フジタ",
    "後藤 ゴトウ",
    "近藤 コンドウ",
    "村上 ムラカミ",
    "遠藤 エンドウ",
    "青木 アオキ",
    "坂本 サカモト",
]
GIVEN = [
    "花子 ハナコ",
    "一郎 イチロウ",
    "健 ケン",
    "美咲 ミサキ",
    "翔太 ショウタ",
    "陽子 ヨウコ",
    "直樹 ナオキ",
    "恵 メグミ",
    "大輔 ダイスケ",
    "由美 ユミ",
    "誠 マコト",
    "彩 アヤ",
    "隆 タカシ",
    "真由美 マユミ",
    "浩 ヒロシ",
    "智子 トモコ",
    "拓也 タクヤ",
    "久美子 クミコ",
    "修 オサム",
    "愛 アイ",
    "剛 ツヨシ",
    "裕子 ユウコ",
    "和也 カズヤ",
    "洋子 ヨウコ",
    "学 マナブ",
    "千尋 チヒロ",
    "亮 リョウ",
    "幸子 サチコ",
    "徹 トオル",
    "葵 アオイ",
]
PHASES = (  # default status, share
    ("waiting", 0.005),
    ("intake", 0.01),
    ("check", 0.005),
    ("payment", 0.005),
    ("ready", 0.015),
    ("shipping", 0.01),
    ("shipped", 0.05),
    ("done", 0.89),
    ("cancelled", 0.01),
)

_PEOPLE = "CREATE TEMP TABLE IF NOT EXISTS p (n integer PRIMARY KEY, name text, kana text, grams integer[])"
_GIVEN = """
CREATE TEMP TABLE g ON COMMIT DROP AS
SELECT nextval('orders_order_id_seq') AS id, nextval('orders_parcel_id_seq') AS parcel_id, %(first)s + n AS n,
    random() AS r, random() AS s, random() AS t,
    (CASE WHEN n %% %(rarely)s = 7 THEN %(others)s + %(common)s - 1
        WHEN random() < %(share)s THEN floor(random() * %(common)s)
        ELSE %(common)s + floor(random() * (%(others)s - 1)) END)::integer AS person,
    date_trunc('second', %(now)s - random() * interval '365 days') AS placed, lpad((random() * 99999999)::bigint::text, 8, '0') AS phone,
    (1 + floor(random() * %(places)s))::integer AS place
FROM generate_series(1, %(count)s) n"""


def fill(name: str, house: House, count: int, *, seed: int = 1) -> None:
    """Add orders to the house's tenant, as the owner: row policies of the application do not narrow it, keys and counters apply."""
    with tenant_transaction(house.tenant_id):
        statuses = {
            s.default_for: (s.pk, s.group.phase) for s in Status.objects.exclude(default_for="").select_related("group")
        }
        goods = list(
            Listing.objects.exclude(product=None).order_by("pk").values_list("pk", "product_id", "key", "name")
        )
        tags = list(Tag.objects.filter(key="").order_by("pk").values_list("pk", flat=True))
        warehouse = Warehouse.objects.order_by("pk").values_list("pk", flat=True)[0]
        already = Order.objects.count()
    pool = _people(house.tenant_id)
    with places.own(name) as owner, owner.cursor() as cursor:
        cursor.execute(f"SELECT setseed({(seed % 1000) / 1000})")
        cursor.execute(_PEOPLE)
        cursor.execute("TRUNCATE p")
        cursor.executemany("INSERT INTO p VALUES (%s, %s, %s, %s)", [(n, *person) for n, person in enumerate(pool)])
        owner.commit()
        common = len(GIVEN)
        for first in range(already, already + count, CHUNK):
            many = min(CHUNK, already + count - first)
            cursor.execute(
                _GIVEN,
                {
                    "first": first,
                    "count": many,
                    "now": house.now,
                    "share": SHARE,
                    "common": common,
                    "rarely": RARELY,
                    "others": len(pool) - common,
                    "places": len(PLACES),
                },
            )
            insert(cursor, Order, _order(house, statuses), "g JOIN p ON p.n = g.person JOIN place ON place.n = g.place")
            insert(
                cursor, Parcel, _parcel(house, warehouse), "g JOIN p ON p.n = g.person JOIN place ON place.n = g.place"
            )
            insert(cursor, OrderLine, _line(house), f"g CROSS JOIN LATERAL {_GOODS_OF}", goods=goods)
            insert(cursor, OrderSearch, _keys(house), "g JOIN p ON p.n = g.person")
            insert(
                cursor,
                OrderTag,
                {"tenant_id": str(house.tenant_id), "order_id": "g.id", "tag_id": str(tags[0])},
                "g WHERE g.s < 0.03",
            )
            owner.commit()


PLACES = [
    "1500001 東京都 渋谷区 神宮前1-2-3",
    "5300001 大阪府 大阪市北区 梅田2-1-22",
    "0600001 北海道 札幌市中央区 北一条西2-1",
    "9000015 沖縄県 那覇市 久茂地1-1-1",
    "4600002 愛知県 名古屋市中区 丸の内3-1-2",
    "8100001 福岡県 福岡市中央区 天神1-8-1",
    "2310005 神奈川県 横浜市中区 本町6-50-10",
    "6008216 京都府 京都市下京区 烏丸通七条下ル721",
]
_GOODS_OF = "(SELECT k, goods.* FROM generate_series(1, CASE WHEN g.s < 0.3 THEN 1 WHEN g.s < 0.6 THEN 2 WHEN g.s < 0.9 THEN 3 ELSE 4 END) k JOIN goods ON goods.n = (g.n * 7 + k * 13) % {goods}) l"  # noqa: E501


def _people(tenant_id: int) -> list[tuple[str, str, list[int]]]:
    """Return the people of the pool, those of the common name first, the rare one last."""
    families = [COMMON, *(tuple(text.split()) for text in FAMILIES)]
    found = []
    for family, kana in families:
        for given, given_kana in (text.split() for text in GIVEN):
            name, said = f"{family} {given}", f"{kana} {given_kana}"
            found.append(_person(name, said, tenant_id))
    return [*found, _person(f"{RARE[0]} 玲", f"{RARE[1]} レイ", tenant_id)]


def _person(name: str, kana: str, tenant_id: int) -> tuple[str, str, list[int]]:
    return name, kana, sorted(grams(name, tenant_id) | grams(kana, tenant_id))


def _pick(choices: list[tuple[str, float]], of: str) -> str:
    """Return a CASE that picks by shares from a number between 0 and 1."""
    cases, reached = [], 0.0
    for value, share in choices[:-1]:
        reached += share
        cases.append(f"WHEN {of} < {reached} THEN {value}")
    return f"CASE {' '.join(cases)} ELSE {choices[-1][0]} END"


def _order(house: House, statuses: Mapping[str, tuple[int, str]]) -> dict[str, str]:
    now = f"'{house.now.isoformat()}'::timestamptz"
    return {
        "id": "g.id",
        "tenant_id": str(house.tenant_id),
        "shop_id": str(house.shop_id),
        "number": "'400123-' || to_char(g.placed, 'YYYYMMDD') || '-' || lpad(g.n::text, 10, '0')",
        "status_id": _pick([(str(statuses[key][0]), share) for key, share in PHASES], "g.r"),
        "phase": _pick([(f"'{statuses[key][1]}'", share) for key, share in PHASES], "g.r"),
        "status_at": "g.placed",
        "placed_at": "g.placed",
        "ready_at": "g.placed + interval '30 minutes'",
        "taken_in_at": "g.placed",
        "changed_at": "g.placed",
        "mall_state": "'ready'",
        "mall_code": "'300'",
        "mall_read_at": now,
        "buyer_name": "p.name",
        "buyer_kana": "p.kana",
        "buyer_email": "g.n || '@pc.fw.mall.example'",
        "buyer_phone": "'090' || g.phone",
        "buyer_postal_code": "place.code",
        "buyer_prefecture": "place.prefecture",
        "buyer_city": "place.city",
        "buyer_street": "place.street",
        "payment_method": _pick([("'card'", 0.6), ("'cod'", 0.2), ("'bank'", 0.1), ("'convenience'", 0.1)], "g.t"),
        "payment_name": _pick(
            [("'クレジットカード'", 0.6), ("'代金引換'", 0.2), ("'銀行振込'", 0.1), ("'セブンイレブン（前払）'", 0.1)],
            "g.t",
        ),
        "payment_state": _pick([("'settled'", 0.6), ("'collect'", 0.2), ("'settled'", 0.2)], "g.t"),
        "delivery_name": "'宅配便'",
        "next_day": "g.s < 0.1",
        "remarks": _pick([("'のし希望です'", 0.1), ("''", 0.9)], "g.s"),
        "remark_left": _pick([("'のし希望です'", 0.1), ("''", 0.9)], "g.s"),
        "subtotal_yen": "500 + (g.t * 20000)::bigint",
        "postage_yen": "550",
        "fee_yen": "0",
        "total_yen": "1050 + (g.t * 20000)::bigint",
        "ours": "g.r < 0.1",
        "open_lines": "2",
        "snapshot_hash": "int8send(g.id)",
        "revision": "1",
        "judged_revision": "1",
        "judged_rule_set": "1",
    }


def _parcel(house: House, warehouse: int) -> dict[str, str]:
    return {
        "id": "g.parcel_id",
        "tenant_id": str(house.tenant_id),
        "order_id": "g.id",
        "mall_parcel_key": "g.n::text",
        "name": "p.name",
        "kana": "p.kana",
        "phone": "'090' || g.phone",
        "postal_code": "place.code",
        "prefecture": "place.prefecture",
        "city": "place.city",
        "street": "place.street",
        "warehouse_id": str(warehouse),
        "state": "CASE WHEN g.r >= 0.05 THEN 'shipped' ELSE 'draft' END",
    }


def _line(house: House) -> dict[str, str]:
    return {
        "tenant_id": str(house.tenant_id),
        "order_id": "g.id",
        "parcel_id": "g.parcel_id",
        "position": "l.k",
        "mall_line_key": "g.n || '-' || l.k",
        "listing_id": "l.listing_id",
        "product_id": "l.product_id",
        "sku": "l.sku",
        "name": "l.name",
        "quantity": "1 + (g.n % 3)",
        "ship_units": "1 + (g.n % 3)",
        "unit_price_yen": "1000",
        "unit_price_incl_yen": "1000",
    }


def _keys(house: House) -> dict[str, str]:
    return {
        "tenant_id": str(house.tenant_id),
        "order_id": "g.id",
        "number_rev": "reverse('400123' || to_char(g.placed, 'YYYYMMDD') || lpad(g.n::text, 10, '0'))",
        "phone_rev": "reverse('090' || g.phone)",
        "grams": "p.grams",
    }


def insert(
    cursor: psycopg.Cursor[Any],
    model: type[models.Model],
    given: Mapping[str, str],
    source: str,
    *,
    goods: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Insert with SQL expressions where they are given, else with the model's own defaults."""
    columns, values = [], []
    for field in model._meta.concrete_fields:
        if field.generated or field.has_db_default() or (field.primary_key and field.attname not in given):
            continue
        columns.append(f'"{field.column}"')
        values.append(
            given.get(field.attname) or ("'{}'" if isinstance(field, ArrayField) else _literal(field.get_default()))
        )
    rows = ", ".join(
        f"({n}, {_literal(code)}, {_literal(pref)}, {_literal(city)}, {_literal(street)})"
        for n, (code, pref, city, street) in enumerate((p.split() for p in PLACES), start=1)
    )
    items = (
        ", ".join(f"({n}, {row[0]}, {row[1]}, {_literal(row[2])}, {_literal(row[3])})" for n, row in enumerate(goods))
        or "(0, 0, 0, '', '')"
    )
    source = source.replace("{goods}", str(max(1, len(goods))))
    cursor.execute(
        f"WITH place(n, code, prefecture, city, street) AS (VALUES {rows}), "
        f"goods(n, listing_id, product_id, sku, name) AS (VALUES {items}) "
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) SELECT {", ".join(values)} FROM {source}'
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, dict | list):
        return f"'{json.dumps(value)}'::jsonb"
    return "'" + str(getattr(value, "value", value)).replace("'", "''") + "'"
