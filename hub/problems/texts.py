"""Text: the words of one code, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Text:
    """What happened (`ja`, `en`) and what to do (`do_ja`, `do_en`). `{name}` stands for a parameter."""

    ja: str
    en: str
    do_ja: str = ""
    do_en: str = ""

    def title(self, language: str) -> str:
        return self.en if language == "en" else self.ja

    def advice(self, language: str) -> str:
        return self.do_en if language == "en" else self.do_ja


def text(ja: str, en: str, do_ja: str = "", do_en: str = "") -> Text:
    """Write a text in the order ja, en, what to do ja, what to do en."""
    return Text(ja=ja, en=en, do_ja=do_ja, do_en=do_en)
