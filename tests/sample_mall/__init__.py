"""A second mall, as unlike Rakuten as its few calls allow: what docs/add-a-mall.md promises is kept true by adding it (tests/test_add_a_mall.py).

`channel/` and `simulator/` are what would be `channels_sample/` and `simulators/sample/`; they are no part of the product and are
registered nowhere. Both are small enough to be read first and copied.
"""
