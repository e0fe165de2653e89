"""Who may do what: one table of operation × role. `docs/roles.md` shows it to people, and a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.models import Role

ALL = frozenset(Role)
HANDS = frozenset({Role.OWNER, Role.ADMIN, Role.STAFF, Role.PACKING})
STAFF = frozenset({Role.OWNER, Role.ADMIN, Role.STAFF})
ADMIN = frozenset({Role.OWNER, Role.ADMIN})
OWNER = frozenset({Role.OWNER})

RIGHTS: Mapping[str, frozenset[Role]] = {
    "orders.see": ALL,
    "addresses.see": HANDS,
    "orders.ship": HANDS,
    "orders.edit": STAFF,
    "orders.cancel": STAFF,
    "orders.delete": ADMIN,
    "orders.override": ADMIN,
    "orders.export": STAFF,
    "mail.send": STAFF,
    "effects.act": STAFF,
    "products.edit": STAFF,
    "settings.see": STAFF,
    "settings.edit": ADMIN,
    "rules.edit": ADMIN,
    "keys.edit": ADMIN,
    "shops.live": OWNER,
    "members.edit": ADMIN,
    "tokens.edit": ADMIN,
    "outgoing.switch": ADMIN,
    "retention.edit": OWNER,
    "account.own": ALL,
}
"""Right → roles that have it."""

LABELS: Mapping[str, Promise] = {
    Role.OWNER: _("オーナー"), Role.ADMIN: _("管理者"), Role.STAFF: _("スタッフ"), Role.PACKING: _("梱包"), Role.VIEWER: _("閲覧"),
}  # fmt: skip
ABOUT: Mapping[str, Promise] = {
    Role.OWNER: _("すべて。本番の開始と、オーナーの任命。"),
    Role.ADMIN: _("設定、ルール、鍵、メンバー、受注の削除、保留の理由つき通過。"),
    Role.STAFF: _("受注の処理、届け先の修正、キャンセル、メール、CSV。"),
    Role.PACKING: _("出荷と送り状番号、保留を見る。設定は見えません。"),
    Role.VIEWER: _("見るだけ。名前と届け先は伏せられます。"),
}
"""What the roles are called and, in a sentence, what each may do."""


def may(role: str, right: str) -> bool:
    """Say whether a role has a right. An unknown right is a mistake of ours and raises KeyError."""
    return role in RIGHTS[right]


def least(right: str) -> Role:
    """Return the least role that has the right, to be named in a refusal."""
    return next(
        role for role in (Role.VIEWER, Role.PACKING, Role.STAFF, Role.ADMIN, Role.OWNER) if role in RIGHTS[right]
    )
