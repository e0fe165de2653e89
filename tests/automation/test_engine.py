"""Rules act once, on the edge; tasks follow their causes; nothing ships past what holds (promises G24, findings on rules)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automation.engine import work
from automation.models import Rule, RuleGroup, RuleMark, RuleVersion
from hub.audit import Actor
from hub.ids import encode
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.judging import may_ship
from orders.models import Listing, Order, OrderTag, Parcel, Product, Shop, Status, Tag, Task, TaskMark
from orders.operations.holds import close_mark, hold, read_remark, system_task
from orders.operations.labels import set_memo
from orders.operations.products import map_listing
from orders.operations.status import default_status, set_status
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_line, mall_order, take_in, the_order

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def add_rule(
    tenant: Tenant, condition: Any, actions: Any, *, phases: list[str] | None = None, name: str = "試験の規則"
) -> int:
    with tenant_transaction(tenant.pk):
        group, _ = RuleGroup.objects.get_or_create(
            name=f"試験 {phases}", defaults={"position": 50, "phases": phases or []}
        )
        rule = Rule.objects.create(
            group=group, name=name, condition=condition, actions=actions, position=Rule.objects.count()
        )
        RuleVersion.objects.create(rule=rule, version=1, name=name, condition=condition, actions=actions)
        return rule.pk


def status_of(tenant: Tenant, number: str) -> str:
    return the_order(tenant, number).status.name


@pytest.mark.feature("F062")
def test_clean_paid_order_goes_to_ready_and_is_wanted(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        row = Order.objects.select_related("status").get()
        parcel = Parcel.objects.get()
        assert (row.status.name, row.held, row.judged_revision == row.revision, row.judge_at) == (
            "発送待ち",
            False,
            True,
            None,
        )
        assert parcel.ship_wanted_at == NOW
        assert may_ship([parcel], now=NOW)[parcel.pk] == []
        entry = AuditEntry.objects.get(verb="order.ruled")
        assert [rule["name"] for rule in entry.params["rules"]] == [
            "サンクスメールを送る",
            "入金済み・代引きで備考無しは発送待ちへ",
        ]


@pytest.mark.feature("F062")
def test_order_with_a_remark_waits_in_check_until_it_is_read(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(remarks="[配送日時指定:]\n\n\n玄関前に置いてください")
    take_in(tenant, shop, order)
    work(tenant.pk)
    assert (status_of(tenant, order.number), the_order(tenant, order.number).held) == ("確認待", True)

    with tenant_transaction(tenant.pk):
        read_remark([Order.objects.get().pk], by=STAFF, now=NOW)
    work(tenant.pk)

    assert (status_of(tenant, order.number), the_order(tenant, order.number).held) == ("発送待ち", False)


@pytest.mark.feature("F007")
def test_unpaid_order_waits_for_payment_and_moves_on_by_itself(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(state="processing", payment_state="open", blocks=("payment",))
    take_in(tenant, shop, order)
    work(tenant.pk)
    assert status_of(tenant, order.number) == "入金待ち"
    with tenant_transaction(tenant.pk):
        ready = default_status("ready")
        refused = set_status([Order.objects.get().pk], status=ready, by=STAFF, now=NOW)
        assert [issue.reason for issue in refused.issues] == ["payment_open"]

    take_in(tenant, shop, changed(order, state="ready", payment_state="settled", blocks=()))
    work(tenant.pk)

    assert status_of(tenant, order.number) == "発送待ち"
    with tenant_transaction(tenant.pk):
        people = AuditEntry.objects.filter(order_id=Order.objects.get().pk, actor_kind="member")
        assert not people.exists()


@pytest.mark.feature("F014", "F017")
def test_unmapped_order_stays_in_check_and_moves_when_mapped(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(lines=(mall_line("A"), mall_line("B")))
    take_in(tenant, shop, order, mapped=False)
    work(tenant.pk)
    assert status_of(tenant, order.number) == "確認待"

    for key in ("SKU-A", "SKU-B"):
        with tenant_transaction(tenant.pk):
            product = Product.objects.create(sku=key, name=key)
            mapped = map_listing(Listing.objects.get(key=key), product=product, units=1, by=STAFF, now=NOW)
        work(tenant.pk)

    assert len(mapped.complete) == 1
    assert status_of(tenant, order.number) == "発送待ち"
    with tenant_transaction(tenant.pk):
        assert not OrderTag.objects.exists()
        assert not TaskMark.objects.filter(closed_at__isnull=True).exists()


def test_rule_does_not_move_an_order_back_that_a_person_moved(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        set_status([Order.objects.get().pk], status=default_status("check"), by=STAFF, now=NOW)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        set_memo([Order.objects.get().pk], text="電話した", add=True, by=STAFF, now=NOW)
    work(tenant.pk)

    assert status_of(tenant, order.number) == "確認待"
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert "not_ready_to_ship" in may_ship([parcel], now=NOW)[parcel.pk]


def test_held_order_does_not_ship_and_released_one_does(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        hold([pk], reason="在庫を確かめる", by=STAFF, now=NOW)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert may_ship([parcel], now=NOW)[parcel.pk] == [f"task:{system_task('hold').pk}"]
        close_mark([pk], task=system_task("hold"), by=STAFF, now=NOW)

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert may_ship([Parcel.objects.get()], now=NOW)[parcel.pk] == []


def test_just_changed_order_may_not_ship_before_it_was_judged(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        set_memo([Order.objects.get().pk], text="x", add=True, by=STAFF, now=NOW)
        parcel = Parcel.objects.get()
        assert may_ship([parcel], now=NOW)[parcel.pk] == ["not_judged"]


@pytest.mark.feature("F072")
def test_mark_closed_by_a_person_stays_closed_until_the_cause_has_ceased(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.create(
            name="一万円以上", condition={"field": "total_yen", "op": "gte", "value": 10_000}, holds=True
        )
    order = mall_order(total_yen=12_000, subtotal_yen=12_000)
    take_in(tenant, shop, order)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        close_mark([pk], task=task, by=STAFF, now=NOW)
        set_memo([pk], text="x", add=True, by=STAFF, now=NOW)
    work(tenant.pk)
    assert not the_order(tenant, order.number).held

    take_in(tenant, shop, changed(order, total_yen=9_000, subtotal_yen=9_000))
    work(tenant.pk)
    take_in(tenant, shop, changed(order, total_yen=15_000, subtotal_yen=15_000))
    work(tenant.pk)

    assert the_order(tenant, order.number).held


def test_rule_acts_again_only_after_its_condition_ceased(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.create(name="高額")
    add_rule(
        tenant,
        {"field": "total_yen", "op": "gte", "value": 10_000},
        [{"do": "add_memo", "text": "高額"}],
        phases=["intake", "payment", "ready"],
    )
    order = mall_order(total_yen=12_000, subtotal_yen=12_000)
    take_in(tenant, shop, order)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        set_memo([Order.objects.get().pk], text="消した", add=False, by=STAFF, now=NOW)
    work(tenant.pk)
    assert the_order(tenant, order.number).memo == "消した"

    take_in(tenant, shop, changed(order, total_yen=1, subtotal_yen=1))
    work(tenant.pk)
    take_in(tenant, shop, changed(order, total_yen=20_000, subtotal_yen=20_000))
    work(tenant.pk)

    assert the_order(tenant, order.number).memo == "消した\n高額"
    assert tag.pk


def test_order_that_rules_change_too_often_is_held_and_shown_as_held(tenant: Tenant, shop: Shop) -> None:
    """The change that is one too many takes away what the order was held for until then."""
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.create(name="高額")
        Task.objects.create(
            name="高額を見る", condition={"field": "tags", "op": "has", "value": encode(tag.pk)}, holds=True
        )
    phases = ["intake", "payment", "ready"]
    for op, do in (("gte", "add_tag"), ("lt", "remove_tag")):
        add_rule(
            tenant,
            {"field": "total_yen", "op": op, "value": 5_000},
            [{"do": do, "tag": tag.pk}],
            phases=phases,
            name=do,
        )
    order = mall_order(total_yen=1, subtotal_yen=1)
    take_in(tenant, shop, order)
    work(tenant.pk)
    held = []
    for yen in [9_000, 1] * 10:
        take_in(tenant, shop, changed(order, total_yen=yen, subtotal_yen=yen))
        work(tenant.pk)
        held.append(the_order(tenant, order.number).held)

    assert held == [True, False] * 9 + [True, True], "held for the label while it is there, in the end for the rules"
    with tenant_transaction(tenant.pk):
        mark = TaskMark.objects.get(closed_at__isnull=True)
        assert (mark.task.key, mark.reason) == ("rule_failed", "too_many_changes")


def test_later_rule_sees_what_an_earlier_one_wrote(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.create(name="先")
        second = Tag.objects.create(name="後")
    phases = ["intake", "payment", "ready"]
    add_rule(tenant, {"all": []}, [{"do": "add_tag", "tag": tag.pk}], phases=phases, name="一番")
    add_rule(
        tenant,
        {"field": "tags", "op": "has", "value": encode(tag.pk)},
        [{"do": "add_tag", "tag": second.pk}],
        phases=phases,
        name="二番",
    )

    take_in(tenant, shop, mall_order())
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert set(OrderTag.objects.values_list("tag__name", flat=True)) == {"先", "後"}


def test_rule_for_one_shop_leaves_the_other_alone(tenant: Tenant, shop: Shop) -> None:
    other = make_shop(tenant)
    rule = add_rule(tenant, {"all": []}, [{"do": "add_memo", "text": "この店だけ"}], phases=["intake", "ready"])
    with tenant_transaction(tenant.pk):
        RuleGroup.objects.filter(rule__pk=rule).update(shop=shop)
    mine, theirs = mall_order(), mall_order()
    take_in(tenant, shop, mine)
    take_in(tenant, other, theirs)

    work(tenant.pk)

    assert (the_order(tenant, mine.number).memo, the_order(tenant, theirs.number).memo) == ("この店だけ", "")


def test_rule_that_no_longer_parses_switches_itself_off_and_says_why(tenant: Tenant, shop: Shop) -> None:
    rule = add_rule(tenant, {"field": "no_such_field", "op": "is", "value": 1}, [{"do": "stop"}])
    gone = add_rule(tenant, {"all": []}, [{"do": "add_tag", "tag": 999_999_999}], name="消えたラベル")
    order = mall_order()
    take_in(tenant, shop, order)

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Rule.objects.get(pk=rule).broken
        assert Rule.objects.get(pk=gone).broken == "gone"
    assert status_of(tenant, order.number) == "発送待ち"


@pytest.mark.feature("F003", "F005")
def test_confirm_is_decided_once_after_the_wait_and_never_while_an_amount_is_open(tenant: Tenant, shop: Shop) -> None:
    clean = mall_order(state="new", payment_state="open", blocks=("unconfirmed",))
    waiting = mall_order(
        state="new", payment_state="open", blocks=("unconfirmed",), placed_at=NOW - timedelta(minutes=29)
    )
    open_amount = mall_order(
        state="new", payment_state="open", blocks=("unconfirmed", "amount"), postage_yen=None, total_yen=None
    )
    take_in(tenant, shop, clean, waiting, open_amount)

    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        set_memo([Order.objects.get(number=clean.number).pk], text="x", add=True, by=STAFF, now=NOW)
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert list(Effect.objects.filter(kind="mall.confirm").values_list("payload__number", flat=True)) == [
            clean.number
        ]
        marks = TaskMark.objects.filter(order__number=open_amount.number, closed_at__isnull=True)
        assert "送料未確定" in set(marks.values_list("task__name", flat=True))


@pytest.mark.feature("N03")
def test_shop_that_observes_sends_nothing(tenant: Tenant) -> None:
    shop = make_shop(tenant, live=False)
    take_in(tenant, shop, mall_order(), mall_order(state="new", payment_state="open"))

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert not Effect.objects.exists()
        assert not Parcel.objects.filter(ship_wanted_at__isnull=False).exists()
        assert "not_ours" in may_ship(list(Parcel.objects.all()), now=NOW)[Parcel.objects.first().pk]  # type: ignore[union-attr]


@pytest.mark.feature("F081")
def test_shop_confirmed_by_another_system_is_never_confirmed(tenant: Tenant) -> None:
    shop = make_shop(tenant, confirm_by="other")
    take_in(tenant, shop, mall_order(state="new", payment_state="open", blocks=("unconfirmed",)))

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert not Effect.objects.filter(kind="mall.confirm").exists()


def test_second_pass_changes_nothing(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, *(mall_order() for _ in range(5)))
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        before = list(Order.objects.order_by("pk").values_list("pk", "revision", "status_id"))
        Order.objects.update(judge_at=NOW)

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert list(Order.objects.order_by("pk").values_list("pk", "revision", "status_id")) == before
        assert RuleMark.objects.filter(closed_at__isnull=False).count() == 0
        assert Status.objects.count() == 9
