"""The laws of a mall's adapter, over its simulator: nothing is lost, nothing done twice unseen, and nothing is guessed."""

import inspect
from datetime import date, timedelta

import pytest
from django.conf import settings

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from orders import blocks
from orders.carriers import CARRIERS
from orders.channels import (
    Ability,
    Absent,
    BadPayload,
    CancelReason,
    Channel,
    CredentialsForm,
    MallBlind,
    MallDown,
    MallOrder,
    MallTracking,
    ShipmentReport,
    TrackingRow,
    Unsupported,
    channel_class,
)  # fmt: skip
from orders.models.orders import MallState, PaymentMethod, PaymentState
from tests.contract.channel_bench import Stand

METHODS = ("account_of", "list_orders", "fetch", "look", "confirm", "report_shipment", "cancel", "test", "close")
PACES = {"report", "cancel", "confirm", "intake", "reread", "reconcile"}
HALF_HOUR = timedelta(minutes=30)
SHIPPED_ON = date(2026, 11, 24)


@pytest.fixture(params=sorted(settings.CHANNELS))
def stand(request: pytest.FixtureRequest) -> Stand:
    return Stand(request.param)


WRITES = {"confirm": Ability.CONFIRM, "report": Ability.REPORT_SHIPMENT, "cancel": Ability.CANCEL}


def able(stand: Stand, ability: Ability) -> None:
    if ability not in stand.adapter.abilities:
        pytest.skip(f"{stand.channel} cannot {ability.value}")


def can(stand: Stand, call: str) -> bool:
    """Say whether the mall has a call: all can be read, and written to as their abilities say."""
    return call not in WRITES or WRITES[call] in stand.adapter.abilities


def needs(stand: Stand, call: str) -> None:
    if not can(stand, call):
        pytest.skip(f"{stand.channel} cannot {call}")


def place(stand: Stand, kind: str, n: int = 1) -> list[str]:
    """Place orders of a kind that not every mall has."""
    if kind not in stand.bench.kinds:
        pytest.skip(f"{stand.channel} has no orders of the kind {kind}")
    return stand.bench.place(kind, n)


def look(stand: Stand, number: str) -> MallOrder:
    order = stand.adapter.look(numbers=[number])[number]
    assert isinstance(order, MallOrder)
    return order


def reported(order: MallOrder) -> list[MallTracking]:
    """Return the rows of the first parcel that hold a number: a mall with places for numbers also shows its empty ones."""
    return [row for row in order.parcels[0].tracking if row.number]


def report_for(order: MallOrder, *numbers: str, row_keys: tuple[str, ...] = ()) -> ShipmentReport:
    """Report numbers as the hub does: rows that are empty at the mall are filled first, then rows are added."""
    free = [row.row_key for row in order.parcels[0].tracking if not row.number]
    keys = row_keys or tuple([*free, *[""] * len(numbers)][: len(numbers)])
    rows = tuple(
        TrackingRow(carrier="yamato", number=number, shipped_on=SHIPPED_ON, row_key=key)
        for number, key in zip(numbers, keys, strict=True)
    )
    return ShipmentReport(key="r1", number=order.number, mall_parcel_key=order.parcels[0].key, rows=rows)


def ready_order(stand: Stand) -> MallOrder:
    able(stand, Ability.REPORT_SHIPMENT)
    (number,) = stand.bench.place()
    stand.bench.make_ready(number)
    return look(stand, number)


def write(stand: Stand, call: str, adapter: Channel | None = None) -> Outcome:
    """Make one writing call that would succeed."""
    adapter = adapter or stand.adapter
    if call == "confirm":
        (number,) = stand.bench.place()
        return adapter.confirm(numbers=[number])[number]
    if call == "report":
        return adapter.report_shipment(report=report_for(ready_order(stand), "400000000006"))
    (number,) = stand.bench.place()
    return adapter.cancel(number=number, reason=CancelReason.OUT_OF_STOCK, restock=True)


# --- the shape


