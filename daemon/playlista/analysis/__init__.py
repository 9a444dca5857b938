"""One track from file to facts, run inside a worker."""
