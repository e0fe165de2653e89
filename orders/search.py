"""The one search box, and the keys that make it quick: numbers and phones reversed, names as hashed pairs of letters.

Keys hold a folded form for looking up only; the orders keep the characters that were sent. What has no key (memo, address, goods,
mail address) is searched over open orders only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import pairwise
from operator import and_
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
from django.db import connection
from django.db.models import BigAutoField, Case, Exists, F, Func, Lookup, OuterRef, Q, TextField, Value, When
from django.db.models.lookups import Exact

from hub.tenancy import current_tenant
from orders.carriers import clean_number
from orders.lookups import Mentions
from orders.models import AT_MALL, Order, OrderLine, OrderSearch, Parcel, SearchPhone, TrackingNumber

if TYPE_CHECKING:
    _Lookup = Lookup[bool]
else:
    _Lookup = Lookup

FEW = 1_500
"""Up to this many hits are fetched by id and sorted. With more, the list is walked from its newest row and each row is looked up."""
MOST_IDS = 50_000
"""An end of a number that fits more orders than this is answered by asking for more digits."""
SHORTEST_NUMBER = 4
SHIPMENT = "#"
"""What the key of a tracking number begins with that stands among phones: one that another system wrote at the mall."""
MAX_NUMBERS = 1_000
MOST_CHARACTERS = 200_000
"""Room for several times so many, so that those left out are counted; what is longer is cut."""
MOST_WORDS = 20
"""Names and words beyond so many are not looked for: each costs a look at every open order."""
MOST_PIECES = 4
"""One number typed with blanks has up to so many pieces; more short ones are a list."""

# Folding: SQL's translate() takes the same two texts, so that the check of a hit agrees with its key.
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))
_VARIANTS = {
    "辺": "邊邉", "斎": "齋齊斉", "沢": "澤", "浜": "濱濵", "高": "髙", "崎": "﨑嵜", "広": "廣", "国": "國", "桜": "櫻",
    "島": "嶋嶌", "竜": "龍", "滝": "瀧", "関": "關", "恵": "惠", "徳": "德", "瀬": "瀨", "真": "眞", "黒": "黑", "静": "靜", "富": "冨",
    "蔵": "藏", "渕": "淵", "万": "萬", "条": "條", "塩": "鹽", "当": "當", "仏": "佛", "豊": "豐", "園": "薗", "吉": "𠮷", "船": "舩",
    "館": "舘", "桑": "桒", "柳": "栁",
}  # fmt: skip
FOLD_FROM = _KATAKANA + "".join(_VARIANTS.values()) + " \t\n・"
FOLD_TO = _HIRAGANA + "".join(plain * len(others) for plain, others in _VARIANTS.items())
_FOLD: dict[int, str | None] = {
    **{ord(old): (FOLD_TO[place] if place < len(FOLD_TO) else None) for place, old in enumerate(FOLD_FROM)},
    **{ord("A") + n: chr(ord("a") + n) for n in range(26)},
}
_NOT_KEY = re.compile(r"[^0-9a-z]")
_NOT_DIGIT = re.compile(r"[^0-9]")


def fold_name(text: str) -> str:
    """Return the form in which names are compared: width, kana and old forms of characters folded, blanks gone."""
    return unicodedata.normalize("NFKC", text).translate(_FOLD)


def number_key(text: str) -> str:
    """Return an order number as its key reads it: ASCII letters and digits alone, in lower case."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _NOT_KEY.sub("", plain.lower())


def phone_key(text: str) -> str:
    """Return the digits of a phone number."""
    return _NOT_DIGIT.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=200_000)
def _hashed(tenant_id: int, pair: str) -> int:
    """Return the tenant and two letters as a signed int32: a large tenant's names stay out of a small one's posting lists."""
    value = crc32(f"{tenant_id}:{pair}".encode())
    return value - (1 << 32) if value >> 31 else value


def grams(text: str, tenant_id: int) -> set[int]:
    """Return the hashed pairs of neighbouring letters of a name. A single letter has none."""
    folded = fold_name(text)
    return {_hashed(tenant_id, one + other) for one, other in pairwise(folded)}


# Keeping the keys.


class Keys(msgspec.Struct, frozen=True):
    """The search keys of one order, as they are stored."""

    order_id: int
    number_rev: str
    phone_rev: str
    grams: tuple[int, ...]
    phones: tuple[str, ...]


