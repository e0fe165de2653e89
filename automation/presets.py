"""The rules a new tenant starts with: clean card and COD orders flow to the warehouse with no hand, all others stop where one is needed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from automation.models import Rule, RuleGroup, RuleVersion, When
from mailer.models import MailTemplate
from orders.models import Status

CLEAN: list[dict[str, Any]] = [
    {"field": "unmapped", "op": "is", "value": "none"},
    {"field": "address_doubt", "op": "is", "value": False},
    {"any": [{"field": "remark_left", "op": "empty"}, {"field": "remark_read", "op": "is", "value": True}]},
]
"""Nothing on the order needs a person."""


def _is(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": "is", "value": value}


def install_rules(*, now: datetime) -> None:
    """Add the preset's rule groups to the current tenant."""
    status = {s.default_for: s.pk for s in Status.objects.exclude(default_for="")}
    template = {t.occasion: t.pk for t in MailTemplate.objects.exclude(occasion="")}
    _group(
        "受付",
        When.INTAKE,
        0,
        ["intake", "payment", "ready"],
        [
            (
                "サンクスメールを送る",
                {"all": [_is("ours", True)]},
                [{"do": "send_mail", "template": template["thanks"]}],
            ),
        ],
    )
    _group(
        "仕分け",
        When.CHANGE,
        1,
        ["intake", "payment"],
        [
            (
                "未マッピングは確認待へ",
                {"field": "unmapped", "op": "is_not", "value": "none"},
                [{"do": "set_status", "status": status["check"]}],
            ),
            (
                "備考ありは確認待へ",
                {"all": [{"field": "remark_left", "op": "not_empty"}, _is("remark_read", False)]},
                [{"do": "set_status", "status": status["check"]}],
            ),
            (
                "住所が違う可能性があれば確認待へ",
                _is("address_doubt", True),
                [{"do": "set_status", "status": status["check"]}],
            ),
            (
                "決済・入金待ちは入金待ちへ",
                {"all": [_is("payment_state", "open"), *CLEAN]},
                [{"do": "set_status", "status": status["payment"]}],
            ),
            (
                "入金済み・代引きで備考無しは発送待ちへ",
                {
                    "all": [
                        {"field": "payment_state", "op": "in", "value": ["settled", "collect"]},
                        {"field": "mall_state", "op": "in", "value": ["ready", "none"]},
                        *CLEAN,
                    ]
                },
                [{"do": "set_status", "status": status["ready"]}],
            ),
        ],
    )
    _group(
        "出荷依頼",
        When.CHANGE,
        2,
        ["ready"],
        [
            ("発送待ちは出荷依頼する", {"all": [_is("phase", "ready"), _is("ours", True)]}, [{"do": "want_shipment"}]),
        ],
    )
    _group("出荷後", When.CHANGE, 3, ["shipped", "done"], [
        ("発送連絡メールを送る", {"all": [{"field": "phase", "op": "in", "value": ["shipped", "done"]}, _is("ours", True)]},
         [{"do": "send_mail", "template": template["shipped"]}]),
    ])  # fmt: skip


def _group(
    name: str,
    when: When,
    position: int,
    phases: list[str],
    rules: list[tuple[str, dict[str, Any], list[dict[str, Any]]]],
) -> None:
    group = RuleGroup.objects.create(name=name, when=when, position=position, phases=phases)
    for number, (title, condition, actions) in enumerate(rules):
        rule = Rule.objects.create(group=group, name=title, condition=condition, actions=actions, position=number)
        RuleVersion.objects.create(rule=rule, version=1, name=title, condition=condition, actions=actions)
