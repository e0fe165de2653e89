"""What the core's pages ask for; forms clean, operations write."""
