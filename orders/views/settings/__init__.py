"""Pages where shops, steps, labels, tasks and products are set. Each view translates, makes one call, and translates the result."""
