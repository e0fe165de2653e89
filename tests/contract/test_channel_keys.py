"""The laws of a mall's adapter when its key is refused, and the live test of a key."""

import pytest

from hub.effects.outcomes import NotDone
from orders.channels import MallBlind, MallOrder
from tests.contract.channel_bench import Stand
from tests.contract.channel_calls import HALF_HOUR, can, needs, write


@pytest.mark.feature("F025")
@pytest.mark.parametrize("key", ["wrong", "expired"])
def test_refused_key_is_blind_in_every_shape(stand: Stand, key: str) -> None:
    placed = stand.bench.place()
    adapter = stand.make(key=key)

    for shape in stand.bench.refusal_shapes():
        stand.bench.refuse_as(shape)
        with pytest.raises(MallBlind) as blind:
            adapter.fetch(numbers=placed)
        assert blind.value.reason in {"wrong_key", "expired"}


@pytest.mark.parametrize("call", ["confirm", "report", "cancel"])
def test_writing_with_a_refused_key_is_surely_not_done(stand: Stand, call: str) -> None:
    needs(stand, call)
    outcome = write(stand, call, stand.make(key="wrong"))

    assert isinstance(outcome, NotDone)
    assert (outcome.line, outcome.blind) == (True, True)


def test_function_that_is_off_is_told_from_a_wrong_key(stand: Stand) -> None:
    placed = stand.bench.place()
    stand.bench.switch_off("list")

    with pytest.raises(MallBlind) as blind:
        stand.adapter.list_orders(since=stand.bench.now() - HALF_HOUR, until=stand.bench.now())

    assert blind.value.reason == "not_switched_on"
    assert isinstance(stand.adapter.fetch(numbers=placed)[0], MallOrder)


def test_live_test_of_a_good_key_passes_and_names_the_account(stand: Stand) -> None:
    stand.bench.place()
    stand.bench.pass_minutes(1)
    before = {call: stand.bench.requests(call) for call in ("confirm", "report", "cancel")}

    result = stand.adapter.test()

    assert result.passed, result
    assert result.account == stand.bench.account
    assert result.key_expires_at is None or result.key_expires_at > stand.bench.now()
    asked = {call for call, count in before.items() if stand.bench.requests(call) > count}
    assert asked == {call for call in before if can(stand, call)}


def test_live_test_changes_nothing(stand: Stand) -> None:
    numbers = stand.bench.place(n=2)
    stand.bench.make_ready(numbers[1])
    confirmed = [stand.bench.confirmations(number) for number in numbers]

    stand.adapter.test()

    assert [stand.bench.confirmations(number) for number in numbers] == confirmed
    assert [stand.bench.cancellations(number) for number in numbers] == [[], []]
    assert [stand.bench.shipments(number) for number in numbers] == [[], []]


@pytest.mark.parametrize("call", ["list", "fetch", "confirm", "report", "cancel"])
def test_live_test_says_which_function_is_off(stand: Stand, call: str) -> None:
    needs(stand, call)
    stand.bench.place()
    every = {test.function for test in stand.adapter.test().functions}
    stand.bench.switch_off(call)

    result = stand.adapter.test()

    off = {test.function for test in result.functions if test.result == "not_switched_on"}
    assert len(off) == 1
    assert {test.function for test in result.functions if test.result == "allowed"} == every - off
    assert not result.passed


@pytest.mark.parametrize("key", ["wrong", "expired"])
def test_live_test_of_a_refused_key_allows_nothing(stand: Stand, key: str) -> None:
    result = stand.make(key=key).test()

    assert not result.passed
    assert {test.result for test in result.functions} <= {"wrong_key", "expired"}


def test_live_test_over_a_dead_line_has_no_answer(stand: Stand) -> None:
    result = stand.make(unreachable=True).test()

    assert {test.result for test in result.functions} == {"no_answer"}
