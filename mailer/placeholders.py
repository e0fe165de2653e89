"""The words a mail template may use, and the one way they are filled in: replaced once, values never read again (promise G32)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PATTERN = re.compile(r"\{([a-z_]{1,40})\}")
MEANT = re.compile(r"\{+[ 　]*(\w[^{}\n]{0,39}?)[ 　]*\}+")
"""What may be meant as a placeholder: {order_nunber}, {受注番号}, {{ lines }}."""

WORDS: Mapping[str, Promise] = {
    "order_number": _("受注番号"),
    "ordered_on": _("注文日"),
    "shop_name": _("ショップ名"),
    "mall_name": _("モール名"),
    "buyer_name": _("注文者名"),
    "lines": _("注文商品（商品名・選択肢・数量・金額）"),
    "recipients": _("届け先（お名前と住所、個口ごと）"),
    "wish": _("お届け希望日時"),
    "payment": _("支払方法"),
    "pay_due_on": _("支払期限"),
    "delivery": _("配送方法"),
    "subtotal_yen": _("商品合計"),
    "postage_yen": _("送料"),
    "fee_yen": _("決済手数料"),
    "coupon_yen": _("クーポン割引"),
    "points_yen": _("ポイント利用"),
    "total_yen": _("請求金額"),
    "shipped_on": _("発送日"),
    "carrier": _("運送会社"),
    "tracking_number": _("送り状番号"),
    "tracking_url": _("配送状況のページ"),
    "shipments": _("発送内容（個口ごとの運送会社・番号・ページ）"),
    "signature": _("ショップの署名"),
}


@dataclass(frozen=True, kw_only=True)
class UnknownWord:
    """A word in braces that no order can fill: where it starts (line and column from 1) and what it says."""

    word: str
    position: int
    line: int
    column: int


def _is_unknown(found: re.Match[str]) -> bool:
    """Say whether a word was meant here that is not filled in: an unknown one, one in Japanese, or one of WORDS written otherwise."""
    if exact := PATTERN.fullmatch(found[0]):
        return exact[1] not in WORDS
    return not found[1].isascii() or found[1].lower() in WORDS


def unknown_words(text: str) -> list[UnknownWord]:
    """Return every placeholder of the text that is not one of WORDS as it must be written: the buyer would read it as it stands."""
    return [
        UnknownWord(
            word=found[0][1:-1],
            position=found.start(),
            line=text.count("\n", 0, found.start()) + 1,
            column=found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1,
        )
        for found in MEANT.finditer(text)
        if _is_unknown(found)
    ]


def words_of(text: str) -> set[str]:
    """Return the known words that a text uses."""
    return {found[1] for found in PATTERN.finditer(text)} & WORDS.keys()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each known word once. A value that looks like a word stays text; an unknown word stays as it was written."""
    return PATTERN.sub(lambda found: values.get(found[1], found[0]), text)


_LINE_ENDS = frozenset({"Zl", "Zp", "Cc", "Cs"})


def header(text: str) -> str:
    """Make a text fit for a mail header: line ends and control characters become one blank, so that nothing can be added."""
    kept = "".join(" " if unicodedata.category(sign) in _LINE_ENDS else sign for sign in text)
    return " ".join(kept.split())


def body(text: str) -> str:
    """Make a text fit for a mail's body: one kind of line end, no control characters but tabs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        "".join(s for s in line if s == "\t" or unicodedata.category(s) not in ("Cc", "Cs")) for line in lines
    )
