"""How the expected errors of warehouses read as problems. Loaded by `WarehousesConfig.ready`."""

from hub.problems import Problem, teach
from warehouses.operations import CannotRequest

teach(CannotRequest, lambda e: Problem(code=e.reason))