def keys_of(
    order_id: int,
    *,
    number: str,
    phone: str,
    names: Iterable[str],
    phones: Iterable[str],
    tenant_id: int,
    at_mall: Iterable[str] = (),
) -> Keys:
    """Return the keys: `names` and kana of buyer and recipients, `phone` the buyer's, `phones` the recipients', `at_mall` tracking
    numbers that others wrote at the mall."""
    found: set[int] = set()
    for name in set(names):
        found |= grams(name, tenant_id)
    own = phone_key(phone)[::-1]
    others = {phone_key(other)[::-1] for other in set(phones)} - {own, ""}
    others |= {shipment_key(other) for other in at_mall}
    return Keys(order_id, number_key(number)[::-1], own, tuple(sorted(found)), tuple(sorted(others)))


def shipment_key(number: str) -> str:
    """Return the key of a tracking number that another system wrote at the mall."""
    return SHIPMENT + clean_number(number)[::-1]


def _said_at_mall(rows: Iterable[Mapping[str, Any]] | None) -> set[str]:
    """Return the tracking numbers of a parcel's shipping rows at the mall."""
    return {row["number"] for row in rows or ()}


_INSERT = """WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS x(order_id bigint, number_rev text, phone_rev text, grams integer[], phones text[])),
 phones AS (
    INSERT INTO orders_searchphone (tenant_id, order_id, phone_rev) SELECT %s, g.order_id, p FROM given g, unnest(g.phones) p)
 INSERT INTO orders_ordersearch (tenant_id, order_id, number_rev, phone_rev, grams)
 SELECT %s, order_id, number_rev, phone_rev, grams FROM given"""


def insert_keys(orders: Sequence[Mapping[str, Any]], parcels: Sequence[Mapping[str, Any]]) -> None:
    """Insert the keys of new orders in one statement. Rows are named as the models' columns; parcels carry `order_id`."""
    names: dict[int, list[str]] = {order["id"]: [order["buyer_name"], order["buyer_kana"]] for order in orders}
    phones: dict[int, list[str]] = {order["id"]: [] for order in orders}
    at_mall: dict[int, set[str]] = {}
    for parcel in parcels:
        names[parcel["order_id"]] += (parcel["name"], parcel["kana"])
        phones[parcel["order_id"]].append(parcel["phone"])
        if rows := parcel.get("mall_fields", {}).get(AT_MALL):
            at_mall.setdefault(parcel["order_id"], set()).update(_said_at_mall(rows))
    tenant_id = current_tenant()
    _insert([
        keys_of(order["id"], number=order["number"], phone=order["buyer_phone"], names=names[order["id"]],
                phones=phones[order["id"]], at_mall=at_mall.get(order["id"], ()), tenant_id=tenant_id)
        for order in orders
    ])  # fmt: skip


def _insert(keys: Sequence[Keys]) -> None:
    if not keys:
        return
    tenant_id = current_tenant()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [msgspec.json.encode(keys).decode(), tenant_id, tenant_id])


def refresh_keys(order_id: int) -> None:
    """Bring an order's keys in line with its buyer, recipients and numbers at the mall, after one was changed. Writes only what
    differs."""
    order = Order.objects.only("number", "buyer_name", "buyer_kana", "buyer_phone").get(pk=order_id)
    by_line = OrderLine.objects.filter(order=order_id, closed_at__isnull=True).values("parcel")
    rows = Parcel.objects.filter(Q(order=order_id) | Q(pk__in=by_line), closed_at__isnull=True)
    parcels = list(rows.values_list("name", "kana", "phone", f"mall_fields__{AT_MALL}", "pk"))
    at_mall = set().union(*(_said_at_mall(parcel[3]) for parcel in parcels))
    if at_mall:
        ours = TrackingNumber.objects.filter(parcel__in=[parcel[4] for parcel in parcels])
        at_mall -= set(ours.values_list("number", flat=True))
    wanted = keys_of(
        order_id, number=order.number, phone=order.buyer_phone, phones=[parcel[2] for parcel in parcels], tenant_id=order.tenant_id,
        names=[order.buyer_name, order.buyer_kana, *(name for parcel in parcels for name in parcel[:2])], at_mall=at_mall,
    )  # fmt: skip
    if _stored(order_id) != wanted:
        SearchPhone.objects.filter(order=order_id).delete()
        OrderSearch.objects.filter(order=order_id).delete()
        _insert([wanted])


def _stored(order_id: int) -> Keys | None:
    row = OrderSearch.objects.filter(order=order_id).values_list("number_rev", "phone_rev", "grams").first()
    phones = SearchPhone.objects.filter(order=order_id).order_by("phone_rev").values_list("phone_rev", flat=True)
    return row and Keys(order_id, row[0], row[1], tuple(row[2]), tuple(phones))


# Looking up.


