"""Who may do what: one table of operation × role. `docs/roles.md` shows it to people, and a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping

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
    "account.own": ALL,
}
"""Right → roles that have it."""


def may(role: str, right: str) -> bool:
    """Say whether a role has a right. An unknown right is a mistake of ours and raises KeyError."""
    return role in RIGHTS[right]


def least(right: str) -> Role:
    """Return the least role that has the right, to be named in a refusal."""
    return next(role for role in (Role.VIEWER, Role.PACKING, Role.STAFF, Role.ADMIN, Role.OWNER) if role in RIGHTS[right])
