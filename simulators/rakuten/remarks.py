"""The texts that buyers leave in an order's remarks (備考), with the block of the wished date before them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from simulators.rakuten.formats import show_day

if TYPE_CHECKING:
    from simulators.rakuten.generate import Draft

FREE = (
    "不在が多いので、前日にお電話をください。",
    "領収書を同封してください。宛名は「サンプル商事」でお願いします。",
    "プレゼント用なので金額の分かるものは入れないでください。",
    "前回、箱がつぶれていました。緩衝材を多めにお願いします。",
    "できれば10日より前に届けてください。",
)
HARMLESS = (("メールマガジンの配信", "希望しない"), ("ご注文内容のご確認", "確認しました"))
LABELS = ("ご要望", "のし名入れ")
LONG_SENTENCE = "いつもお世話になっております。先日の商品がとても良かったので、親戚にも贈りたいと思い注文しました。"


def block(day: str | None = None, time: str = "") -> str:
    """Write the first section: header, wished day or blank, time or blank."""
    shown = show_day(date.fromisoformat(day)) if day else ""
    return f"[配送日時指定:]\n{shown}\n{time}\n"


def show_term(term: int | None) -> str:
    """Write a time slot as the remarks do."""
    if term in (None, 0):
        return ""
    words = {1: "午前中", 2: "午後", 9: "その他"}
    return words.get(term or 0) or f"{(term or 0) // 100}:00-{(term or 0) % 100}:00"


def free(draft: Draft) -> str:
    """A free text that a person has to read."""
    return block() + draft.dice.choice(FREE) + "\n"


def harmless(_: Draft) -> str:
    """Labelled answers that ask nothing of the shop."""
    return block() + "".join(f"[{label}:]\n{answer}\n" for label, answer in HARMLESS)


def empty_labels(_: Draft) -> str:
    """Labelled sections that the buyer left empty."""
    return block() + "".join(f"[{label}:]\n\n" for label in LABELS)


def long(draft: Draft) -> str:
    """A text of several thousand characters."""
    return block() + LONG_SENTENCE * draft.dice.randint(60, 120) + "\n"
