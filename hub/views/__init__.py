"""Pages of the platform: signing in, one's account, people and tokens of a tenant, the switch. Orders' pages are in `orders/views`."""
