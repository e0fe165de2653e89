"""Pages of mail: what went and waits, templates, and where mail is sent from."""
