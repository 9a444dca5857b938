"""Disk into library and backlog: each root looked after, each file let settle."""
