"""Everything that changes orders. Each function takes a set of orders and passes the one door (`door.py`).

Files are by subject: status, labels (tags and memo), holds, edits, parcels, shipments, leaving (cancel, delete, take back), undo.
"""
