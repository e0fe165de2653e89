"""Why a mall itself forbids shipping an order: the codes that an adapter sets, their labels, and what frees them.

`Order.mall_block` holds them as one text, space separated, in the order of BLOCKS. Nobody edits them; a named override
passes a payment that the mall has not settled, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PAYMENT = "payment"
AMOUNT = "amount"
ADDRESS = "address"
REVIEW = "review"
UNCONFIRMED = "unconfirmed"
CHANGING = "changing"
CANCELLING = "cancelling"
CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Block:
    """One reason. `freed_by` tells people what lifts it; `final` ones are never lifted. `passable`: a named override passes it."""

    code: str
    label: str | Promise
    freed_by: str | Promise
    final: bool = False
    passable: bool = False


BLOCKS: dict[str, Block] = {
    block.code: block
    for block in (
        Block(
            code=CANCELLED,
            label=_("キャンセル済み"),
            freed_by=_("取り消された注文は出荷できません。"),
            final=True,
        ),
        Block(
            code=CANCELLING,
            label=_("キャンセル確定待ち"),
            freed_by=_("モールでキャンセルが取り下げられると、次の読込で解除されます。"),
        ),
        Block(
            code=CHANGING,
            label=_("変更確定待ち"),
            freed_by=_("モールで変更が確定すると、次の読込で解除されます。"),
        ),
        Block(
            code=REVIEW,
            label=_("モール確認中"),
            freed_by=_("モールの確認が終わると、次の読込で解除されます。"),
        ),
        Block(
            code=ADDRESS,
            label=_("届け先入力待ち"),
            freed_by=_("ギフトの受取人が住所を入力すると、次の読込で解除されます。"),
        ),
        Block(
            code=AMOUNT,
            label=_("金額未確定"),
            freed_by=_("モールの管理画面で送料などを確定すると、次の読込で解除されます。"),
        ),
        Block(
            code=UNCONFIRMED,
            label=_("注文確認待ち"),
            freed_by=_("モールで注文確認が行われると、次の読込で解除されます。"),
        ),
        Block(
            code=PAYMENT,
            label=_("入金待ち"),
            freed_by=_("モールが支払いを確認すると、次の読込で解除されます。"),
            passable=True,
        ),
    )
}


def to_text(codes: Iterable[str]) -> str:
    """Join codes for `Order.mall_block`, each once, in the order of BLOCKS. Raises KeyError for an unknown one."""
    given = set(codes)
    unknown = given - BLOCKS.keys()
    if unknown:
        raise KeyError(f"not a mall block: {', '.join(sorted(unknown))}")
    return " ".join(code for code in BLOCKS if code in given)


def codes_in(text: str) -> tuple[str, ...]:
    """Split `Order.mall_block`."""
    return tuple(text.split())


def reasons(text: str) -> list[Block]:
    """Return the blocks of an order, the gravest first."""
    return [BLOCKS[code] for code in codes_in(text)]
