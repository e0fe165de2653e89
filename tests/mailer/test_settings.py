"""Accounts and templates as the owner sets them: the password never comes back, unknown words are refused with their place."""

import pytest

from hub.audit import Actor
from hub.models import AuditDetail, AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from mailer import accounts, queries, settings
from mailer.forms import AccountForm, TemplateForm
from mailer.models import MailAccount, MailTemplate
from mailer.operations import queue_message
from mailer.presets import SHIPPED, TEMPLATES, THANKS
from orders.models import Shop
from tests.conftest import NOW
from tests.mailer.conftest import make_order

ACCOUNT = {
    "name": "本店",
    "host": "SMTP.example.jp.",
    "security": "starttls",
    "sender": "a@example.jp",
    "password": "geheim-42",
    "user": "a",
}


def test_password_is_sealed_and_never_shown(tenant: Tenant, by: Actor) -> None:
    form = AccountForm(ACCOUNT)
    assert form.is_valid(), form.errors
    with tenant_transaction(tenant.pk):
        account = settings.save_account(form.cleaned_data, by=by, now=NOW)
        kept = bytes(account.password)
        again = AccountForm({**ACCOUNT, "password": "", "sender": "b@example.jp"})
        assert again.is_valid()
        settings.save_account(again.cleaned_data, by=by, now=NOW, account=account)
        account = MailAccount.objects.get(pk=account.pk)
        said = [str(e.params) for e in AuditEntry.objects.all()] + [
            str((d.before, d.after)) for d in AuditDetail.objects.all()
        ]

    assert (account.host, account.port, account.sender) == ("smtp.example.jp", 587, "b@example.jp")
    assert bytes(account.password) == kept
    assert b"geheim-42" not in kept
    assert accounts.server_of(account).password == "geheim-42"
    assert not any("geheim-42" in text for text in said)
    assert "geheim-42" not in str(AccountForm(initial=AccountForm.initial_of(account)))
    assert "geheim-42" not in str(again)


@pytest.mark.parametrize(
    "change", [{"host": "smtp.evil.example"}, {"port": 2525}, {"security": "none"}, {"user": "b"}], ids=lambda c: next(iter(c))
)  # fmt: skip
def test_password_is_asked_again_for_another_server_or_user(
    tenant: Tenant, by: Actor, change: dict[str, object]
) -> None:
    form = AccountForm(ACCOUNT)
    assert form.is_valid()
    with tenant_transaction(tenant.pk):
        pk = settings.save_account(form.cleaned_data, by=by, now=NOW).pk
    values = {**form.cleaned_data, **change}
    with tenant_transaction(tenant.pk), pytest.raises(settings.PasswordAgain):
        settings.save_account({**values, "password": ""}, by=by, now=NOW, account=MailAccount.objects.get(pk=pk))
    with tenant_transaction(tenant.pk):
        kept = MailAccount.objects.get(pk=pk)
        assert all(getattr(kept, name) == form.cleaned_data[name] for name in settings.LOGIN)

        settings.save_account({**values, "password": "neu"}, by=by, now=NOW, account=kept)
        server = accounts.server_of(MailAccount.objects.get(pk=pk))
    assert (server.password, {name: getattr(server, name) for name in change}) == ("neu", change)


def test_account_without_a_user_keeps_no_password(tenant: Tenant, by: Actor) -> None:
    form = AccountForm(ACCOUNT)
    assert form.is_valid()
    with tenant_transaction(tenant.pk):
        account = settings.save_account(form.cleaned_data, by=by, now=NOW)
        settings.save_account({**form.cleaned_data, "user": "", "password": ""}, by=by, now=NOW, account=account)
        settings.save_account(
            {**form.cleaned_data, "host": "x.example", "password": ""}, by=by, now=NOW, account=account
        )
        assert accounts.server_of(MailAccount.objects.get()).password == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [({"host": "http://x"}, "host"), ({"host": "a b"}, "host"), ({"sender": "a@b, c@d"}, "sender"),
     ({"port": 70_000}, "port"), ({"name": ""}, "name")],
)  # fmt: skip
def test_account_form_refuses(change: dict[str, object], field: str) -> None:
    assert field in AccountForm({**ACCOUNT, **change}).errors


def test_unknown_word_is_refused_with_its_place(tenant: Tenant, by: Actor) -> None:
    form = TemplateForm({"name": "x", "subject": "{order_number}", "body": "一行目\nここ{bayer_name}"})

    assert not form.is_valid()
    assert list(form.errors["body"]) == ["2行目の3文字目: {bayer_name} という差し込み語はありません。"]
    with tenant_transaction(tenant.pk), pytest.raises(settings.UnknownWord):
        settings.save_template({"name": "x", "subject": "s", "body": "{bayer_name}"}, by=by, now=NOW)


def test_names_are_unique_and_versions_rise(tenant: Tenant, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        template = settings.save_template({"name": "お詫び", "subject": "s", "body": "b"}, by=by, now=NOW)
        settings.save_template({"name": "お詫び", "subject": "s2", "body": "b"}, by=by, now=NOW, template=template)
        assert MailTemplate.objects.get(pk=template.pk).version == 2
        with pytest.raises(settings.NameTaken):
            settings.save_template({"name": THANKS, "subject": "s", "body": "b"}, by=by, now=NOW)


def test_preset_uses_known_words_only() -> None:
    for name, _, subject, body in TEMPLATES:
        form = TemplateForm({"name": name, "occasion": "", "subject": subject, "body": body})
        assert form.is_valid(), (name, form.errors)


def test_preview_writes_nothing_and_names_what_is_empty(
    tenant: Tenant, shop: Shop, templates: dict[str, MailTemplate], by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        seen = queries.preview(templates[SHIPPED], order.pk)
        assert queries.messages_of([order.pk]) == []
        queue_message([order.pk], template=templates[THANKS], occasion="thanks", by=by, now=NOW)
        [message] = queries.messages_of([order.pk])

    assert seen.subject == f"【テスト商店】商品を発送いたしました（{order.number}）"
    assert seen.empty_words == ("shipments",)
    assert (message.state, message.hold, message.message.template.name) == ("waiting", "", THANKS)


def test_shops_without_an_account_are_named(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        other: Shop = Shop.objects.create(name="二号店", channel="rakuten")
        assert [s.pk for s in queries.shops_without_account()] == [other.pk]
