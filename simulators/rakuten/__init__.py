"""A simulated Rakuten mall: the order API of RMS as far as an order's journey touches it, over a business clock."""

from simulators.rakuten.mall import RakutenMall

__all__ = ["RakutenMall"]
