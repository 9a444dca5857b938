"""Models that listen: where they come from, and how they run."""
