"""Retention (promise G31): persons of finished orders leave after the tenant's days, wherever they stand; the skeleton stays.

`places` names every column of every table and what becomes of it, `due` says which orders, `erasing` does a chunk, `running` the night.
"""