@pytest.mark.parametrize("name", sorted(settings.CHANNELS))
def test_adapter_has_the_shape_of_the_protocol(name: str) -> None:
    adapter = channel_class(name)

    assert adapter.label
    assert adapter.abilities <= frozenset(Ability)
    assert adapter.fetch_size >= 1
    assert adapter.confirm_size >= 1
    for method in METHODS:
        wanted = inspect.signature(getattr(Channel, method)).parameters
        assert list(inspect.signature(getattr(adapter, method)).parameters) == list(wanted), method


@pytest.mark.parametrize("name", sorted(settings.CHANNELS))
def test_form_names_its_secrets_and_a_field_of_its_own_as_hint(name: str) -> None:
    form = channel_class(name).form

    assert issubclass(form, CredentialsForm)
    assert form.secret_fields
    assert set(form.secret_fields) <= set(form.base_fields)
    assert form.hint_field in form.base_fields


def test_building_an_adapter_calls_nobody(stand: Stand) -> None:
    stand.make(unreachable=True)

    assert stand.pace.classes == []


@pytest.mark.parametrize("ability", list(Ability))
def test_ability_not_listed_raises(stand: Stand, ability: Ability) -> None:
    if ability in stand.adapter.abilities:
        pytest.skip("it is listed")
    with pytest.raises(Unsupported):
        if ability is Ability.CONFIRM:
            stand.adapter.confirm(numbers=["1"])
        elif ability is Ability.CANCEL:
            stand.adapter.cancel(number="1", reason=CancelReason.SHOP_OTHER, restock=False)
        else:
            row = TrackingRow(carrier="yamato", number="1", shipped_on=SHIPPED_ON)
            stand.adapter.report_shipment(report=ShipmentReport(key="1", number="1", mall_parcel_key="1", rows=(row,)))


# --- reading


@pytest.mark.feature("F025")
def test_list_names_every_order_of_the_window_once(stand: Stand) -> None:
    placed = stand.bench.place(n=3)
    stand.bench.pass_minutes(1)

    named = stand.adapter.list_orders(since=stand.bench.now() - HALF_HOUR, until=stand.bench.now())

    assert sorted(named.numbers) == sorted(placed)
    assert (named.total_first, named.total_last) == (3, 3)
    assert named.mall_time is not None
    assert abs(named.mall_time - stand.bench.now()) < timedelta(seconds=2)


def test_list_of_a_window_without_orders_is_empty(stand: Stand) -> None:
    named = stand.adapter.list_orders(since=stand.bench.now() - HALF_HOUR, until=stand.bench.now())

    assert (named.numbers, named.total_first, named.total_last) == ((), 0, 0)


def test_list_has_no_order_of_outside_the_window(stand: Stand) -> None:
    stand.bench.place()
    stand.bench.pass_minutes(60)
    inside = stand.bench.place()

    named = stand.adapter.list_orders(since=stand.bench.now() - HALF_HOUR, until=stand.bench.now())

    assert list(named.numbers) == inside


def test_list_has_orders_of_any_state(stand: Stand) -> None:
    able(stand, Ability.CANCEL)
    new, cancelled, ready = stand.bench.place(n=3)
    stand.adapter.cancel(number=cancelled, reason=CancelReason.CUSTOMER_CANCEL, restock=True)
    stand.bench.make_ready(ready)

    named = stand.adapter.list_orders(since=stand.bench.now() - 2 * HALF_HOUR, until=stand.bench.now())

    assert sorted(named.numbers) == sorted([new, cancelled, ready])


def test_account_is_the_head_of_every_order_number(stand: Stand) -> None:
    assert {stand.adapter.account_of(number) for number in stand.bench.place(n=2)} == {stand.bench.account}


@pytest.mark.feature("F025")
def test_fetch_gives_each_number_one_answer(stand: Stand) -> None:
    good = stand.bench.place(n=2)
    nowhere = good[0][:-3] + "000"

    answers = stand.adapter.fetch(numbers=[*good, nowhere])

    assert sorted(answer.number for answer in answers) == sorted([*good, nowhere])
    assert [answer.number for answer in answers if isinstance(answer, Absent)] == [nowhere]


