"""The one door for orders from malls: one answer (up to 100 orders) is saved in one transaction; what the database refuses is saved
one order at a time, so that a bad order stops only itself (promise G3). No mail, no rule, no push: those follow from the rows."""

from orders.intake.save import Saved, save_mall_orders

__all__ = ["Saved", "save_mall_orders"]
