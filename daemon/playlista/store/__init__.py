"""Everything remembered: one SQLite file, one writer."""
