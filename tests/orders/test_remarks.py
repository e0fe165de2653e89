"""What is left of a remark: twelve texts with their answers, and a few laws."""

import time

import pytest

from orders.remarks import remark_left

HARMLESS = ["希望しない", "ラッピング:なし", "領収書: 不要 "]

TWELVE = {
    "nothing at all": ("", ""),
    "nothing chosen": ("[配送日時指定:]\n\n\n", ""),
    "day and time": ("[配送日時指定:]\n2025-11-08(土)\n14:00-16:00\n", ""),
    "day only, then a wish": ("[配送日時指定:]\n2025-11-08(土)\n\n不在時は連絡をください\n", "不在時は連絡をください"),
    "time only, older spelling of windows": ("[配送日時指定:]\r\n\r\n午前中\r\n", ""),
    "older spelling of the day": (
        "[配送日時指定:]\n2018年01月23日（火）\n18時～20時\n門の前に置いてください",
        "門の前に置いてください",
    ),
    "no block, free text": ("のしの名前は山田でお願いします。", "のしの名前は山田でお願いします。"),
    "empty labelled sections": ("[配送日時指定:]\n\n\n[メッセージ:]\n\n[のし名入れ:]\n　\n", ""),
    "harmless answers": ("[配送日時指定:]\n\n\n[メルマガ:]\n希望しない\n[ラッピング:]\nなし\n[領収書:]\n不要\n", ""),
    "one answer that matters": (
        "[配送日時指定:]\n\n\n[メルマガ:]\n希望しない\n[のし名入れ:]\n内祝い 山田\n",
        "[のし名入れ:]\n内祝い 山田",
    ),
    "harmless answer of another label": ("[配送日時指定:]\n\n\n[のし:]\nなし\n", "[のし:]\nなし"),
    "the buyer's own words below the block": (
        "[配送日時指定:]\n2025-11-08(土)\n午前中\n午前中\n\n急ぎません\n[領収書:]\n宛名は株式会社見本\n",
        "午前中\n\n急ぎません\n[領収書:]\n宛名は株式会社見本",
    ),
}


@pytest.mark.feature("F062")
@pytest.mark.parametrize(("text", "left"), TWELVE.values(), ids=TWELVE.keys())
def test_remark_left_of_twelve_texts(text: str, left: str) -> None:
    assert remark_left(text, HARMLESS) == left


def test_free_text_is_never_harmless() -> None:
    assert remark_left("希望しない", HARMLESS) == "希望しない"
    assert remark_left("[配送日時指定:]\n\n\n希望しない", HARMLESS) == "希望しない"


def test_width_and_case_of_a_harmless_answer_do_not_count() -> None:
    assert remark_left("[メモ:]\nＮＯ Thanks", ["no thanks"]) == ""


def test_nothing_is_harmless_without_a_list() -> None:
    assert remark_left("[メルマガ:]\n希望しない", []) == "[メルマガ:]\n希望しない"


def test_empty_entries_of_the_list_match_nothing() -> None:
    assert remark_left("[メモ:]\nはい", ["", "  "]) == "[メモ:]\nはい"


def test_a_long_remark_is_kept_whole_and_read_quickly() -> None:
    text = "[配送日時指定:]\n\n\n" + "よろしくお願いします[。\n" * 25_000

    began = time.perf_counter()
    left = remark_left(text, HARMLESS)

    assert left == text.partition("\n\n\n")[2].strip()
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("text", ["[" * 100_000, "[配送日時指定:]\n" + "1" * 100_000, "\n" * 100_000, "[:]" * 50_000])
def test_odd_remarks_take_no_time(text: str) -> None:
    began = time.perf_counter()

    remark_left(text, HARMLESS)

    assert time.perf_counter() - began < 1
