"""The platform: knows tenants, knows no order."""
