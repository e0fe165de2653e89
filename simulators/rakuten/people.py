"""Invented buyers and recipients with names, kana, addresses and phones that are real in form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "postal.tsv"
FAMILY = [
    pair.split("/")
    for pair in [
        "佐藤/サトウ",
        "鈴木/スズキ",
        "高橋/タカハシ",
        "田中/タナカ",
        "伊藤/イトウ",
        "渡辺/ワタナベ",
        "山本/ヤマモト",
        "中村/ナカムラ",
        "小林/コバヤシ",
        "加藤/カトウ",
        "吉田/ヨシダ",
        "山田/ヤマダ",
        "佐々木/ササキ",
        "山口/ヤマグチ",
        "松本/マツモト",
        "井上/イノウエ",
        "木村/キムラ",
        "林/ハヤシ",
        "斎藤/サイトウ",
        "清水/シミズ",
        "山崎/ヤマザキ",
        "森/モリ",
        "池田/イケダ",
        "橋本/ハシモト",
        "阿部/アベ",
        "石川/イシカワ",
        "山下/ヤマシタ",
        "中島/ナカジマ",
        "石井/イシイ",
        "小川/オガワ",
        "前田/マエダ",
        "岡田/オカダ",
        "長谷川/ハセガワ",
        "藤田/フジタ",
        "後藤/ゴトウ",
        "近藤/コンドウ",
        "村上/ムラカミ",
        "遠藤/エンドウ",
        "青木/アオキ",
        "坂本/サカモト",
        "福田/フクダ",
        "太田/オオタ",
        "西村/ニシムラ",
        "藤井/フジイ",
        "岡本/オカモト",
        "三浦/ミウラ",
        "金子/カネコ",
        "中野/ナカノ",
        "原田/ハラダ",
        "松田/マツダ",
        "竹内/タケウチ",
        "上田/ウエダ",
        "安藤/アンドウ",
        "河野/コウノ",
        "大野/オオノ",
        "菊地/キクチ",
        "工藤/クドウ",
        "新井/アライ",
        "比嘉/ヒガ",
        "金城/キンジョウ",
    ]
]
GIVEN = [
    triple.split("/")
    for triple in [
        "陽子/ヨウコ/女",
        "美咲/ミサキ/女",
        "由美/ユミ/女",
        "恵子/ケイコ/女",
        "真由美/マユミ/女",
        "さくら/サクラ/女",
        "結衣/ユイ/女",
        "愛/アイ/女",
        "久美子/クミコ/女",
        "千尋/チヒロ/女",
        "明美/アケミ/女",
        "直子/ナオコ/女",
        "優花/ユウカ/女",
        "和子/カズコ/女",
        "麻衣/マイ/女",
        "葵/アオイ/女",
        "健一/ケンイチ/男",
        "誠/マコト/男",
        "翔太/ショウタ/男",
        "大輔/ダイスケ/男",
        "拓也/タクヤ/男",
        "浩二/コウジ/男",
        "隆/タカシ/男",
        "達也/タツヤ/男",
        "修/オサム/男",
        "一郎/イチロウ/男",
        "蓮/レン/男",
        "悠斗/ユウト/男",
        "直樹/ナオキ/男",
        "博之/ヒロユキ/男",
        "和也/カズヤ/男",
        "慎太郎/シンタロウ/男",
    ]
]
SPECIAL_FAMILY = [
    ("髙﨑", "タカサキ"),
    ("𠮷田", "ヨシダ"),
    ("濵﨑", "ハマサキ"),
    ("德永", "トクナガ"),
    ("槗本", "ハシモト"),
]
BUILDINGS = (
    "コーポ桜",
    "メゾン青葉",
    "グランドハイツ緑",
    "サンライズ本町",
    "第二松風荘",
    "パークコート",
    "レジデンス花水木",
    "光マンション",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One postal code and what it stands for."""

    code: str
    prefecture: str
    city: str
    town: str
    has_chome: bool
    region: str  # island, okinawa or nothing


