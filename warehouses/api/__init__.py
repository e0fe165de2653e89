"""Warehouses by the API: accounts, requests, withdrawals, and shipments recorded."""
