"""Mall blocks: one text in a fixed order, each code with a label and what frees it."""

import pytest
from django.utils import translation

from orders.blocks import BLOCKS, codes_in, reasons, to_text


def test_to_text_sorts_and_joins_each_code_once() -> None:
    assert to_text(["payment", "review", "payment"]) == "review payment"
    assert to_text([]) == ""


def test_to_text_refuses_a_word_that_is_no_block() -> None:
    with pytest.raises(KeyError, match="late"):
        to_text(["late"])


def test_reasons_are_the_gravest_first() -> None:
    assert [block.code for block in reasons(to_text(["amount", "cancelled"]))] == ["cancelled", "amount"]
    assert codes_in("") == ()


def test_every_block_says_what_it_is_and_what_frees_it() -> None:
    with translation.override("ja"):
        for block in BLOCKS.values():
            assert str(block.label)
            assert str(block.freed_by).endswith("。")
    assert [block.code for block in BLOCKS.values() if block.final] == ["cancelled"]
