"""The sample mall: the smallest adapter that keeps the laws of tests/contract."""
