"""Stand-ins for the world outside: mall, warehouse and mail. They run on the standard library and know nothing of the hub."""
