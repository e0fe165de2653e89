"""Mail by the API: templates, messages, and letting held ones go."""
