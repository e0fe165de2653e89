"""One order that fills every field, as the mall would send it, and ways to change it."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from channels_rakuten.mapping.orders import order_from
from orders.channels import BadPayload, MallOrder
from simulators.rakuten.full_order import full_order

Model = dict[str, Any]
Read = Callable[..., MallOrder]
Refuse = Callable[..., BadPayload]


@pytest.fixture
def full() -> Model:
    return full_order()


@pytest.fixture
def plain(full: Model) -> Model:
    """The full order made ordinary: no wishes, no gift, one destination with one line, card, ready to ship."""
    model = deepcopy(full)
    model.update(
        orderType=1, socialGiftFlag=0, giftCheckFlag=0, deliveryDate=None, shippingTerm=None, remarks="", asurakuFlag=0,
        deliveryCertPrgFlag=0, oneDayOperationFlag=0, WrappingModel1=None, WrappingModel2=None, CouponModelList=None,
        couponAllTotalPrice=0, couponShopPrice=0, couponOtherPrice=0, PointModel={"usedPoint": 0}, DueDateModelList=[],
        PackageModelList=model["PackageModelList"][:1],
    )  # fmt: skip
    package = model["PackageModelList"][0]
    package.update(
        SocialGiftModel=None, DeliveryCvsModel=None, ItemModelList=package["ItemModelList"][:1], ShippingModelList=[]
    )
    return model


def sent(model: Model) -> bytes:
    return json.dumps(model, ensure_ascii=False, separators=(",", ":")).encode()


def read(model: Model, **changes: Any) -> MallOrder:
    found = order_from(sent({**model, **changes}))
    assert isinstance(found, MallOrder), found
    return found


def refused(model: Model, **changes: Any) -> BadPayload:
    found = order_from(sent({**model, **changes}))
    assert isinstance(found, BadPayload), found
    return found
