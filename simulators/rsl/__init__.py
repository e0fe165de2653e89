"""The simulated warehouse: a small RSL (楽天スーパーロジスティクス) with requests by reference, results in the evening and withdrawals."""

from simulators.rsl.app import RslWarehouse

__all__ = ["RslWarehouse"]
