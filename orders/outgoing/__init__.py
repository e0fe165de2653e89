"""What is said to malls: confirm, report a shipment, cancel. Each is a handler of effects (`hub/effects/handlers.py`)."""
