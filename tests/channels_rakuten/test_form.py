"""The credentials form: blanks and full width mended, the rest refused."""

import pytest
from django.utils import translation

from channels_rakuten.form import RakutenCredentialsForm, shop_id_in


def form(**values: str) -> RakutenCredentialsForm:
    return RakutenCredentialsForm({"service_secret": "SP400001_a", "license_key": "SL400001_b", **values})


def test_blanks_and_full_width_letters_of_a_paste_are_mended() -> None:
    filled = form(service_secret=" SP400001_a\u3000", license_key="ＳＬ400001_b\n")

    assert filled.is_valid()
    assert filled.cleaned_data == {"service_secret": "SP400001_a", "license_key": "SL400001_b"}


@pytest.mark.parametrize("value", ["", "SL 400001_b", "キー", "a:b"])
def test_odd_key_is_refused(value: str) -> None:
    filled = form(license_key=value)

    assert not filled.is_valid()
    assert list(filled.errors) == ["license_key"]


def test_secrets_are_never_written_back_into_the_page() -> None:
    with translation.override("ja"):
        page = form().as_p()

    assert "SP400001_a" not in page
    assert "SL400001_b" not in page
    assert "アイ" in page


def test_shop_id_is_read_from_a_key_of_the_usual_form() -> None:
    assert [shop_id_in(key) for key in ("SP400001_x", "SL12_y", "XX1_", "")] == ["400001", "12", "", ""]