@cache
def places(region: str | None = None) -> tuple[Place, ...]:
    """Return the sample of postal codes, or those of one region."""
    found = []
    for line in FILE.read_text("utf-8").splitlines():
        code, prefecture, city, town, chome, where = line.split("\t")
        place = Place(code=code, prefecture=prefecture, city=city, town=town, has_chome=chome == "1", region=where)
        if region is None or place.region == region:
            found.append(place)
    return tuple(found)


def street(dice: Random, place: Place) -> str:
    """Write town, house number and sometimes a building, in the ways that buyers do."""
    if place.has_chome:
        number = f"{dice.randint(1, 6)}-{dice.randint(1, 30)}-{dice.randint(1, 20)}"
    else:
        number = (
            f"{dice.randint(10, 2999)}-{dice.randint(1, 12)}"
            if dice.random() < 0.7
            else f"{dice.randint(10, 2999)}番地"
        )
    text = place.town + number
    if dice.random() < 0.4:
        text += f" {dice.choice(BUILDINGS)}{dice.randint(1, 9)}0{dice.randint(1, 9)}" + dice.choice(("", "号室"))
    return text


def phone(dice: Random) -> dict[str, str]:
    """Return a mobile number of a range that is given to nobody."""
    return {"phoneNumber1": "090", "phoneNumber2": "0000", "phoneNumber3": f"{dice.randrange(10_000):04}"}


def address(dice: Random, region: str = "") -> dict[str, Any]:
    """Return the address part of a person's model."""
    place = dice.choice(places(region))
    return {
        "zipCode1": place.code[:3],
        "zipCode2": place.code[3:],
        "prefecture": place.prefecture,
        "city": place.city,
        "subAddress": street(dice, place),
    }


def name(dice: Random) -> dict[str, str]:
    """Return the name part of a person's model."""
    (family, family_kana), (given, given_kana, _) = dice.choice(FAMILY), dice.choice(GIVEN)
    return {
        "familyName": family,
        "firstName": given,
        "familyNameKana": family_kana,
        "firstNameKana": given_kana,
    }


def sex_of(given: str) -> str:
    """Return 男 or 女 of a given name of the list."""
    return next((sex for name_, _, sex in GIVEN if name_ == given), "女")


def orderer(dice: Random, region: str = "") -> dict[str, Any]:
    """Return an OrdererModel; its mail is masked as RMS masks it, under a domain that does not exist."""
    person = name(dice)
    mask = f"{dice.getrandbits(128):032x}s{dice.randrange(10)}"
    return {
        **address(dice, region),
        **person,
        **phone(dice),
        "emailAddress": f"{mask}@pc.fw.mall.example",
        "sex": sex_of(person["firstName"]),
        "birthYear": dice.randint(1945, 2005),
        "birthMonth": dice.randint(1, 12),
        "birthDay": dice.randint(1, 28),
    }


SENDER_KEYS = (
    "zipCode1", "zipCode2", "prefecture", "city", "subAddress", "familyName", "firstName", "familyNameKana",
    "firstNameKana", "phoneNumber1", "phoneNumber2", "phoneNumber3",
)  # fmt: skip


def sender_of(person: dict[str, Any], island: bool = False) -> dict[str, Any]:
    """Return the SenderModel (the recipient) of a person."""
    return {**{key: person[key] for key in SENDER_KEYS}, "isolatedIslandFlag": int(island)}


def awaited_sender() -> dict[str, Any]:
    """Return the stand-in of a social gift whose receiver has not typed an address yet."""
    texts = dict.fromkeys(("prefecture", "city", "subAddress", "familyName", "firstName"), "入力待ち")
    kana = dict.fromkeys(("familyNameKana", "firstNameKana"), "ニュウリョクマチ")
    phones = {"phoneNumber1": "999", "phoneNumber2": "9999", "phoneNumber3": "9999"}
    return {"zipCode1": "999", "zipCode2": "9999", **texts, **kana, **phones, "isolatedIslandFlag": 0}
