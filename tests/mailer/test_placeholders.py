"""Words in templates: unknown ones are located, known ones replaced once, values never read again."""

import pytest

from mailer import placeholders


def test_what_is_meant_as_a_word_but_never_filled_in_is_found() -> None:
    text = "{受注番号} {{order_number}} { lines } {Order_Number} {order_number} {} ｛笑｝ {\n}"

    assert [fault.word for fault in placeholders.unknown_words(text)] == [
        "受注番号", "{order_number}", " lines ", "Order_Number",
    ]  # fmt: skip


def test_unknown_word_is_named_with_its_place() -> None:
    [first, second] = placeholders.unknown_words("{buyer_name} 様\nこの{shop_secret}と {order_nunber}\n")

    assert (first.word, first.line, first.column) == ("shop_secret", 2, 3)
    assert (second.word, second.line, second.column) == ("order_nunber", 2, 18)
    assert second.position == "{buyer_name} 様\nこの{shop_secret}と {order_nunber}\n".index("{order_nunber")


def test_value_that_looks_like_a_word_stays_text() -> None:
    values = {"buyer_name": "{signature}{buyer_name}", "signature": "秘密"}

    assert placeholders.fill("{buyer_name} 様 {signature}", values) == "{signature}{buyer_name} 様 秘密"


@pytest.mark.parametrize(
    "text", ["{0}", "{buyer_name.__class__}", "{buyer_name!r}", "{Buyer}", "{{", "}{", "{" + "a" * 41 + "}"]
)
def test_nothing_else_in_braces_is_touched(text: str) -> None:
    assert placeholders.fill(text, {"buyer_name": "X"}) == text
    assert placeholders.unknown_words(text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("件名\r\nBcc: evil@example.com", "件名 Bcc: evil@example.com"),
        ("a\x00b\x1bc\x7fd", "a b c d"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("  髙橋　様  ", "髙橋 様"),
    ],
)
def test_header_value_cannot_add_a_line(text: str, wanted: str) -> None:
    assert placeholders.header(text) == wanted


def test_body_keeps_lines_and_drops_controls() -> None:
    assert placeholders.body("a\r\nb\rc\x07\td") == "a\nb\nc\td"
