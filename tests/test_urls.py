"""Every page, as every role, with one's own id, another tenant's and an unknown one. A new page must be in the table of ids below."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from automation.models import Rule, RuleGroup
from documents.models import FileJob
from hub.ids import encode
from hub.models import ApiToken, AuditEntry, Effect, Invitation, Member, Role, StoredFile, Tenant, User
from hub.rights import LABELS, RIGHTS
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate, Message
from orders.models import (
    Batch,
    Listing,
    Order,
    OrderTag,
    Parcel,
    Product,
    RejectedPayload,
    Shop,
    Status,
    StatusGroup,
    Tag,
    Task,
    Warehouse,
)  # fmt: skip
from tests.conftest import NOW, make_tenant
from tests.orders.making import make_order, make_shop
from tests.pages import make_member, signed_in
from warehouses.models import ResultIssue, WarehouseRequest

ROLES_PAGE = Path(__file__).parents[1] / "docs" / "roles.md"
CANARY = "よその店の秘密"
UNKNOWN = 4_000_000_000_000_000_000

POSTED = re.compile(r'<form[^>]*method="post".*?</form>', re.S)

WHOSE_ID: dict[str, type[Any]] = {
    "hub:member": Member, "hub:member_remove": Member, "hub:invitation_again": Invitation, "hub:invitation_drop": Invitation,
    "hub:member_sign_out": Member, "hub:session_end": UserSession, "hub:token_revoke": ApiToken, "hub:effect": Effect, "hub:effect_act": Effect,
    "orders:packing_slip": Order, "orders:file": FileJob, "orders:download": FileJob, "orders:batch": Batch, "orders:batch_cancel": Batch,
    "orders:batch_undo": Batch, "orders:detail": Order, "orders:peek": Order, "orders:history": Order, "orders:remarks": Order,
    "orders:set_status": Order, "orders:add_tag": Order, "orders:remove_tag": Order, "orders:set_memo": Order, "orders:remark_read": Order,
    "orders:hold": Order, "orders:release": Order, "orders:override": Order, "orders:want": Order, "orders:unwant": Order,
    "orders:choose_warehouse": Order, "orders:take_back": Order, "orders:read_again": Order, "orders:record_shipment": Order,
    "orders:give_up": Order, "orders:edit_address": Parcel, "orders:take_address": Parcel, "orders:reopen": Parcel,
    "orders:shop": Shop, "orders:shop_edit": Shop, "orders:shop_test": Shop, "orders:shop_fetch": Shop, "orders:shop_polling": Shop,
    "orders:shop_read_from": Shop, "orders:shop_live": Shop, "orders:shop_observe": Shop,
    "orders:status_edit": Status, "orders:status_retire": Status, "orders:status_group_edit": StatusGroup, "orders:status_group_retire": StatusGroup,
    "orders:tag_edit": Tag, "orders:tag_retire": Tag, "orders:task_edit": Task, "orders:task_switch": Task, "orders:task_retire": Task,
    "orders:listing_map": Listing, "orders:product_edit": Product, "orders:product_retire": Product, "orders:rejected": RejectedPayload,
    "warehouses:edit": Warehouse, "warehouses:test": Warehouse, "warehouses:pause": Warehouse, "warehouses:retire": Warehouse,
    "warehouses:ask": WarehouseRequest, "warehouses:settle": ResultIssue,
    "automation:group_edit": RuleGroup, "automation:group_switch": RuleGroup, "automation:group_retire": RuleGroup,
    "automation:rule": Rule, "automation:rule_switch": Rule, "automation:rule_retire": Rule,
    "mailer:template": MailTemplate, "mailer:template_preview": MailTemplate, "mailer:template_switch": MailTemplate,
    "mailer:template_retire": MailTemplate, "mailer:account": MailAccount, "mailer:account_test": MailAccount, "mailer:account_retire": MailAccount,
    "mailer:compose": Order, "mailer:message": Message, "mailer:message_again": Message,
}  # fmt: skip
"""Page → the table its id is of."""

NO_ROW_OF_ITS_OWN = {"mailer:gate"}
"""Its id names a template and a shop together; tests of the mailer ask it."""


@dataclass(frozen=True)
class Page:
    """A page as the resolver knows it."""

    name: str
    path: str
    view: Any

    @property
    def has_id(self) -> bool:
        return "<oid:pk>" in self.path

    def url(self, pk: int) -> str:
        return reverse(self.name, args=[pk] if self.has_id else [])


def pages() -> Iterator[Page]:
    """Return every page but the API's, which has a crawl of its own."""

    def walk(patterns: Any, path: str, namespace: str) -> Iterator[Page]:
        for pattern in patterns:
            here = path + str(pattern.pattern)
            if here.startswith("api/"):
                continue
            if isinstance(pattern, URLPattern):
                yield Page(f"{namespace}:{pattern.name}" if namespace else str(pattern.name), here, pattern.callback)
            else:
                yield from walk(pattern.url_patterns, here, pattern.namespace or namespace)

    yield from walk(get_resolver().url_patterns, "", "")