@BigAutoField.register_lookup
class InSearch(_Lookup):
    """The order has all these hashed pairs: one probe of its keys, for each row of a list that is walked."""

    lookup_name = "in_search"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        probe = f"SELECT k.grams @> %s::integer[] FROM orders_ordersearch k WHERE k.order_id = {left}"
        return f"coalesce(({probe}), false)", (list(self.rhs), *params)


@TextField.register_lookup
class NameHas(_Lookup):
    """The folded name contains the folded value; what a hit of the keys is checked with."""

    lookup_name = "name_has"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        said = f'translate(lower(normalize({left}, NFKC) COLLATE "C"), %s, %s)'
        return f"strpos({said}, %s) > 0", (*params, FOLD_FROM, FOLD_TO, fold_name(self.rhs))


NOTHING = Q(pk__in=[])


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search text means. `how`: number, numbers, name, text, mail, too_short, too_many, nothing or gone (what was pasted is not
    kept any more).

    `few`: `q` names its orders by id, so a page sorts them instead of walking the list. `missing`: pasted numbers that are not here;
    `left`: how many of them were not looked for, as only MAX_NUMBERS are at once.
    """

    q: Q
    how: str
    few: bool = False
    missing: tuple[str, ...] = ()
    left: int = 0


GONE = Found(q=NOTHING, how="gone")


def look_up(text: str, *, everywhere: bool = False) -> Found:
    """Say which orders a search text finds: numbers and phones by their end, names, else words in open orders.

    `everywhere` asks for words in open orders at once, for when names were found but goods were meant.
    """
    asked = unicodedata.normalize("NFKC", text).replace("\0", "").strip()[:MOST_CHARACTERS]
    words = asked.replace(",", " ").replace("、", " ").split()
    if not words:
        return Found(q=NOTHING, how="nothing")
    if "@" in asked:
        return Found(q=Q(is_open=True, buyer_email__mentions=asked), how="mail")
    if numbers := _listed(words):
        found = _by_list(numbers[:MAX_NUMBERS])
        if found.how != "nothing" or len(numbers) == len(words) or len(words) > MOST_WORDS:
            return replace(found, left=max(len(numbers) - MAX_NUMBERS, 0))
    words = words[:MOST_WORDS]
    if not everywhere and asked.isascii() and re.search(r"\d", asked):
        found = _by_number(asked)
        if found.how != "nothing":
            return found
        everywhere = not re.search(r"[a-zA-Z]", asked)
    return _by_words(words) if everywhere else _by_name(words)


def _listed(words: Sequence[str]) -> list[str]:
    """Return the numbers of a pasted list, its headings left out; none where the words are no list of numbers."""
    shortest = 6 if len(words) <= MOST_PIECES else SHORTEST_NUMBER
    numbers = [word for word in words if re.search(r"\d", word)]
    likely = sum(word.isascii() and len(number_key(word)) >= shortest for word in numbers)
    return numbers if likely > 1 and 2 * likely >= len(words) else []


_BY_END = """SELECT order_id FROM orders_ordersearch WHERE tenant_id = %(tenant)s AND starts_with(number_rev, %(number)s)
 UNION SELECT order_id FROM orders_ordersearch WHERE tenant_id = %(tenant)s AND starts_with(phone_rev, %(phone)s) AND %(is_phone)s
 UNION SELECT order_id FROM orders_searchphone WHERE tenant_id = %(tenant)s AND starts_with(phone_rev, %(phone)s) AND %(is_phone)s
 UNION SELECT l.order_id FROM orders_trackingnumber t JOIN orders_orderline l ON l.tenant_id = t.tenant_id AND l.parcel_id = t.parcel_id
    WHERE t.tenant_id = %(tenant)s AND starts_with(t.number_rev, %(tracking)s)
 UNION SELECT order_id FROM orders_searchphone WHERE tenant_id = %(tenant)s AND starts_with(phone_rev, %(at_mall)s)
 UNION SELECT order_id FROM orders_orderline WHERE tenant_id = %(tenant)s AND sku = %(sku)s
 LIMIT %(limit)s"""


def _by_number(asked: str) -> Found:
    key, digits, tracking = number_key(asked), phone_key(asked), clean_number(asked)
    if len(key) < SHORTEST_NUMBER:
        return Found(q=NOTHING, how="too_short" if key.isdigit() else "nothing")
    is_phone = len(digits) >= SHORTEST_NUMBER and not re.search(r"[a-zA-Z]", asked)
    return _of_ids(
        _ids(_BY_END, tenant=current_tenant(), number=key[::-1], phone=digits[::-1], is_phone=is_phone, tracking=tracking[::-1],
             at_mall=shipment_key(asked), sku=asked, limit=MOST_IDS), "number")  # fmt: skip


def _ids(statement: str, **params: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]


def _of_ids(ids: list[int], how: str) -> Found:
    if not ids:
        return Found(q=NOTHING, how="nothing")
    if len(ids) >= MOST_IDS:
        return Found(q=NOTHING, how="too_many")
    return Found(q=Q(pk__among=ids), how=how, few=True)


_BY_LIST = """SELECT order_id, number_rev FROM orders_ordersearch WHERE tenant_id = %(tenant)s AND number_rev = ANY(%(numbers)s::text[])
 UNION SELECT l.order_id, t.number_rev FROM orders_trackingnumber t
    JOIN orders_orderline l ON l.tenant_id = t.tenant_id AND l.parcel_id = t.parcel_id
    WHERE t.tenant_id = %(tenant)s AND t.number_rev = ANY(%(tracking)s::text[])
 UNION SELECT order_id, substr(phone_rev, 2) FROM orders_searchphone
    WHERE tenant_id = %(tenant)s AND phone_rev = ANY(%(at_mall)s::text[])"""


def _by_list(words: Sequence[str]) -> Found:
    keys = {word: (number_key(word)[::-1], clean_number(word)[::-1]) for word in words}
    numbers, tracking = map(list, zip(*keys.values(), strict=True))
    at_mall = [SHIPMENT + key for key in tracking]
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_LIST, {"tenant": current_tenant(), "numbers": numbers, "tracking": tracking, "at_mall": at_mall}
        )
        rows = cursor.fetchall()
    if not rows:
        return _by_number("".join(words))  # one number, typed with blanks
    hits = {row[1] for row in rows}
    missing = tuple(word for word, both in keys.items() if hits.isdisjoint(both))
    return replace(_of_ids(list({row[0] for row in rows}), "numbers"), how="numbers", missing=missing)


def _hits(wanted: Sequence[int]) -> list[int] | None:
    """Return the orders that have all these hashed pairs; None where they are more than FEW."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_search_ids(%s::integer[], %s)", [list(wanted), FEW])
        found: list[int] | None = cursor.fetchone()[0]
        return found


