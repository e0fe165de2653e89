"""The core's part of the REST API: orders and acts over them, parcels, shops, the tenant's vocabulary, products, batches."""
