"""A small mall that speaks XML: one shop, cursor pages, one order a call, its own status words. What it promises is in README.md."""