def _by_name(words: Sequence[str]) -> Found:
    terms = [fold_name(word) for word in words]
    if all(len(term) < 2 for term in terms):
        terms = ["".join(terms)]
    if all(len(term) < 2 for term in terms):
        return Found(q=NOTHING, how="too_short")
    tenant_id = current_tenant()
    wanted = sorted(set().union(*(grams(term, tenant_id) for term in terms)))
    ids = _hits(wanted)
    if ids == []:
        return _by_words(words)
    checked = None if len(wanted) == len(terms) == 1 else _named(terms)
    if ids is not None:
        here = Q(pk__among=ids)
        return Found(q=here & checked if checked else here, how="name", few=True)
    here = Q(pk__in_search=tuple(wanted))
    return Found(q=_then(here, checked) if checked else here, how="name")


def _then(first: Q, second: Q) -> Q:
    """Return `first and second`, the second asked only of rows that the first lets through."""
    return Q(
        Exact(
            Case(When(first, then=Case(When(second, then=Value(True)), default=Value(False))), default=Value(False)),
            True,
        )
    )


def _named(terms: Iterable[str]) -> Q:
    """Return the check of hits: each term stands whole in a name or kana of buyer or recipient."""

    def term_in(term: str) -> Q:
        in_parcel = Q(parcel__name__name_has=term) | Q(parcel__kana__name_has=term)
        recipient = OrderLine.objects.filter(in_parcel, order=OuterRef("pk"))
        return Q(buyer_name__name_has=term) | Q(buyer_kana__name_has=term) | Q(Exists(recipient))

    return reduce(and_, map(term_in, terms))


_LINE_TEXTS = ("name", "sku", "options", "parcel__prefecture", "parcel__city", "parcel__street")
_ORDER_TEXTS = ("memo", "remarks", "buyer_prefecture", "buyer_city", "buyer_street", "buyer_email")


def _joined(columns: Sequence[str], word: str) -> Q:
    """Return the Q for a word in any of the columns: they are folded once, joined by line ends, which no word contains."""
    text = Func(Value("\n", output_field=TextField()), *map(F, columns), function="concat_ws", output_field=TextField())
    return Q(Mentions(text, word))


def _by_words(words: Sequence[str]) -> Found:
    """Find open orders that have every word somewhere: memo, remark, address, mail address, goods."""

    def word_in(word: str) -> Q:
        lines = OrderLine.objects.filter(_joined(_LINE_TEXTS, word), order=OuterRef("pk"), closed_at__isnull=True)
        return _joined(_ORDER_TEXTS, word) | Q(Exists(lines))

    return Found(q=Q(is_open=True) & reduce(and_, map(word_in, words)), how="text")