PAGES = list(pages())
SHUT = [page for page in PAGES if hasattr(page.view, "right")]


def table() -> dict[str, set[str]]:
    """Read docs/roles.md: right → roles that have it."""
    found = {}
    lines = ROLES_PAGE.read_text().splitlines()
    roles = [cell.strip() for cell in next(line for line in lines if line.startswith("| right")).strip("|").split("|")][
        2:
    ]
    for line in lines:
        if match := re.match(r"\| `([a-z.]+)` \|", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")][2:]
            assert set(cells) <= {"yes", "no"}, line
            found[match[1]] = {role for role, cell in zip(roles, cells, strict=True) if cell == "yes"}
    return found


@pytest.mark.feature("N06")
def test_the_page_of_roles_says_what_the_program_asks() -> None:
    assert table() == {right: {role.value for role in roles} for right, roles in RIGHTS.items()}


def test_every_page_is_public_or_asks_a_right() -> None:
    neither = [
        page.path for page in PAGES if not hasattr(page.view, "right") and not getattr(page.view, "is_public", False)
    ]

    assert neither == []


def test_every_page_with_an_id_is_crawled() -> None:
    with_id = {page.name for page in SHUT if page.has_id}

    assert with_id - NO_ROW_OF_ITS_OWN == WHOSE_ID.keys()


def furnish(tenant: Tenant, words: str) -> dict[type[Any], int]:
    """Give the tenant one row of every kind, with these words in it, and return their ids."""
    with tenant_transaction(tenant.pk):
        shop = make_shop(words)
        tag = Tag.objects.create(name=f"{words}のラベル")
        group = StatusGroup.objects.create(name=f"{words}の段", phase="intake", position=90)
        status = Status.objects.create(group=group, name=f"{words}の状態", position=90)
        task = Task.objects.create(name=f"{words}の仕事", condition={"all": []})
        product = Product.objects.create(sku=f"X-{words}", name=words)
        listing = Listing.objects.create(shop=shop, key=words, name=words)
        order = make_order(shop, buyer_name=words, memo=words, tags=[tag])
        member = Member.objects.create(user=_user(words), role="staff")
        house = Warehouse.objects.create(name=words, kind="own")
        template = MailTemplate.objects.create(name=words, subject=words, body=words)
        account = MailAccount.objects.create(name=words, host="mail.invalid", sender="a@example.com")
        effect = Effect.objects.create(
            kind="mall.confirm", lane=f"shop:{shop.pk}", key=words, state="stopped", decided_at=NOW, order_id=order.pk
        )
        mail_effect = Effect.objects.create(
            kind="mail.send", lane="mail:1", key=f"mail {words}", state="done", decided_at=NOW
        )
        message = Message.objects.create(
            order=order,
            shop=shop,
            template=template,
            account=account,
            occasion="thanks",
            recipient="b@example.com",
            sender="a@example.com",
            subject=words,
            body=words,
            message_id=words,
            effect_id=mail_effect.pk,
            occurred_at=NOW,
            queued_at=NOW,
        )
        rules = RuleGroup.objects.create(name=words)
        rule = Rule.objects.create(group=rules, name=words, condition={"all": []}, actions=[])
        stored = StoredFile.objects.create(
            member=member,
            name="x.csv",
            content_type="text/csv",
            body=words.encode(),
            created_at=NOW,
            expires_at=NOW.replace(year=2999),
        )
        rows: dict[type[Any], Any] = {
            Shop: shop, Tag: tag, StatusGroup: group, Status: status, Task: task, Product: product, Listing: listing, Order: order,
            Parcel: Parcel.objects.get(order=order), Member: member, Warehouse: house, MailTemplate: template, MailAccount: account,
            WarehouseRequest: WarehouseRequest.objects.create(
                parcel=Parcel.objects.get(order=order), warehouse=house, reference=words, parcel_revision=1, asked_at=NOW),
            ResultIssue: ResultIssue.objects.create(warehouse=house, reference=words, reason="unknown_reference"),
            Effect: effect, Message: message, RuleGroup: rules, Rule: rule,
            Batch: Batch.objects.create(action="memo", params={"text": words}, order_ids=[order.pk], client_key=words, state="done"),
            Invitation: Invitation.objects.create(email="c@example.com", role="staff", secret_hash=words.encode(), expires_at=NOW.replace(year=2999)),
            ApiToken: ApiToken.objects.create(name=words, secret_hash=words.encode(), last_four="abcd", scopes=[], expires_at=NOW.replace(year=2999)),
            UserSession: UserSession.objects.create(user=member.user, session_key=uuid4().hex, ip="203.0.113.7", user_agent=words),
            RejectedPayload: RejectedPayload.objects.create(shop=shop, number=words, path="x", reason="missing", first_at=NOW, last_at=NOW),
            FileJob: FileJob.objects.create(kind="orders_csv", order_ids=[order.pk], client_key=words, member=member, file=stored, state="done"),
        }  # fmt: skip
        assert OrderTag.objects.filter(order=order).exists()
        return {model: row.pk for model, row in rows.items()}


def _user(words: str) -> User:
    user = User.objects.create_user(f"{uuid4().hex}@example.com", None)
    User.objects.filter(pk=user.pk).update(name=words)
    return user


@dataclass(frozen=True)
class Town:
    """Two tenants, both with data, and a browser for each role of the first."""

    own: dict[type[Any], int]
    foreign: dict[type[Any], int]
    browsers: dict[str, Client]
    members: dict[str, Member]
    tenant: Tenant


@pytest.fixture(scope="module")
def town(django_db_setup: None) -> Town:
    tenant, other = make_tenant("自分の店"), make_tenant(CANARY)
    own, foreign = furnish(tenant, "自分の店の言葉"), furnish(other, CANARY)
    members = {role.value: make_member(tenant, role.value) for role in Role}
    return Town(
        own=own,
        foreign=foreign,
        browsers={role: signed_in(member) for role, member in members.items()},
        members=members,
        tenant=tenant,
    )


def method_of(page: Page) -> str:
    return "get" if "GET" in page.view.methods else "post"


def call(client: Client, method: str, url: str) -> Any:
    return client.get(url) if method == "get" else client.post(url, {})


@pytest.mark.feature("N06")
@pytest.mark.parametrize("page", SHUT, ids=lambda page: page.name)
def test_a_role_without_the_right_is_refused_by_name_of_the_role(page: Page, town: Town) -> None:
    allowed = table()[page.view.right]
    least = next(role for role in (Role.VIEWER, Role.PACKING, Role.STAFF, Role.ADMIN, Role.OWNER) if role in allowed)
    url = page.url(town.own[WHOSE_ID[page.name]] if page.name in WHOSE_ID else UNKNOWN)

    for role, client in town.browsers.items():
        if role not in allowed:
            answer = call(client, method_of(page), url)
            assert answer.status_code == 403, (role, answer.status_code)
            assert f"「{LABELS[least]}」の権限が要ります" in answer.content.decode(), role


A_MEMBERS_ALONE = {"orders:file", "orders:download"}
"""What belongs to the member who asked for it; tests of files ask them."""


@pytest.mark.parametrize(
    "page", [p for p in SHUT if "GET" in p.view.methods and p.name not in A_MEMBERS_ALONE], ids=lambda page: page.name
)
def test_a_role_with_the_right_sees_the_page_and_changes_nothing_by_looking(page: Page, town: Town) -> None:
    url = page.url(town.own[WHOSE_ID[page.name]] if page.name in WHOSE_ID else UNKNOWN)
    with tenant_transaction(town.tenant.pk):
        before = AuditEntry.objects.count()

    for role in table()[page.view.right]:
        answer = town.browsers[role].get(url)
        assert answer.status_code in (200, 302), (role, answer.status_code)
        page_seen = answer.content.decode(errors="replace")
        assert CANARY not in page_seen
        assert [form for form in POSTED.findall(page_seen) if "csrfmiddlewaretoken" not in form] == [], role

    with tenant_transaction(town.tenant.pk):
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("page", [page for page in SHUT if page.name in WHOSE_ID], ids=lambda page: page.name)
def test_foreign_and_unknown_ids_look_the_same(page: Page, town: Town) -> None:
    model = WHOSE_ID[page.name]
    for method in page.view.methods:
        for role in table()[page.view.right]:
            client = town.browsers[role]
            foreign = call(client, method.lower(), page.url(town.foreign[model]))
            unknown = call(client, method.lower(), page.url(UNKNOWN))
            assert (foreign.status_code, unknown.status_code) == (404, 404), (
                role,
                method,
                foreign.status_code,
                unknown.status_code,
            )
            assert foreign.content == unknown.content
            assert CANARY.encode() not in foreign.content


def test_a_stranger_is_sent_to_sign_in(town: Town) -> None:
    for page in SHUT:
        answer = call(Client(), method_of(page), page.url(UNKNOWN))
        assert answer.status_code == 302, page.name
        assert answer.headers["Location"].startswith("/sign-in/"), page.name


def test_an_address_that_only_a_button_uses_says_so_and_leads_back(town: Town) -> None:
    owner = town.browsers["owner"]
    with tenant_transaction(town.tenant.pk):
        before = AuditEntry.objects.count()

    for page in SHUT:
        if "GET" in page.view.methods:
            continue
        url = page.url(town.own[WHOSE_ID[page.name]] if page.name in WHOSE_ID else UNKNOWN)
        seen, head = owner.get(url), owner.head(url)
        [back] = re.findall(r'class="button primary" href="([^"]+)"', seen.content.decode())
        assert (seen.status_code, head.status_code, head.content) == (405, 405, b""), page.name
        assert owner.get(back, follow=True).status_code == 200, (page.name, back)

    with tenant_transaction(town.tenant.pk):
        assert AuditEntry.objects.count() == before


def test_an_id_that_is_none_is_not_found(town: Town) -> None:
    for text in ("1", "0000000000000", "zzzzzzzzzzzzz", encode(1)[:-1]):
        assert town.browsers["owner"].get(f"/orders/{text}/").status_code == 404


def test_posts_need_the_token_of_the_form(town: Town) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = town.browsers["owner"].cookies

    for page in SHUT:
        if "POST" in page.view.methods:
            url = page.url(town.own[WHOSE_ID[page.name]] if page.name in WHOSE_ID else UNKNOWN)
            assert client.post(url, {}).status_code == 403, page.name
