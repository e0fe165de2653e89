"""Reference data that the simulators draw from."""
