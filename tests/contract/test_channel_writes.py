"""The laws of a mall's adapter when it writes: nothing done twice unseen, a lost answer is no answer, one slot a call."""

import pytest

from hub.effects.outcomes import NotDone, Receipt, Refused, Unsure
from orders.channels import Ability, CancelReason
from orders.models.orders import MallState
from tests.contract.channel_bench import Stand
from tests.contract.channel_calls import SHIPPED_ON, able, look, needs, place, ready_order, report_for, reported, write

PACES = {"report", "cancel", "confirm", "intake", "reread", "reconcile"}


@pytest.mark.feature("F025")
def test_confirm_answers_for_each_order(stand: Stand) -> None:
    able(stand, Ability.CONFIRM)
    new, (open_amount,) = stand.bench.place(n=2), place(stand, "open_amount")

    outcomes = stand.adapter.confirm(numbers=[*new, open_amount])

    assert {number: type(outcome) for number, outcome in outcomes.items()} == {
        new[0]: Receipt, new[1]: Receipt, open_amount: Refused,
    }  # fmt: skip
    refused = outcomes[open_amount]
    assert isinstance(refused, Refused)
    assert refused.reason == "amount_open"
    assert refused.detail
    assert [stand.bench.confirmations(number) for number in (*new, open_amount)] == [1, 1, 0]


def test_confirming_again_is_refused_as_moved_and_look_tells(stand: Stand) -> None:
    able(stand, Ability.CONFIRM)
    (number,) = stand.bench.place()
    stand.adapter.confirm(numbers=[number])

    again = stand.adapter.confirm(numbers=[number])[number]

    assert isinstance(again, Refused)
    assert again.reason == "already_moved"
    assert look(stand, number).state != MallState.NEW
    assert stand.bench.confirmations(number) == 1


@pytest.mark.feature("F025")
def test_reported_rows_are_seen_by_look(stand: Stand) -> None:
    order = ready_order(stand)

    outcome = stand.adapter.report_shipment(report=report_for(order, "400000000006", "400000000017"))

    assert isinstance(outcome, Receipt)
    rows = reported(look(stand, order.number))
    assert [(row.carrier, row.number, row.shipped_on) for row in rows] == [
        ("yamato", "400000000006", SHIPPED_ON), ("yamato", "400000000017", SHIPPED_ON),
    ]  # fmt: skip
    assert len({row.row_key for row in rows} - {""}) == 2


def test_reported_again_by_row_is_one_shipment(stand: Stand) -> None:
    order = ready_order(stand)
    stand.adapter.report_shipment(report=report_for(order, "400000000006"))
    (row,) = reported(look(stand, order.number))

    outcome = stand.adapter.report_shipment(report=report_for(order, "400000000017", row_keys=(row.row_key,)))

    assert isinstance(outcome, Receipt)
    assert stand.bench.shipments(order.number) == [("400000000017", SHIPPED_ON.isoformat())]


def test_report_of_a_cancelled_order_is_refused_in_the_malls_words(stand: Stand) -> None:
    able(stand, Ability.CANCEL)
    order = ready_order(stand)
    stand.adapter.cancel(number=order.number, reason=CancelReason.CUSTOMER_CANCEL, restock=True)
    stand.bench.pass_minutes(60)

    outcome = stand.adapter.report_shipment(report=report_for(order, "400000000006"))

    assert isinstance(outcome, Refused)
    assert outcome.reason == "cancelled"
    assert outcome.detail


@pytest.mark.feature("F025")
def test_cancelled_order_is_seen_by_look(stand: Stand) -> None:
    able(stand, Ability.CANCEL)
    (number,) = stand.bench.place()

    outcome = stand.adapter.cancel(number=number, reason=CancelReason.OUT_OF_STOCK, restock=True)
    stand.bench.pass_minutes(60)

    assert isinstance(outcome, Receipt)
    assert look(stand, number).state == MallState.CANCELLED
    assert len(stand.bench.cancellations(number)) == 1


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled", "cut"])
@pytest.mark.parametrize("call", ["confirm", "report", "cancel"])
def test_write_without_a_usable_answer_is_unsure(stand: Stand, call: str, how: str) -> None:
    needs(stand, call)
    stand.bench.misbehave(call, how)

    assert isinstance(write(stand, call), Unsure)


@pytest.mark.parametrize(("how", "happened"), [("lost", True), ("garbled", True), ("silent", False), ("error", False)])
def test_look_after_a_lost_answer_tells_the_truth(stand: Stand, how: str, happened: bool) -> None:
    order = ready_order(stand)
    stand.bench.misbehave("report", how)

    outcome = stand.adapter.report_shipment(report=report_for(order, "400000000006"))

    assert isinstance(outcome, Unsure)
    assert [row.number for row in reported(look(stand, order.number))] == ["400000000006"] * happened


@pytest.mark.parametrize("call", ["confirm", "report", "cancel"])
def test_write_to_a_busy_mall_is_not_done(stand: Stand, call: str) -> None:
    needs(stand, call)
    stand.bench.misbehave(call, "busy")

    outcome = write(stand, call)

    assert isinstance(outcome, NotDone)
    assert (outcome.line, outcome.blind, outcome.retry_after) == (True, False, 7.0)


@pytest.mark.parametrize("call", ["confirm", "report", "cancel"])
def test_write_over_a_dead_line_is_not_done(stand: Stand, call: str) -> None:
    needs(stand, call)
    outcome = write(stand, call, stand.make(unreachable=True))

    assert isinstance(outcome, NotDone)
    assert outcome.line


@pytest.mark.parametrize("call", ["confirm", "report", "cancel"])
def test_write_takes_one_slot_of_its_class_immediately_before_its_call(stand: Stand, call: str) -> None:
    """The delivery marks the effect while the pace is waited for, so one slot is one request, and nothing else is."""
    needs(stand, call)
    asked: list[tuple[str, int]] = []
    wait = stand.pace.wait

    def note(klass: str) -> None:
        asked.append((klass, stand.bench.requests(call)))
        wait(klass)

    stand.pace.wait = note  # type: ignore[method-assign]
    write(stand, call)

    assert asked[-1] == (call, 0)
    assert stand.bench.requests(call) == 1
    assert set(stand.pace.classes) <= PACES


def test_reading_takes_the_slot_of_its_class(stand: Stand) -> None:
    placed = stand.bench.place()

    stand.adapter.fetch(numbers=placed)
    stand.adapter.reading_class = "reread"
    stand.adapter.fetch(numbers=placed)
    stand.adapter.look(numbers=placed)

    assert stand.pace.classes == ["intake", "reread", "report"]
