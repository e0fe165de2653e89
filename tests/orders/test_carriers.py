"""Carriers: numbers as typed, pasted and scanned, check digits, tracking pages."""

import pytest

from orders.carriers import CARRIERS, clean_number, label_of, number_looks_wrong, tracking_page


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("4000-0000-0006", "400000000006"),
        (" ４０００－００００－０００６ ", "400000000006"),
        ("a400000000006d", "400000000006"),
        ("4000 0000 0006\n", "400000000006"),
        ("ABC123d", "ABC123d"),
        ("", ""),
    ],
)
def test_clean_number_brings_it_to_its_bare_form(typed: str, bare: str) -> None:
    assert clean_number(typed) == bare


def test_number_looks_wrong_by_check_digit_and_length() -> None:
    right = f"40000000123{40000000123 % 7}"

    assert not number_looks_wrong("yamato", right)
    assert number_looks_wrong("yamato", right[:-1] + "9")
    assert number_looks_wrong("sagawa", right[:-1])
    assert number_looks_wrong("yamato", "4.00E+11")
    assert not number_looks_wrong("other", "anything")


def test_tracking_page_holds_the_bare_number() -> None:
    assert tracking_page("sagawa", "4000-0000-0006").endswith("okurijoNo=400000000006")


@pytest.mark.parametrize("number", ["", "1&x=2", "<script>", "１２３あ"])
def test_tracking_page_takes_nothing_but_letters_and_digits(number: str) -> None:
    assert tracking_page("yamato", number) == ""


def test_tracking_page_of_a_carrier_without_one_is_empty() -> None:
    assert tracking_page("tonami", "123") == ""
    assert tracking_page("no such carrier", "123") == ""


def test_every_carrier_has_its_own_word_and_label() -> None:
    assert len({carrier.label for carrier in CARRIERS.values()}) == len(CARRIERS)
    assert all(code == carrier.code for code, carrier in CARRIERS.items())
    assert label_of("yamato") == "ヤマト運輸"
    assert label_of("something new") == "something new"
