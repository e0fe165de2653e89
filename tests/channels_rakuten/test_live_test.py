"""The live test: what can be told from all answers together."""

import httpx

from tests.channels_rakuten.wires import ES04, EXPIRY, LEGACY_401, Canned, answer, message, messages

NAMES = [
    "license.expiryDate.get", "rpay.order.searchOrder", "rpay.order.getOrder", "rpay.order.confirmOrder",
    "rpay.order.updateOrderShipping", "rpay.order.cancelOrder",
]  # fmt: skip
MISSING = messages(message("CANCEL_ORDER_ERROR_009"), status=400)


def results(mall: Canned) -> dict[str, str]:
    return {test.function: test.result for test in mall.adapter.test().functions}


def test_functions_are_named_as_rms_names_them() -> None:
    assert list(results(Canned(answer(EXPIRY), MISSING))) == NAMES


def test_all_refused_alike_is_a_wrong_key() -> None:
    assert set(results(Canned(answer(LEGACY_401, 401))).values()) == {"wrong_key"}


def test_all_refused_as_bad_requests_is_a_key_not_active_yet() -> None:
    assert set(results(Canned(answer(ES04, 400))).values()) == {"not_active_yet"}


def test_one_allowed_function_makes_the_refused_ones_switched_off() -> None:
    found = results(Canned(answer(LEGACY_401, 401), MISSING, answer(ES04, 400), MISSING))

    assert [name for name, result in found.items() if result == "not_switched_on"] == [NAMES[0], NAMES[2]]
    assert list(found.values()).count("allowed") == 4


def test_last_moment_that_has_passed_is_expired() -> None:
    mall = Canned(answer(EXPIRY, Timestamp="2026-11-29T00:00:00"), answer(LEGACY_401, 401))

    found = mall.adapter.test()

    assert [test.result for test in found.functions] == ["allowed"] + ["expired"] * 5
    assert found.key_expires_at is not None
    assert found.key_expires_at.isoformat() == "2026-11-28T23:59:59+09:00"
    assert not found.passed


def test_without_an_order_the_account_is_told_by_the_keys() -> None:
    assert Canned(answer(EXPIRY), MISSING).adapter.test().account == "400001"


def test_silence_is_no_answer_with_its_cause() -> None:
    found = Canned(answer(EXPIRY), httpx.ReadTimeout("x")).adapter.test()

    assert [test.result for test in found.functions] == ["allowed"] + ["no_answer"] * 5
    assert found.functions[1].detail == "ReadTimeout"


def test_requests_are_harmless() -> None:
    mall = Canned(answer(EXPIRY), MISSING)

    mall.adapter.test()

    assert [mall.sent(index) for index in (3, 4, 5)] == [{"orderNumberList": []}, {}, {}]
    assert set(mall.pace.classes) == {"intake"}


def test_what_a_wrong_key_says_of_itself_is_not_believed() -> None:
    assert Canned(answer(LEGACY_401, 401)).adapter.test().account == ""