def test_fetched_order_speaks_the_hubs_words(stand: Stand) -> None:
    for kind in sorted(stand.bench.kinds - {"bad"}):
        (number,) = stand.bench.place(kind)
        (order,) = stand.adapter.fetch(numbers=[number])

        assert isinstance(order, MallOrder)
        assert order.placed_at.utcoffset() is not None
        assert abs(order.placed_at - stand.bench.now()) < timedelta(minutes=1)
        assert order.state == MallState.NEW
        assert order.payment_method in set(PaymentMethod)
        assert order.payment_state in set(PaymentState)
        assert set(order.blocks) <= set(blocks.BLOCKS)
        assert order.next_day == (kind == "next_day")
        assert (order.total_yen is None) == (kind == "open_amount")
        assert (blocks.AMOUNT in order.blocks) == (kind == "open_amount")
        assert order.buyer.name
        assert len(order.hash) == 16
        for parcel in order.parcels:
            assert parcel.recipient.postal_code
            assert parcel.carrier in {"", *CARRIERS}
            assert all(line.listing_key and line.quantity >= 1 for line in parcel.lines)


def test_fetching_an_unchanged_order_again_gives_the_same_hash(stand: Stand) -> None:
    (number,) = stand.bench.place()

    first, again = (stand.adapter.fetch(numbers=[number])[0] for _ in range(2))

    assert isinstance(first, MallOrder)
    assert isinstance(again, MallOrder)
    assert first.hash == again.hash


@pytest.mark.feature("F025")
def test_bad_order_is_named_and_the_others_arrive(stand: Stand) -> None:
    before, (bad,), after = stand.bench.place(n=2), stand.bench.place("bad"), stand.bench.place(n=2)

    answers = {answer.number: answer for answer in stand.adapter.fetch(numbers=[*before, bad, *after])}

    assert {number for number, answer in answers.items() if isinstance(answer, MallOrder)} == {*before, *after}
    refused = answers[bad]
    assert isinstance(refused, BadPayload)
    assert refused.path
    assert refused.reason
    assert refused.payload
    assert bad not in stand.adapter.look(numbers=[bad])


@pytest.mark.parametrize("how", ["shuffled", "repeated"])
def test_order_and_repetition_of_an_answer_do_not_matter(stand: Stand, how: str) -> None:
    placed = stand.bench.place(n=5)
    stand.bench.misbehave("fetch", how)

    answers = stand.adapter.fetch(numbers=placed)

    assert sorted(answer.number for answer in answers) == sorted(placed)
    assert all(isinstance(answer, MallOrder) for answer in answers)


def test_number_that_an_answer_forgets_is_not_called_absent(stand: Stand) -> None:
    placed = stand.bench.place(n=3)
    stand.bench.misbehave("fetch", "missing")

    answers = stand.adapter.fetch(numbers=placed)

    assert sorted(answer.number for answer in answers) == sorted(placed)
    assert [type(answer) for answer in answers if not isinstance(answer, MallOrder)] == [BadPayload]


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled", "cut", "busy"])
def test_reading_without_a_usable_answer_is_mall_down(stand: Stand, how: str) -> None:
    placed = stand.bench.place()
    window = {"since": stand.bench.now() - HALF_HOUR, "until": stand.bench.now()}

    for call, act in (
        ("list", lambda: stand.adapter.list_orders(**window)),
        ("fetch", lambda: stand.adapter.fetch(numbers=placed)),
        ("fetch", lambda: stand.adapter.look(numbers=placed)),
    ):
        stand.bench.misbehave(call, how)
        with pytest.raises(MallDown) as down:
            act()
        assert down.value.retry_after == (7.0 if how == "busy" else None)


def test_reading_over_a_dead_line_is_mall_down(stand: Stand) -> None:
    with pytest.raises(MallDown):
        stand.make(unreachable=True).fetch(numbers=stand.bench.place())


# --- the key


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


# --- writing


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


# --- the pace


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
