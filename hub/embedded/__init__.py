"""A private PostgreSQL and a private Valkey for development, tests and the demo: no docker, no system service, no root.

Nothing here knows Django; it must run before settings are read.
"""
