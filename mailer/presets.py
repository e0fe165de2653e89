"""The mail templates a new tenant starts with. Which of them go by themselves is said by rules (`automation/presets.py`)."""

from __future__ import annotations

from datetime import datetime

from mailer.models import MailTemplate

THANKS, ORDERED, PAID, PREPARING, SHIPPED = "サンクスメール", "注文確認", "入金確認", "発送準備", "発送連絡"

_GOODS = """■ご注文内容
受注番号　：{order_number}
ご注文日　：{ordered_on}
お支払方法：{payment}

{lines}

商品合計　　　：{subtotal_yen}
送料　　　　　：{postage_yen}
決済手数料　　：{fee_yen}
クーポン割引　：{coupon_yen}
ポイント利用　：{points_yen}
ご請求金額　　：{total_yen}"""

_RECIPIENTS = """■お届け先
{recipients}
お届け希望：{wish}"""

TEMPLATES: list[tuple[str, str, str, str]] = [
    # name, occasion, subject, body
    (THANKS, "thanks", "【{shop_name}】ご注文ありがとうございます（{order_number}）", f"""{{buyer_name}} 様

このたびは{{mall_name}}の{{shop_name}}をご利用いただき、誠にありがとうございます。
下記のとおりご注文を承りました。商品の準備が整い次第、あらためて発送のご連絡を差し上げます。

{_GOODS}

{_RECIPIENTS}

お届けまで今しばらくお待ちくださいますよう、お願い申し上げます。

{{signature}}
"""),
    (ORDERED, "", "【{shop_name}】ご注文内容のご確認（{order_number}）", f"""{{buyer_name}} 様

いつも{{shop_name}}をご利用いただき、ありがとうございます。
ご注文の内容を確認いたしましたので、お知らせいたします。
お届け先などに誤りがございましたら、お早めにご連絡くださいますようお願い申し上げます。

{_GOODS}

{_RECIPIENTS}

{{signature}}
"""),
    (PAID, "", "【{shop_name}】ご入金を確認いたしました（{order_number}）", """{buyer_name} 様

{shop_name}でございます。
下記ご注文のご入金を確認いたしました。誠にありがとうございます。
これより発送の準備に入らせていただきます。

受注番号　：{order_number}
ご請求金額：{total_yen}
お支払方法：{payment}

{signature}
"""),
    (PREPARING, "", "【{shop_name}】発送の準備をしております（{order_number}）", f"""{{buyer_name}} 様

{{shop_name}}でございます。
下記ご注文の発送を準備しております。発送が済みましたら、送り状番号をお知らせいたします。

受注番号：{{order_number}}

{{lines}}

{_RECIPIENTS}

{{signature}}
"""),
    (SHIPPED, "shipped", "【{shop_name}】商品を発送いたしました（{order_number}）", """{buyer_name} 様

{shop_name}でございます。
ご注文の商品を発送いたしましたので、お知らせいたします。

受注番号：{order_number}

■発送内容
{shipments}

■お届けする商品
{lines}

■お届け先
{recipients}

お手元に届きましたら、お早めに中身をご確認くださいますようお願い申し上げます。
このたびはご利用いただき、誠にありがとうございました。

{signature}
"""),
]  # fmt: skip


def install_mail_preset(now: datetime) -> dict[str, MailTemplate]:
    """Add the templates to the current tenant, for all its shops; return them by name. A mail account is the owner's to add."""
    rows = [
        MailTemplate(name=name, occasion=occasion, subject=subject, body=body, created_at=now)
        for name, occasion, subject, body in TEMPLATES
    ]
    return {row.name: row for row in MailTemplate.objects.bulk_create(rows)}
