"""The hub's words for carriers, their labels and tracking pages, and what a tracking number looks like.

Adapters translate a mall's or warehouse's own codes to these words. Addresses of tracking pages change: they are data,
here only.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A carrier. `tracking_page` has one `{number}`; empty if the carrier has no page that takes one in its address."""

    code: str
    label: str
    tracking_page: str = ""
    digits: int = 0  # length of an ordinary number; 0: not known
    has_numbers: bool = True  # false: a parcel may go without one
    mod7: bool = False  # the last digit is the rest of the others divided by 7

    @property
    def words(self) -> str | Promise:
        """The name as the reader of a screen reads it: names of companies stay as they are, *other* is a word of the program."""
        return pgettext_lazy("carrier", "その他") if self.code == OTHER else self.label


_YAMATO = "https://toi.kuronekoyamato.co.jp/cgi-bin/tneko?number00=1&number01={number}"
_SAGAWA = "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={number}"
_JAPAN_POST = "https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={number}&locale=ja"
_FUKUYAMA = "https://corp.fukutsu.co.jp/situation/tracking_no_hunt.html?tracking_no={number}"

CARRIERS: dict[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        Carrier(code="yamato", label="ヤマト運輸", tracking_page=_YAMATO, digits=12, mod7=True),
        Carrier(code="yamato_yu_packet", label="クロネコゆうパケット", tracking_page=_YAMATO, digits=12),
        Carrier(code="sagawa", label="佐川急便", tracking_page=_SAGAWA, digits=12, mod7=True),
        Carrier(code="japan_post", label="日本郵便", tracking_page=_JAPAN_POST, digits=12),
        Carrier(code="japan_post_rsl", label="日本郵便 楽天倉庫出荷", tracking_page=_JAPAN_POST, digits=12),
        Carrier(
            code="seino",
            label="西濃運輸",
            tracking_page="https://track.seino.co.jp/kamotsu/GempyoNoShokai.do",
            digits=10,
        ),
        Carrier(code="seino_super_express", label="セイノースーパーエクスプレス"),
        Carrier(code="fukuyama", label="福山通運", tracking_page=_FUKUYAMA),
        Carrier(code="meitetsu", label="名鉄運輸"),
        Carrier(code="meitetsu_nx", label="名鉄NX運輸"),
        Carrier(code="tonami", label="トナミ運輸"),
        Carrier(code="daiichi", label="第一貨物"),
        Carrier(code="niigata", label="新潟運輸"),
        Carrier(code="chuetsu", label="中越運送"),
        Carrier(code="okayama", label="岡山県貨物運送"),
        Carrier(code="kurume", label="久留米運送"),
        Carrier(code="sanyo", label="山陽自動車運送"),
        Carrier(code="nx_transport", label="NXトランスポート"),
        Carrier(code="nippon_express", label="日本通運"),
        Carrier(code="ecohai", label="エコ配"),
        Carrier(code="ems", label="EMS", tracking_page=_JAPAN_POST),
        Carrier(code="dhl", label="DHL"),
        Carrier(code="fedex", label="FedEx"),
        Carrier(code="ups", label="UPS"),
        Carrier(code="tnt", label="TNT"),
        Carrier(code="ocs", label="OCS"),
        Carrier(code="usps", label="USPS"),
        Carrier(code="sf", label="SFエクスプレス"),
        Carrier(code="aramex", label="Aramex"),
        Carrier(code="sgh", label="SGHグローバル・ジャパン"),
        Carrier(code="rakuten_express", label="Rakuten EXPRESS"),
        Carrier(code=OTHER, label="その他", has_numbers=False),
    )
}

_HYPHENS = dict.fromkeys(map(ord, "-‐‑‒–—―ー−－ 　\t\r\n"))


def label_of(code: str) -> str:
    """Return the Japanese name, as mails to buyers say it, or the word itself where it is not ours; empty for none."""
    carrier = CARRIERS.get(code)
    return carrier.label if carrier else code


def said(code: str) -> str:
    """Return the name as the reader of a screen reads it, or the word itself where it is not ours; empty for none."""
    carrier = CARRIERS.get(code)
    return str(carrier.words) if carrier else code


def tracking_page(code: str, number: str) -> str:
    """Return the address of the carrier's page for this number, or an empty text."""
    carrier = CARRIERS.get(code)
    cleaned = clean_number(number)
    if carrier is None or not carrier.tracking_page or not cleaned.isascii() or not cleaned.isalnum():
        return ""
    return carrier.tracking_page.replace("{number}", cleaned)


def clean_number(text: str) -> str:
    """Bring a typed, pasted or scanned number to its bare form: half width, no hyphens or blanks, no bar code guards.

    A scanner reads the NW-7 start and stop letters a to d along with the digits.
    """
    bare = unicodedata.normalize("NFKC", text).translate(_HYPHENS)
    if len(bare) > 2 and bare[0] in "abcdABCD" and bare[-1] in "abcdABCD" and bare[1:-1].isdigit():
        return bare[1:-1]
    return bare


def number_looks_wrong(code: str, number: str) -> bool:
    """Say whether a number has the wrong length or check digit for its carrier. A reason to warn, never to refuse.

    One in seven random numbers passes, and private ranges and branch labels exist that fail.
    """
    carrier = CARRIERS.get(code)
    cleaned = clean_number(number)
    if carrier is None or not carrier.digits:
        return False
    if not cleaned.isascii() or not cleaned.isdigit() or len(cleaned) != carrier.digits:
        return True
    return carrier.mod7 and int(cleaned[:-1]) % 7 != int(cleaned[-1])
