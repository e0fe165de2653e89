"""Pure translation between RMS's JSON and the hub's words: payloads and orders in, reports out."""
