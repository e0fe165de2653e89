"""Bring an address to the form in which spellings of one place are equal. For comparing only: never print a folded text.

Widths, kana, old and new characters, ヶ/ケ/が, ノ/之/の, kanji numerals, 丁目, 条, dashes and blanks (japan.md 1.3, 1.4).
"""

from __future__ import annotations

import re
import unicodedata

_SAME = (
    "ケヶヵガが箇个", "ツッ", "ノ之乃", "竜龍", "沢澤", "島嶋嶌", "条條", "桜櫻", "斉齊斎齋", "辺邊邉", "浜濱濵",
    "館舘", "薮藪籔", "曽曾", "桧檜", "壺壷", "鯵鰺", "滝瀧", "広廣", "国國", "真眞", "静靜", "県縣", "会會", "来來",
    "渋澁", "淵渕", "崎﨑嵜碕", "高髙", "富冨", "峰峯", "塩鹽", "鉄鐵", "関關", "豊豐", "栄榮", "恵惠", "徳德",
    "蛍螢", "団團", "円圓", "宝寶", "寿壽", "実實", "学學", "蔵藏", "戸戶", "青靑", "清淸", "黒黑", "野埜", "槙槇",
    "釜竈竃", "芦蘆", "万萬", "鶴靍", "柳栁", "桑桒", "吉𠮷", "土圡", "巌巖", "霊靈", "剣劔劒", "栃杤", "狭狹",
    "駅驛", "諫諌", "頸頚", "掛懸", "鴎鷗", "麹麴", "篭籠", "蝋蠟", "祇祗", "厳嚴",
)  # fmt: skip
_DASHES = "-‐‑‒–—―−－ｰ─━﹣⁃˗"
_DROPPED = " 　\u00a0\t\r\n\u200b\u3000「」『』（）()［］[],，、．"


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for code in range(0xFF01, 0xFF5F):
        table[code] = chr(code - 0xFEE0)
    for code in range(0x3041, 0x3097):  # hiragana to katakana
        table[code] = chr(code + 0x60)
    for code in range(0xF900, 0xFAD9):  # compatibility ideographs
        normal = unicodedata.normalize("NFKC", chr(code))
        if normal != chr(code):
            table[code] = normal
    table.update(
        {
            ord(small): large
            for small, large in zip("ァィゥェォャュョヮぁぃぅぇぉゃゅょゎ", "アイウエオヤユヨワ" * 2, strict=True)
        }
    )
    table.update({ord("っ"): "ツ", ord("つ"): "ツ", ord("の"): "ノ"})
    table.update({ord(other): same[0] for same in _SAME for other in same[1:]})
    table.update(dict.fromkeys(map(ord, _DASHES), "-"))
    table.update(dict.fromkeys(map(ord, _DROPPED), None))
    table.update(dict.fromkeys(range(0xFE00, 0xFE10)))
    table.update(dict.fromkeys(range(0xE0100, 0xE01F0)))
    return table


_TABLE = _table()
_DIGIT = {sign: n for n, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "壱": 1, "弐": 2, "参": 3}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile("[〇零一二三四五六七八九十百千壱弐参]+")
_MARKS = re.compile("丁目|大字|条|ー")
_APART = re.compile("[\uff66-\uff9f\u3099\u309a]")  # half-width kana and loose voicing marks: two signs for one
_GAP = re.compile(r"(?<=[\d一二三四五六七八九十])[ 　]+(?=\d)")
_BETWEEN = re.compile(r"(?<=\d)ー")
_JO_END = re.compile(r"(?<=\d)条(?!\d)")
_JO = re.compile(r"(?<=\d)条(?=\d)")


def fold(text: str) -> str:
    """Return the key of an address or a part of one."""
    if " " in text or "　" in text:
        text = _GAP.sub("-", text)
    if _APART.search(text):
        text = unicodedata.normalize("NFKC", text)
    folded = text.translate(_TABLE)
    folded = _NUMERAL.sub(_number, folded)
    if _MARKS.search(folded):
        folded = folded.replace("丁目", "丁").replace("大字", "")
        folded = _JO.sub("丁", _JO_END.sub("", _BETWEEN.sub("-", folded)))
    return folded


def _number(found: re.Match[str]) -> str:
    value = _value(found[0])
    return f"{value}-" if found.string[found.end() : found.end() + 1].isdigit() else value


def _value(signs: str) -> str:
    if len(signs) == 1:
        return str(_DIGIT[signs]) if signs in _DIGIT else str(_UNIT[signs])
    if not any(sign in _UNIT for sign in signs):
        return "".join(str(_DIGIT[sign]) for sign in signs)
    total = part = 0
    for sign in signs:
        if sign in _DIGIT:
            part = part * 10 + _DIGIT[sign]
        else:
            total += (part or 1) * _UNIT[sign]
            part = 0
    return str(total + part)
