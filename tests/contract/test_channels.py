"""The laws of a mall's adapter, over its simulator: its shape, and reading that loses nothing and guesses nothing."""

import inspect
from datetime import timedelta

import pytest
from django.conf import settings

from orders import blocks
from orders.carriers import CARRIERS
from orders.channels import (
    Ability,
    Absent,
    BadPayload,
    CancelReason,
    Channel,
    CredentialsForm,
    MallDown,
    MallOrder,
    ShipmentReport,
    TrackingRow,
    Unsupported,
    channel_class,
)
from orders.models.orders import MallState, PaymentMethod, PaymentState
from tests.contract.channel_bench import Stand
from tests.contract.channel_calls import (
    HALF_HOUR,
    SHIPPED_ON,
    able,
)

METHODS = ("account_of", "list_orders", "fetch", "look", "confirm", "report_shipment", "cancel", "test", "close")


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
