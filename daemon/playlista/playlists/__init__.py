"""Which tracks belong together, in what order, and what changed. Pure."""
