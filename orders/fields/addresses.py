"""Whether an address looks wrong by itself: something missing, or a postal code that does not belong to the prefecture."""

from __future__ import annotations

from django.db.models import Q, TextField, Value
from django.db.models.functions import Concat, Left, Replace, StrIndex
from django.db.models.lookups import Exact

_BY_TWO_DIGITS = """
00 北海道|01 秋田県|02 岩手県|03 青森県|04 北海道|05 北海道|06 北海道|07 北海道|08 北海道|09 北海道|10 東京都|11 東京都|12 東京都|13 東京都|14 東京都
15 東京都|16 東京都|17 東京都|18 東京都|19 東京都|20 東京都|21 神奈川県|22 神奈川県|23 神奈川県|24 神奈川県|25 神奈川県|26 千葉県|27 千葉県
28 千葉県|29 千葉県|30 茨城県|31 茨城県|32 栃木県|33 埼玉県|34 埼玉県|35 埼玉県|36 埼玉県|37 群馬県|38 長野県|39 長野県|40 山梨県|41 静岡県
42 静岡県|43 静岡県|44 愛知県|45 愛知県|46 愛知県|47 愛知県|48 愛知県|49 愛知県|50 岐阜県|51 三重県|52 滋賀県|53 大阪府|54 大阪府|55 大阪府
56 大阪府|57 大阪府|58 大阪府|59 大阪府|60 京都府|61 京都府|62 京都府|63 奈良県|64 和歌山県|65 兵庫県|66 兵庫県|67 兵庫県|68 鳥取県|69 島根県
70 岡山県|71 岡山県|72 広島県|73 広島県|74 山口県|75 山口県|76 香川県|77 徳島県|78 高知県|79 愛媛県|80 福岡県|81 福岡県|82 福岡県|83 福岡県
84 佐賀県|85 長崎県|86 熊本県|87 大分県|88 宮崎県|89 鹿児島県|90 沖縄県|91 福井県|92 石川県|93 富山県|94 新潟県|95 新潟県|96 福島県|97 福島県
98 宮城県|99 山形県
"""
_ACROSS_BORDERS = """
018 青森県|384 群馬県|389 新潟県|389 群馬県|431 愛知県|498 三重県|520 京都府|563 兵庫県|618 大阪府|630 京都府|630 三重県|647 三重県|647 奈良県
648 奈良県|684 島根県|811 長崎県|817 長崎県|839 大分県|871 福岡県|949 長野県|922 福井県|939 新潟県|979 宮城県|989 福島県|509 長野県|399 岐阜県
"""
"""Postal areas served from a neighbouring prefecture, by three digits; wide on purpose: a false alarm holds an order."""


def _allowed(table: str) -> str:
    """Return `|00北海道|01秋田県|…|` for one look-up by position."""
    entries = [entry.strip() for entry in table.replace("\n", "|").split("|") if entry.strip()]
    return "|" + "|".join(entry.replace(" ", "") for entry in entries) + "|"


TWO, THREE = _allowed(_BY_TWO_DIGITS), _allowed(_ACROSS_BORDERS)


def _literal(text: str) -> Value:
    return Value(text, output_field=TextField())


def looks_wrong(prefix: str) -> Q:
    """Return the Q for an address whose columns begin with `prefix`: a part is missing, or code and prefecture do not fit."""
    code = Replace(f"{prefix}postal_code", _literal("-"), _literal(""))

    def unknown(table: str, digits: int) -> Q:
        place = Concat(_literal("|"), Left(code, digits), f"{prefix}prefecture", _literal("|"), output_field=TextField())
        return Q(Exact(StrIndex(_literal(table), place), 0))

    missing = Q(**{f"{prefix}postal_code": ""}) | Q(**{f"{prefix}prefecture": ""}) | Q(**{f"{prefix}city": ""}) | Q(**{f"{prefix}street": ""})
    return missing | (unknown(TWO, 2) & unknown(THREE, 3))


def doubtful(postal_code: str, prefecture: str, city: str, street: str) -> bool:
    """Say the same of an address in hand."""
    if not (postal_code and prefecture and city and street):
        return True
    code = postal_code.replace("-", "")
    return f"|{code[:2]}{prefecture}|" not in TWO and f"|{code[:3]}{prefecture}|" not in THREE
